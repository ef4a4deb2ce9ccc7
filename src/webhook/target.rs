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
mod tests;
