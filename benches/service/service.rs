//! A service, and a log that is served alone.

use crate::process::{Process, key, scratch};
use anyhow::Context as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A running service with a data directory of its own.
pub(crate) struct Service {
    process: Process,
    key: String,
    data: TempDir,
}

impl Service {
    /// Starts one on a free port, with an API key and defaults otherwise.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::with(&[])
    }

    /// The same with these flags.
    pub(crate) fn with(flags: &[&str]) -> anyhow::Result<Self> {
        let data = scratch()?;
        let key = key(data.path())?;
        Ok(Self { process: serve(data.path(), flags)?, key, data })
    }

    /// Starts one whose log is this one.
    pub(crate) fn over(log: &LogServer) -> anyhow::Result<Self> {
        let data = scratch()?;
        let path = |name: &str| data.path().join(name).into_os_string().into_string();
        let [master, images, keys] = ["given.key", "images", "keys-of-images"]
            .map(|name| path(name).map_err(|_| anyhow::anyhow!("the path of the build is no text")));
        let (master, images, keys) = (master?, images?, keys?);
        fs::write(&master, [7; 32])?;
        let process = serve(
            data.path(),
            &[
                "--event-store",
                &log.connection_string(),
                "--master-key-file",
                &master,
                "--image-store",
                &images,
                "--image-key-store",
                &keys,
            ],
        )?;
        Ok(Self { process, key: log.key.clone().context("the log has no API key")?, data })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.process.address()
    }

    /// The API key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// File of its event log, where that is embedded.
    pub(crate) fn log(&self) -> PathBuf {
        self.data.path().join("events.db")
    }

    /// Processor time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.process.cpu()
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        self.process.resident()
    }
}

fn serve(data: &Path, flags: &[&str]) -> anyhow::Result<Process> {
    Process::start(data, &[&["serve", "--listen", "127.0.0.1:0"], flags].concat())
}

/// `liveness log serve`: an embedded log behind the wire face, without TLS.
pub(crate) struct LogServer {
    process: Process,
    key: Option<String>,
    data: TempDir,
}

/// To be read by anybody, on a free port.
const SERVE_LOG: [&str; 5] = ["log", "serve", "--esdb-listen", "127.0.0.1:0", "--esdb-insecure"];

impl LogServer {
    /// A new log that anybody may append to, with an API key in it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let data = scratch()?;
        let key = Some(key(data.path())?);
        let process = Process::start(data.path(), &[&SERVE_LOG[..], &["--esdb-write"]].concat())?;
        Ok(Self { process, key, data })
    }

    /// The log of a data directory, to be read alone.
    pub(crate) fn of(data: TempDir) -> anyhow::Result<Self> {
        Ok(Self { process: Process::start(data.path(), &SERVE_LOG)?, key: None, data })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.process.address()
    }

    /// As clients of EventStoreDB take it.
    pub(crate) fn connection_string(&self) -> String {
        format!("esdb://{}?tls=false", self.address())
    }

    /// File of the log.
    pub(crate) fn file(&self) -> PathBuf {
        self.data.path().join("events.db")
    }

    /// Processor time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.process.cpu()
    }
}
