use super::{Api, assert_sound, keys, prepare};
use actix_web::dev::ServerHandle;
use clap::Parser;
use liveness::app::App;
use liveness::clock::Clock;
use liveness::settings::ServeArgs;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// The service in this process, on a thread and a port of its own, with a clock that can be set forward.
pub(crate) struct TestApp {
    /// A consumer with a key of both scopes.
    pub(crate) api: Api,
    clock: Clock,
    flags: Vec<String>,
    running: Option<Running>,
    dir: TempDir,
}

struct Running {
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serve: ServeArgs,
}

impl TestApp {
    /// One that may deliver webhooks to this machine.
    pub(crate) fn start() -> Self {
        Self::with(&["--allow-private-webhooks"])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        prepare();
        let dir = tempfile::tempdir().unwrap();
        let key = keys(dir.path(), &["create", "--name", "it", "--scope", "api,audit"]);
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let clock = Clock::default();
        let (address, running) = run(dir.path(), &flags, clock.clone());
        Self { api: Api::new(address, &key), clock, flags, running: Some(running), dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Files of the images of a session.
    pub(crate) fn images(&self, uuid: &str) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(self.dir().join("images").join(uuid)) else { return vec![] };
        files.map(|file| file.unwrap().path()).collect()
    }

    /// Sets the clock forward, whether the service runs or not.
    pub(crate) fn advance(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    pub(crate) fn advance_secs(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Tells it to stop, and does not wait for it.
    pub(crate) fn begin_stop(&self) {
        if let Some(Running { handle, .. }) = &self.running {
            // The command is on its way when this returns.
            drop(handle.stop(true));
        }
    }

    pub(crate) fn stop(&mut self) {
        self.begin_stop();
        if let Some(Running { thread, .. }) = self.running.take() {
            // The thread's end is the answer to the command.
            thread.join().unwrap();
        }
    }

    pub(crate) fn start_again(&mut self) {
        let (address, running) = run(self.dir.path(), &self.flags, self.clock.clone());
        self.api.address = address;
        self.running = Some(running);
    }

    /// Stops it, and sees that what it leaves is sound.
    pub(crate) async fn finish(mut self) {
        self.stop();
        assert_sound(self.dir()).await;
    }
}

impl Deref for TestApp {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(Running { handle, thread }) = self.running.take() {
            drop(handle.stop(false));
            // Its own failure has been told.
            let _ = thread.join();
        }
    }
}

fn run(dir: &Path, flags: &[String], clock: Clock) -> (SocketAddr, Running) {
    let dir = dir.to_str().unwrap();
    let fixed = ["it", "--listen", "127.0.0.1:0", "--threads", "2", "--data-dir", dir];
    let args = Flags::parse_from(fixed.into_iter().chain(flags.iter().map(String::as_str))).serve;
    let (started, start) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = App::build(&args, clock).await.unwrap();
            started.send((app.address(), app.handle())).unwrap();
            app.run().await.unwrap();
        });
    });
    let (address, handle) = start.recv().expect("the service starts");
    (address, Running { handle, thread })
}
