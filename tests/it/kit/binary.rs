use super::prepare;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_liveness");

/// `liveness serve` as a process of its own.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Service {
    pub(crate) fn start(dir: &Path) -> Self {
        Self::with(dir, &[], &[])
    }

    /// One with these flags and variables besides.
    pub(crate) fn with(dir: &Path, flags: &[&str], variables: &[(&str, String)]) -> Self {
        prepare();
        let serve = ["serve", "--listen", "127.0.0.1:0", "--threads", "2", "--allow-private-webhooks"];
        Self::spawn(dir, &[&serve[..], flags].concat(), variables)
    }

    /// `liveness log serve`: the log alone, to be written to by anybody.
    pub(crate) fn start_log(dir: &Path, address: &str) -> Self {
        let serve = ["log", "serve", "--esdb-listen", address, "--esdb-insecure", "--esdb-write"];
        Self::spawn(dir, &serve, &[])
    }

    /// A command that says where it listens.
    fn spawn(dir: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Self {
        let errors =
            std::fs::File::options().create(true).append(true).open(dir.join("service.log")).unwrap();
        let mut child = command(dir, arguments)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().split("://").last().and_then(|rest| rest.split('?').next()?.parse().ok());
        let told = || std::fs::read_to_string(dir.join("service.log")).unwrap();
        Self { address: address.unwrap_or_else(|| panic!("it does not start: {}", told())), child }
    }

    /// Ends it without a warning, as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Resident memory in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs `liveness keys …` and returns what it prints.
pub(crate) fn keys(dir: &Path, arguments: &[&str]) -> String {
    let ran = run(dir, &[&["keys"], arguments].concat());
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// Runs a command on a data directory.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> Output {
    run_with(dir, arguments, &[])
}

/// Runs a command on a data directory with these variables.
pub(crate) fn run_with(dir: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Output {
    let variables = variables.iter().map(|(name, value)| (name, value));
    command(dir, arguments).envs(variables).output().unwrap()
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(dir).args(arguments).arg("--data-dir").arg(dir);
    command
}
