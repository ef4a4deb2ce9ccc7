use crate::kit::GUARD;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

/// A client of EventStoreDB that was written elsewhere, and a program that audits with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// PyPI `kurrentdbclient`.
    Python,
    /// npm `@kurrent/kurrentdb-client`.
    Node,
    /// The crate `eventstore`.
    Eventstore,
    /// The crate `kurrentdb`.
    Kurrentdb,
}

impl Client {
    pub(super) const ALL: [Self; 4] = [Self::Python, Self::Node, Self::Eventstore, Self::Kurrentdb];

    /// Whether it can read `$all` by prefix; who cannot reads all there is.
    pub(super) fn filters_reads(self) -> bool {
        self != Self::Eventstore
    }

    /// What it calls the error of one who may not append.
    pub(super) const fn denied(self) -> &'static str {
        match self {
            Self::Python | Self::Node => "AccessDeniedError",
            Self::Eventstore | Self::Kurrentdb => "AccessDenied",
        }
    }

    /// What it calls the error of an append to a stream that is elsewhere.
    pub(super) const fn wrong_version(self) -> &'static str {
        match self {
            Self::Python => "WrongCurrentVersionError",
            Self::Node => "WrongExpectedVersionError",
            Self::Eventstore | Self::Kurrentdb => "WrongExpectedVersion",
        }
    }

    fn command(self) -> Command {
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let run = |program: PathBuf, script: Option<PathBuf>| {
            let told = "is not there: run `make tools` and `cargo build -p liveness-clients --examples`";
            assert!(program.is_file(), "{} {told}", program.display());
            let mut command = Command::new(program);
            command.args(script);
            command
        };
        match self {
            Self::Python => {
                run(clients.join("python/.venv/bin/python"), Some(clients.join("python/audit.py")))
            }
            Self::Node => {
                let mut command = Command::new("node");
                command.arg(clients.join("node/audit.js"));
                command
            }
            Self::Eventstore => run(example("audit_with_eventstore"), None),
            Self::Kurrentdb => run(example("audit_with_kurrentdb"), None),
        }
    }

    /// Runs the program to its good end and returns what it tells.
    pub(super) fn run(self, log: &str, arguments: &[&str]) -> Vec<Value> {
        let mut running = self.start(log, arguments);
        let told = std::iter::from_fn(|| running.next()).collect();
        let end = running.child.wait().unwrap();
        assert!(end.success(), "{self:?} {arguments:?}: {end}\n{}", running.errors());
        told
    }

    pub(super) fn start(self, log: &str, arguments: &[&str]) -> Running {
        let (errors, kept) = tempfile::NamedTempFile::new().unwrap().into_parts();
        let mut child = self
            .command()
            .args(arguments)
            .env("LIVENESS_LOG", log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        // Ends when the program does.
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Running { client: self, child, told, errors: kept }
    }
}

/// Where cargo puts the examples of the workspace that it tests.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_liveness")).parent().unwrap().join("examples").join(name)
}

/// A program that runs; it is ended with this.
pub(super) struct Running {
    client: Client,
    child: Child,
    told: mpsc::Receiver<String>,
    errors: tempfile::TempPath,
}

impl Running {
    /// What it tells next; nothing when it has ended.
    pub(super) fn next(&mut self) -> Option<Value> {
        match self.told.recv_timeout(GUARD) {
            Ok(line) => Some(serde_json::from_str(&line).unwrap()),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                panic!("{:?} tells nothing\n{}", self.client, self.errors())
            }
        }
    }

    /// What it tells until it has told so many things of this kind, kind by kind.
    pub(super) fn until(&mut self, kinds: &[(&str, usize)]) -> Vec<Vec<Value>> {
        let mut told: Vec<Vec<Value>> = vec![vec![]; kinds.len()];
        while kinds.iter().zip(&told).any(|((_, count), told)| told.len() < *count) {
            let next = self.next().unwrap_or_else(|| panic!("{:?} ended\n{}", self.client, self.errors()));
            let kind = kinds.iter().position(|(kind, _)| next["following"] == **kind).unwrap();
            told[kind].push(next);
        }
        told
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
