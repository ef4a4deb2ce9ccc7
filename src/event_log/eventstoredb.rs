//! The log on EventStoreDB 21.10 to KurrentDB 25, through the crate `eventstore`, which is named nowhere else.
//!
//! The crate has faults that bring a service down; each is kept on its side of `client`: calls run as tasks on
//! threads of the crate's own, under a time-out, and a client that has died, hangs or keeps failing is replaced. Its
//! subscriptions are not used at all: followers read pages by position, and a bell rings when there is more to read.

mod append;
mod backoff;
mod bell;
mod client;
mod fault;
mod health;
mod pages;
mod read;
mod settings;
mod tls;
mod watch;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, Semaphore, TryAcquireError, watch as channel};

use self::client::Clients;
use self::pages::StorePages;
pub use self::settings::{Settings, SettingsError};
use super::follow::Follow;
use super::{
    AppendError, Appended, Cause, Direction, EventLog, ExpectedRevision, MAX_APPEND_BYTES, NewEvent, Page,
    Position, ReadError, RecordedEvent, StreamFrom, Subscription, check_append, limits,
};

/// How many appends may be under way. A lone one takes some 44 ms on loopback (the crate leaves Nagle's algorithm on), so
/// a thousand at once are far more than a store takes a second for one node; who comes then is better told at once.
pub const APPENDS_AT_ONCE: u32 = 1024;

/// How many bytes of events may be under way, so that large appends do not eat the memory.
pub const BYTES_AT_ONCE: usize = 64 * MAX_APPEND_BYTES;

/// Why the log could not be opened. That the store is away is no reason: calls answer `Unavailable` until it is there.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The connection string or the credentials are at fault.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Certificates or keys are at fault.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// The process could not start a thread.
    #[error("the threads of the event store's client cannot be started: {0}")]
    Threads(#[from] std::io::Error),
}

/// An event log on EventStoreDB.
#[derive(Debug)]
pub struct EventStoreLog {
    clients: Arc<Clients>,
    /// Counts [`APPENDS_AT_ONCE`]; closed with the log.
    appends: Semaphore,
    /// Counts [`BYTES_AT_ONCE`].
    bytes: Semaphore,
    closing: AtomicBool,
    ring: Arc<Notify>,
    /// Moves whenever there may be something new; its senders go when the log is closed.
    ticks: channel::Receiver<u64>,
    watching: Mutex<Option<Watching>>,
}

/// The watch and the bell at work.
#[derive(Debug)]
struct Watching {
    threads: Runtime,
    tick: channel::Sender<u64>,
}

impl EventStoreLog {
    /// Opens the log; nothing has been asked of the store then. Blocks for some milliseconds.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what to mend.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        tls::check(&settings)?;
        let settings = Arc::new(settings);
        let clients = Arc::new(Clients::new(Arc::clone(&settings)));
        let ring = Arc::new(Notify::new());
        let (tick, ticks) = channel::channel(0);
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("event-store-watch")
            .enable_all()
            .build()?;
        threads.spawn(watch::watch(Arc::clone(&clients), Arc::clone(&ring), tick.clone()));
        threads.spawn(bell::listen_for_ever(settings, Arc::clone(&ring)));
        Ok(Self {
            clients,
            appends: Semaphore::new(APPENDS_AT_ONCE as usize),
            bytes: Semaphore::new(BYTES_AT_ONCE),
            closing: AtomicBool::new(false),
            ring,
            ticks,
            watching: Mutex::new(Some(Watching { threads, tick })),
        })
    }

    /// Ends the watch, and with its senders the subscriptions; they read once more before.
    fn stop(&self) {
        let watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Watching { threads, tick }) = watching {
            watch::tick(&tick);
            threads.shutdown_background();
        }
    }
}

impl Drop for EventStoreLog {
    fn drop(&mut self) {
        self.stop();
    }
}

#[async_trait]
impl EventLog for EventStoreLog {
    async fn append(
        &self,
        stream: &str,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        if self.closing.load(Ordering::Acquire) {
            return Err(closed());
        }
        let bytes = u32::try_from(limits::append_bytes(&events)).map_err(|_| AppendError::Overloaded)?;
        let _bytes = self.bytes.try_acquire_many(bytes).map_err(refusal)?;
        let _turn = self.appends.try_acquire().map_err(refusal)?;
        let appended = append::append(&self.clients, stream, expected, events).await?;
        self.ring.notify_one();
        Ok(appended)
    }

    async fn read_stream(
        &self,
        stream: &str,
        direction: Direction,
        from: StreamFrom,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        Ok(read::stream(&self.clients, stream, direction, from, max).await?)
    }

    async fn read_all(&self, after: Position, prefixes: &[String], max: usize) -> Result<Page, ReadError> {
        Ok(read::all(&self.clients, after, prefixes, max).await?)
    }

    async fn read_all_backwards(
        &self,
        before: Position,
        prefixes: &[String],
        max: usize,
    ) -> Result<Page, ReadError> {
        Ok(read::all_backwards(&self.clients, before, prefixes, max).await?)
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(read::head(&self.clients).await?)
    }

    fn subscribe_all(&self, after: Position, prefixes: Vec<String>) -> Subscription {
        let pages = StorePages::new(Arc::clone(&self.clients), self.ticks.clone(), prefixes);
        Subscription::new(Follow::new(pages, after))
    }

    fn silent_for(&self) -> Duration {
        self.clients.health().silent_for()
    }

    async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        // An error says that it is closed already.
        let _ = self.appends.acquire_many(APPENDS_AT_ONCE).await;
        self.appends.close();
        self.stop();
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the event log was closed")]
struct ClosedLog;

fn closed() -> AppendError {
    AppendError::Unavailable(Arc::new(ClosedLog) as Cause)
}

fn refusal(error: TryAcquireError) -> AppendError {
    match error {
        TryAcquireError::NoPermits => AppendError::Overloaded,
        TryAcquireError::Closed => closed(),
    }
}
