//! The release binary in a process of its own: its memory and its processor time are its own then.

use crate::machine;
use anyhow::{Context as _, ensure};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_liveness");

/// A command that serves until it is dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts a command on a data directory, and waits until it says where it listens.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = command(data, arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .context(BINARY)?;
        let out = child.stdout.take().context("no stdout")?;
        // From here on it ends whatever happens.
        let mut process = Self { child, address: ([0, 0, 0, 0], 0).into() };
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let (_, address) = line.trim().rsplit_once("://").context("the service did not start")?;
        process.address = address.split('?').next().unwrap_or(address).parse()?;
        Ok(process)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Processor time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        machine::cpu(&self.child.id().to_string())
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        machine::resident(&self.child.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where these fail.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command on a data directory.
pub(crate) fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).arg("--data-dir").arg(data);
    command
}

/// Makes an API key in a data directory.
pub(crate) fn key(data: &Path) -> anyhow::Result<String> {
    let made = command(data, &["keys", "create", "--name", "bench"])
        .stderr(Stdio::inherit())
        .output()
        .context(BINARY)?;
    ensure!(made.status.success(), "no API key was made");
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

/// A folder that goes when it is dropped, on the disk that holds the build: `/tmp` may be memory, whose flushes are free.
pub(crate) fn scratch() -> anyhow::Result<TempDir> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}
