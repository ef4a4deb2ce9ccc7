//! How the wire face is served.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// How the wire face is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireSettings {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where clients find it; `None`: where it listens.
    pub advertise: Option<Advertised>,
    /// Whether holders of a key of scope `node` may append.
    pub write: bool,
    /// Who is let in, and how.
    pub security: Security,
    /// File of the persistent subscriptions, held by one process at a time; `None`: they are forgotten when the
    /// server stops.
    pub groups: Option<PathBuf>,
}

/// Who is let in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// Holders of API keys, over TLS.
    Tls {
        /// PEM file of the certificate and those that vouch for it.
        certificate: PathBuf,
        /// PEM file of its private key.
        key: PathBuf,
    },
    /// Everybody, without TLS.
    Insecure,
}

/// An address for clients: a host as they resolve it, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertised {
    /// Name or address, an IPv6 one without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl FromStr for Advertised {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no HOST:PORT");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(address) => address,
            None if host.contains(':') => return Err(wrong()),
            None => host,
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@') {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl From<SocketAddr> for Advertised {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_clients_is_a_host_and_a_port() {
        for (text, host, port) in [("log.example:2113", "log.example", 2113), ("[::1]:1", "::1", 1)] {
            assert_eq!(text.parse(), Ok(Advertised { host: host.to_owned(), port }));
        }
        for wrong in ["host", ":1", "host:", "host:0", "host:70000", "::1:2", "http://host:1", "a b:1"] {
            assert!(wrong.parse::<Advertised>().is_err(), "{wrong}");
        }
    }
}
