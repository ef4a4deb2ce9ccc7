//! The release binary in a process of its own: its memory and its processor time are its own then.

use crate::machine;
use anyhow::{Context as _, ensure};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_liveness");

/// A running service with a data directory of its own.
pub(crate) struct Service {
    process: Child,
    address: SocketAddr,
    key: String,
    data: TempDir,
}

impl Service {
    /// Starts one on a free port, with an API key and defaults otherwise.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let data = scratch()?;
        let key = key(data.path())?;
        let mut process = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path())
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .context(BINARY)?;
        let mut line = String::new();
        let out = process.stdout.take().context("no stdout")?;
        BufReader::new(out).read_line(&mut line)?;
        let (_, address) = line.trim().split_once("http://").context("the service did not start")?;
        Ok(Self { address: address.parse()?, process, key, data })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// File of its event log.
    pub(crate) fn log(&self) -> PathBuf {
        self.data.path().join("events.db")
    }

    /// Processor time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        machine::cpu(&self.process.id().to_string())
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        machine::resident(&self.process.id().to_string())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already where these fail.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder that goes when it is dropped, on the disk that holds the build: `/tmp` may be memory, whose flushes are free.
pub(crate) fn scratch() -> anyhow::Result<TempDir> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

fn key(data: &Path) -> anyhow::Result<String> {
    let made = Command::new(BINARY)
        .args(["keys", "create", "--name", "bench", "--data-dir"])
        .arg(data)
        .stderr(Stdio::inherit())
        .output()
        .context(BINARY)?;
    ensure!(made.status.success(), "no API key was made");
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}
