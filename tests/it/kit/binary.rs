use super::prepare;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_liveness");

/// `liveness serve` as a process of its own.
pub(crate) struct Service {
    child: Child,
    out: BufReader<ChildStdout>,
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
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let told = || std::fs::read_to_string(dir.join("service.log")).unwrap();
        let address = listens(&mut out).unwrap_or_else(|| panic!("it does not start: {}", told()));
        Self { child, out, address }
    }

    /// Where its log is served: it says so after where it listens itself.
    pub(crate) fn log_address(&mut self) -> SocketAddr {
        listens(&mut self.out).unwrap()
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

/// The address that the next line names.
fn listens(out: &mut impl BufRead) -> Option<SocketAddr> {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    line.trim().rsplit('/').next()?.split('?').next()?.parse().ok()
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
