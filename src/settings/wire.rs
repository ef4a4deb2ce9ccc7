//! Settings of the wire face: the log over EventStoreDB's protocol.

use crate::event_log::wire::{Advertised, Security, WireSettings};
use anyhow::{bail, ensure};
use clap::Args;
use clap::builder::BoolishValueParser;
use std::net::SocketAddr;
use std::path::PathBuf;

/// How the log is served to EventStoreDB's clients.
#[derive(Debug, Clone, Args)]
pub struct WireArgs {
    /// Serve the event log to clients of `EventStoreDB` on this address; port 0 takes a free one
    #[arg(long, env = "LIVENESS_ESDB_LISTEN", value_name = "ADDRESS")]
    pub esdb_listen: Option<SocketAddr>,
    /// Where such clients find it, as gossip tells them [default: the address listened on]
    #[arg(long, env = "LIVENESS_ESDB_ADVERTISE", value_name = "HOST:PORT")]
    pub esdb_advertise: Option<Advertised>,
    /// Let such clients append, with a key of the scope `node`
    #[arg(long, env = "LIVENESS_ESDB_WRITE", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    pub esdb_write: bool,
    /// PEM file of the certificate for such clients, with those that vouch for it
    #[arg(long, env = "LIVENESS_ESDB_TLS_CERT", value_name = "FILE")]
    pub esdb_tls_cert: Option<PathBuf>,
    /// PEM file of its private key
    #[arg(long, env = "LIVENESS_ESDB_TLS_KEY", value_name = "FILE")]
    pub esdb_tls_key: Option<PathBuf>,
    /// Serve such clients without TLS, and without asking who they are: for development
    #[arg(long, env = "LIVENESS_ESDB_INSECURE", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    pub esdb_insecure: bool,
}

impl WireArgs {
    /// How the log is to be served; `None` where it is not.
    ///
    /// # Errors
    /// When the flags contradict each other, or one is missing.
    pub fn settings(&self) -> anyhow::Result<Option<WireSettings>> {
        match self.esdb_listen {
            Some(listen) => self.settings_on(listen).map(Some),
            None => {
                ensure!(!self.is_told_how(), "--esdb-listen: is missing beside the other --esdb flags");
                Ok(None)
            }
        }
    }

    /// How the log is to be served on `listen`.
    ///
    /// # Errors
    /// When the flags contradict each other, or one is missing.
    pub fn settings_on(&self, listen: SocketAddr) -> anyhow::Result<WireSettings> {
        let security = match (&self.esdb_tls_cert, &self.esdb_tls_key, self.esdb_insecure) {
            (Some(certificate), Some(key), false) => {
                Security::Tls { certificate: certificate.clone(), key: key.clone() }
            }
            (None, None, true) => Security::Insecure,
            (_, _, true) => bail!("--esdb-insecure: takes no --esdb-tls-cert and no --esdb-tls-key"),
            (_, _, false) => bail!(
                "--esdb-tls-cert and --esdb-tls-key: both are needed (or --esdb-insecure, for neither TLS nor \
                 authentication)"
            ),
        };
        Ok(WireSettings {
            listen,
            advertise: self.esdb_advertise.clone(),
            write: self.esdb_write,
            security,
            groups: None,
        })
    }

    const fn is_told_how(&self) -> bool {
        self.esdb_advertise.is_some()
            || self.esdb_write
            || self.esdb_tls_cert.is_some()
            || self.esdb_tls_key.is_some()
            || self.esdb_insecure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        wire: WireArgs,
    }

    fn settings(flags: &[&str]) -> anyhow::Result<Option<WireSettings>> {
        Line::try_parse_from(["x"].iter().chain(flags))?.wire.settings()
    }

    #[test]
    fn nothing_is_served_unless_told() {
        assert_eq!(settings(&[]).unwrap(), None);
    }

    #[test]
    fn security_is_chosen_and_never_by_leaving_something_out() {
        let on = ["--esdb-listen", "127.0.0.1:0"];
        let with = |flags: &[&str]| settings(&[&on[..], flags].concat());
        assert_eq!(with(&["--esdb-insecure"]).unwrap().unwrap().security, Security::Insecure);
        let tls = with(&["--esdb-tls-cert", "c", "--esdb-tls-key", "k", "--esdb-write"]).unwrap().unwrap();
        assert_eq!(tls.security, Security::Tls { certificate: "c".into(), key: "k".into() });
        assert!(tls.write);
        for wrong in [
            &[][..],
            &["--esdb-tls-cert", "c"],
            &["--esdb-tls-key", "k"],
            &["--esdb-insecure", "--esdb-tls-cert", "c"],
        ] {
            assert!(with(wrong).unwrap_err().to_string().contains("--esdb-"), "{wrong:?}");
        }
        for alone in [&["--esdb-write"][..], &["--esdb-insecure"], &["--esdb-advertise", "a:1"]] {
            assert!(settings(alone).unwrap_err().to_string().contains("--esdb-listen"), "{alone:?}");
        }
    }
}
