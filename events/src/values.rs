//! Values that cannot be wrong: parsed once, at the edge.

use std::fmt;
use std::time::Duration;
use thiserror::Error;
use url::{Host, Url};

/// Why a value was not taken; the text says what would be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// The cutoff above which a check is passed: 0 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold(u8);

impl Threshold {
    /// What a check gets that asks for none.
    pub const DEFAULT: Self = Self(70);

    /// Takes 0 to 99.
    ///
    /// # Errors
    /// When `value` is outside.
    pub fn new(value: i64) -> Result<Self, Invalid> {
        in_range(value, 0, 99).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How long a link can be used: 5 to 30 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkValidity(u8);

impl LinkValidity {
    /// What a check gets that asks for none.
    pub const DEFAULT: Self = Self(10);

    /// Takes 5 to 30 minutes.
    ///
    /// # Errors
    /// When `minutes` is outside.
    pub fn minutes(minutes: i64) -> Result<Self, Invalid> {
        in_range(minutes, 5, 30).map(Self)
    }

    /// As a time.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64 * 60)
    }
}

/// How many audit images are kept beside the probe: 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditImages(u8);

impl AuditImages {
    /// What a check gets that asks for none.
    pub const DEFAULT: Self = Self(0);

    /// Takes 0 to 4.
    ///
    /// # Errors
    /// When `count` is outside.
    pub fn new(count: i64) -> Result<Self, Invalid> {
        in_range(count, 0, 4).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

fn in_range(value: i64, least: u8, most: u8) -> Result<u8, Invalid> {
    u8::try_from(value)
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| Invalid(format!("must be a whole number from {least} to {most}")))
}

/// The longest address that is taken, in bytes; what browsers and proxies carry without trouble.
pub const MAX_URL_BYTES: usize = 2048;

/// Where the person is sent at the end: https, or http to this machine for development.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnUrl(Url);

impl ReturnUrl {
    /// Parses and checks an address.
    ///
    /// # Errors
    /// When it is too long, no address, has a user name, or is http to another machine.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let url = parse_web_address(text)?;
        if url.scheme() == "http" && !is_localhost(&url) {
            return Err(Invalid("must begin with https:// (http:// is taken for localhost alone)".into()));
        }
        Ok(Self(url))
    }

    /// The address.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.0
    }

    /// The address with `lc_token`, and `error` where there was one, added to its own query.
    #[must_use]
    pub fn with_outcome(&self, token: &str, error: Option<&str>) -> Url {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair("lc_token", token).extend_pairs(error.map(|code| ("error", code)));
        url
    }
}

impl fmt::Display for ReturnUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Parses an http or https address without a user name.
///
/// # Errors
/// When it is none.
pub fn parse_web_address(text: &str) -> Result<Url, Invalid> {
    if text.len() > MAX_URL_BYTES {
        return Err(Invalid(format!("must be at most {MAX_URL_BYTES} bytes long")));
    }
    let url = Url::parse(text).map_err(|error| {
        Invalid(format!("must be an absolute web address such as https://example.com/return ({error})"))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Invalid("must begin with https://".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Invalid("must not hold a user name or a password".into()));
    }
    Ok(url)
}

fn is_localhost(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive() {
        for (value, taken) in [(-1, false), (0, true), (99, true), (100, false), (i64::MAX, false)] {
            assert_eq!(Threshold::new(value).is_ok(), taken, "{value}");
        }
        for (value, taken) in [(4, false), (5, true), (30, true), (31, false)] {
            assert_eq!(LinkValidity::minutes(value).is_ok(), taken, "{value}");
        }
        for (value, taken) in [(-1, false), (0, true), (4, true), (5, false)] {
            assert_eq!(AuditImages::new(value).is_ok(), taken, "{value}");
        }
    }

    #[test]
    fn return_addresses() {
        for good in
            ["https://example.com/x?y=1#z", "http://localhost:3000/", "http://127.0.0.1:9/a", "http://[::1]/"]
        {
            assert!(ReturnUrl::parse(good).is_ok(), "{good}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL_BYTES));
        for bad in [
            "",
            "/return",
            "http://example.com/",
            "javascript:alert(1)",
            "ftp://example.com/",
            "https://u:p@example.com/",
            "http://localhost.evil.com/",
            &long,
        ] {
            assert!(ReturnUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn own_query_and_fragment_are_kept() {
        let url = ReturnUrl::parse("https://example.com/r?a=1&b=%20#frag").unwrap();
        assert_eq!(url.with_outcome("T", None).as_str(), "https://example.com/r?a=1&b=%20&lc_token=T#frag");
        assert_eq!(
            url.with_outcome("T", Some("expired")).as_str(),
            "https://example.com/r?a=1&b=%20&lc_token=T&error=expired#frag"
        );
    }
}
