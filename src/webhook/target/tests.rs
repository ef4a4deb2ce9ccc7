use proptest::prelude::*;

use super::*;

fn judge(url: &str) -> Result<(), UrlRefusal> {
    check_url(&Url::parse(url).unwrap(), TargetPolicy::PublicOnly)
}

fn judge_allowing_private(url: &str) -> Result<(), UrlRefusal> {
    check_url(&Url::parse(url).unwrap(), TargetPolicy::AllowPrivate)
}

/// The first and last address of each range, and forms of writing that hide one.
const REFUSED: &[(&str, AddressClass)] = &[
    ("0.0.0.0", AddressClass::Unspecified),
    ("0.255.255.255", AddressClass::Unspecified),
    ("10.0.0.0", AddressClass::Private),
    ("10.255.255.255", AddressClass::Private),
    ("100.64.0.0", AddressClass::SharedNat),
    ("100.100.100.200", AddressClass::SharedNat),
    ("100.127.255.255", AddressClass::SharedNat),
    ("127.0.0.1", AddressClass::Loopback),
    ("127.255.255.255", AddressClass::Loopback),
    ("127.1", AddressClass::Loopback),
    ("127.0.0.1.", AddressClass::Loopback),
    ("2130706433", AddressClass::Loopback),
    ("0x7f000001", AddressClass::Loopback),
    ("0x7f.1", AddressClass::Loopback),
    ("0177.0.0.1", AddressClass::Loopback),
    ("017700000001", AddressClass::Loopback),
    ("%31%32%37.0.0.1", AddressClass::Loopback),
    ("１２７.0.0.1", AddressClass::Loopback),
    ("127。0。0。1", AddressClass::Loopback),
    ("169.254.0.0", AddressClass::LinkLocal),
    ("169.254.169.254", AddressClass::LinkLocal),
    ("169.254.170.2", AddressClass::LinkLocal),
    ("0xa9fea9fe", AddressClass::LinkLocal),
    ("172.16.0.0", AddressClass::Private),
    ("172.31.255.255", AddressClass::Private),
    ("168.63.129.16", AddressClass::CloudMetadata),
    ("192.0.0.0", AddressClass::Reserved),
    ("192.0.0.192", AddressClass::Reserved),
    ("192.0.2.1", AddressClass::Documentation),
    ("192.88.99.1", AddressClass::Tunnel),
    ("192.168.0.0", AddressClass::Private),
    ("192.168.255.255", AddressClass::Private),
    ("198.18.0.0", AddressClass::Reserved),
    ("198.19.255.255", AddressClass::Reserved),
    ("198.51.100.1", AddressClass::Documentation),
    ("203.0.113.1", AddressClass::Documentation),
    ("224.0.0.1", AddressClass::Multicast),
    ("239.255.255.255", AddressClass::Multicast),
    ("240.0.0.1", AddressClass::Reserved),
    ("255.255.255.254", AddressClass::Reserved),
    ("255.255.255.255", AddressClass::Broadcast),
    ("[::]", AddressClass::Unspecified),
    ("[::1]", AddressClass::Loopback),
    ("[::7f00:1]", AddressClass::Reserved),
    ("[::ffff:127.0.0.1]", AddressClass::Loopback),
    ("[::ffff:10.0.0.1]", AddressClass::Private),
    ("[::ffff:a9fe:a9fe]", AddressClass::LinkLocal),
    ("[::ffff:0:127.0.0.1]", AddressClass::Reserved),
    ("[64:ff9b::127.0.0.1]", AddressClass::Loopback),
    ("[64:ff9b::169.254.169.254]", AddressClass::LinkLocal),
    ("[64:ff9b::192.168.1.1]", AddressClass::Private),
    ("[64:ff9b:1::1]", AddressClass::Reserved),
    ("[100::1]", AddressClass::Reserved),
    ("[2001::1]", AddressClass::Tunnel),
    ("[2001:2::1]", AddressClass::Reserved),
    ("[2001:1ff::1]", AddressClass::Reserved),
    ("[2001:db8::1]", AddressClass::Documentation),
    ("[2002:7f00:1::1]", AddressClass::Tunnel),
    ("[2002:c0a8:101::1]", AddressClass::Tunnel),
    ("[3fff::1]", AddressClass::Documentation),
    ("[3fff:fff::1]", AddressClass::Documentation),
    ("[4000::1]", AddressClass::Reserved),
    ("[5f00::1]", AddressClass::Reserved),
    ("[fc00::1]", AddressClass::UniqueLocal),
    ("[fd00:ec2::254]", AddressClass::UniqueLocal),
    ("[fd20:ce::254]", AddressClass::UniqueLocal),
    ("[fe80::1]", AddressClass::LinkLocal),
    ("[febf::1]", AddressClass::LinkLocal),
    ("[fec0::1]", AddressClass::Reserved),
    ("[ff02::1]", AddressClass::Multicast),
];

#[test]
fn addresses_inside_are_refused_however_they_are_written() {
    for (host, class) in REFUSED {
        let url = format!("https://{host}/hook");
        assert_eq!(judge(&url), Err(UrlRefusal::Address(*class)), "{host}");
        assert_eq!(judge_allowing_private(&url), Ok(()), "{host}");
    }
}

#[test]
fn public_addresses_are_allowed_up_to_the_edge_of_each_range() {
    for host in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::8.8.8.8]",
        "[2000::1]",
        "[2001:200::1]",
        "[2001:db7::1]",
        "[2001:db9::1]",
        "[2003::1]",
        "[2606:4700::1]",
        "[3fff:1000::1]",
    ] {
        assert_eq!(judge(&format!("https://{host}/hook")), Ok(()), "{host}");
    }
}

#[test]
fn local_names_are_refused_with_what_is_below_them() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.b.localhost",
        "printer.local",
        "metadata.google.internal",
        "metadata.google.internal.",
        "nas.home.arpa",
    ] {
        let url = format!("https://{host}/");
        assert_eq!(judge(&url), Err(UrlRefusal::LocalName), "{host}");
        assert_eq!(judge_allowing_private(&url), Ok(()), "{host}");
    }
    for host in ["example.com", "notlocalhost", "localhost.example.com", "mylocal", "arpa"] {
        assert_eq!(judge(&format!("https://{host}/")), Ok(()), "{host}");
    }
}

#[test]
fn only_https_and_no_userinfo() {
    assert_eq!(judge("https://example.com:8443/hook?a=b"), Ok(()));
    assert_eq!(judge("http://example.com/"), Err(UrlRefusal::PlainHttp));
    assert_eq!(judge_allowing_private("http://example.com/"), Ok(()));
    for scheme in ["ftp://example.com/", "file:///etc/passwd", "data:,x", "ws://example.com/"] {
        assert_eq!(judge(scheme), Err(UrlRefusal::Scheme), "{scheme}");
        assert_eq!(judge_allowing_private(scheme), Err(UrlRefusal::Scheme), "{scheme}");
    }
    for userinfo in ["https://u@example.com/", "https://u:p@example.com/", "https://:p@example.com/"] {
        assert_eq!(judge(userinfo), Err(UrlRefusal::Userinfo), "{userinfo}");
        assert_eq!(judge_allowing_private(userinfo), Err(UrlRefusal::Userinfo), "{userinfo}");
    }
}

#[test]
fn refusals_read_as_sentences() {
    let refusal = UrlRefusal::Address(AddressClass::LinkLocal);
    assert_eq!(refusal.to_string(), "the host is a link-local address");
}

proptest! {
    #[test]
    fn an_embedded_address_is_judged_as_itself(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        let nat64 = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | u128::from(bits));
        let expected = classify(IpAddr::V4(address));
        prop_assert_eq!(classify(IpAddr::V6(address.to_ipv6_mapped())), expected);
        prop_assert_eq!(classify(IpAddr::V6(nat64)), expected);
    }

    #[test]
    fn what_the_standard_library_calls_local_is_never_public(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        let local = address.is_private() || address.is_loopback() || address.is_link_local()
            || address.is_multicast() || address.is_broadcast() || address.is_documentation()
            || address.is_unspecified();
        prop_assert!(!local || classify(IpAddr::V4(address)).is_some());
    }
}
