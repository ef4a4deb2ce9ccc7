//! Decides which URLs and addresses a webhook may be sent to.
//!
//! A webhook URL is chosen by somebody outside, and called from inside: without a guard it opens the operator's network
//! (server-side request forgery). The guard has two halves. [`check_url`] judges what a URL itself says, for the API to
//! refuse at once. [`classify`] judges an address, and the client asks it about every address that the DNS gave, on the
//! way to the connection, so that no second look-up can give another.
//!
//! Allowed is what is known to be public; all else is refused, also what is not yet assigned. What cannot be known from
//! an address stays the operator's: public addresses routed inside, and NAT64 prefixes of a network's own choice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

/// Which targets the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetPolicy {
    /// Only `https`, only public addresses.
    #[default]
    PublicOnly,
    /// Any address, and plain `http` as well: for development and closed networks (`--allow-private-webhooks`).
    AllowPrivate,
}

/// Why a URL cannot be a webhook's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlRefusal {
    /// The scheme is neither `https` nor `http`.
    #[error("only https URLs are called")]
    Scheme,
    /// The scheme is `http`, which only [`TargetPolicy::AllowPrivate`] allows.
    #[error("plain http is not allowed, only https")]
    PlainHttp,
    /// The URL has a user name or password, which would end up in logs.
    #[error("a URL with a user name or password is not allowed")]
    Userinfo,
    /// The URL names no host.
    #[error("the URL names no host")]
    NoHost,
    /// The host is a name that never means a public host, such as `localhost`.
    #[error("the host is a local name")]
    LocalName,
    /// The host is an address that is not public.
    #[error("the host is {0} address")]
    Address(AddressClass),
}

/// What an address is, when it is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// `0.0.0.0/8` and `::`: this host, or none.
    Unspecified,
    /// `127.0.0.0/8` and `::1`.
    Loopback,
    /// `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`.
    Private,
    /// `100.64.0.0/10`: behind a carrier's NAT.
    SharedNat,
    /// `169.254.0.0/16` and `fe80::/10`; the metadata services of most clouds are here.
    LinkLocal,
    /// `fc00::/7`.
    UniqueLocal,
    /// `224.0.0.0/4` and `ff00::/8`.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// Set aside for examples.
    Documentation,
    /// Metadata or platform service of a cloud at an address that looks public.
    CloudMetadata,
    /// `2002::/16` (6to4) and `2001::/32` (Teredo): obsolete tunnels that hide another address.
    Tunnel,
    /// Every other range that is reserved, or not assigned to anyone.
    Reserved,
}

impl std::fmt::Display for AddressClass {
    /// Writes the class with its article: "a private", "an unspecified".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "an unspecified",
            Self::Loopback => "a loopback",
            Self::Private => "a private",
            Self::SharedNat => "a shared (carrier NAT)",
            Self::LinkLocal => "a link-local",
            Self::UniqueLocal => "a unique-local",
            Self::Multicast => "a multicast",
            Self::Broadcast => "the broadcast",
            Self::Documentation => "a documentation",
            Self::CloudMetadata => "a cloud platform's",
            Self::Tunnel => "a tunnel",
            Self::Reserved => "a reserved",
        })
    }
}

/// Names that never belong to a public host, and everything below them (RFC 6761, 6762, 8375, 9476 and ICANN's `internal`).
const LOCAL_NAMES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "alt"];

/// Azure's platform service, which answers every virtual machine at a public-looking address.
const AZURE_WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Judges what a URL says by itself, without asking the DNS.
///
/// A URL that passes may still name a host that resolves to an address inside; the client judges that at the time of
/// the connection.
///
/// # Errors
///
/// The first [`UrlRefusal`] that applies.
pub fn check_url(url: &Url, policy: TargetPolicy) -> Result<(), UrlRefusal> {
    let private_allowed = policy == TargetPolicy::AllowPrivate;
    match url.scheme() {
        "https" => {}
        "http" if private_allowed => {}
        "http" => return Err(UrlRefusal::PlainHttp),
        _ => return Err(UrlRefusal::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlRefusal::Userinfo);
    }
    // The parser has already turned `0x7f.1`, `2130706433` and their like into addresses.
    let address = match url.host().ok_or(UrlRefusal::NoHost)? {
        Host::Domain(name) if !private_allowed && is_local_name(name) => return Err(UrlRefusal::LocalName),
        Host::Domain(_) => return Ok(()),
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
    };
    match classify(address) {
        Some(class) if !private_allowed => Err(UrlRefusal::Address(class)),
        _ => Ok(()),
    }
}

fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    LOCAL_NAMES.iter().any(|local| {
        name.strip_suffix(local).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// Says what is wrong with an address as a public target: nothing, when it is one.
///
/// An IPv4 address inside an IPv6 one (mapped, or behind the well-known NAT64 prefix, which DNS64 networks use for every
/// IPv4 host) is judged as that IPv4 address.
#[must_use]
pub fn classify(address: IpAddr) -> Option<AddressClass> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(address) => classify_v4(address),
            None => classify_v6(address),
        },
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<AddressClass> {
    use AddressClass as Class;
    if address == AZURE_WIRE_SERVER {
        return Some(Class::CloudMetadata);
    }
    // The registry of special-purpose addresses (IANA, RFC 6890), in the order of the numbers.
    match address.octets() {
        [0, ..] => Some(Class::Unspecified),
        [10, ..] => Some(Class::Private),
        [100, 64..=127, ..] => Some(Class::SharedNat),
        [127, ..] => Some(Class::Loopback),
        [169, 254, ..] => Some(Class::LinkLocal),
        [172, 16..=31, ..] => Some(Class::Private),
        [192, 0, 0, _] => Some(Class::Reserved),
        [192, 0, 2, _] => Some(Class::Documentation),
        [192, 88, 99, _] => Some(Class::Tunnel),
        [192, 168, ..] => Some(Class::Private),
        [198, 18..=19, ..] => Some(Class::Reserved),
        [198, 51, 100, _] | [203, 0, 113, _] => Some(Class::Documentation),
        [224..=239, ..] => Some(Class::Multicast),
        [255, 255, 255, 255] => Some(Class::Broadcast),
        [240..=255, ..] => Some(Class::Reserved),
        _ => None,
    }
}

fn classify_v6(address: Ipv6Addr) -> Option<AddressClass> {
    use AddressClass as Class;
    if address.is_unspecified() {
        return Some(Class::Unspecified);
    }
    if address.is_loopback() {
        return Some(Class::Loopback);
    }
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Some(Class::UniqueLocal),
        [0xfe80..=0xfebf, ..] => Some(Class::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Class::Multicast),
        [0x2001, 0, ..] | [0x2002, ..] => Some(Class::Tunnel),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some(Class::Documentation),
        // 2001::/23: protocol assignments, none of them a web server.
        [0x2001, 1..=0x01ff, ..] => Some(Class::Reserved),
        // 2000::/3 is all of the public unicast space.
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Class::Reserved),
    }
}

fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        // ::ffff:0:0/96, mapped, and 64:ff9b::/96, NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
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
}
