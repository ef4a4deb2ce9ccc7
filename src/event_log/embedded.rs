//! The log in one SQLite file: durable appends from many tasks and processes, reads beside them.
//!
//! One thread writes: it takes what waits in a bounded queue and commits it as a group, so that many appends share
//! one flush of the disk. A few threads read, each with its own read-only connection (WAL: readers and the writer do
//! not wait for each other). Subscriptions hold no buffer but one page; they read on by position when the head moves.
//! Several processes may share the file; each notices the others' events within [`HEAD_POLL`].

mod append;
mod follow;
mod reader;
mod readers;
mod schema;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot, watch};

use self::follow::EmbeddedPages;
use self::readers::Readers;
pub use self::schema::OpenError;
use self::writer::{Append, Writer};
use super::follow::Follow;
use super::{
    AppendError, Appended, Cause, Direction, EventLog, ExpectedRevision, MAX_APPEND_BYTES, NewEvent, Page,
    Position, ReadError, RecordedEvent, StreamFrom, Subscription, check_append, limits,
};

/// How many appends may wait for the writer. At some 5,000 appends a second this is a fifth of a second of waiting;
/// whoever comes then is better told at once.
pub const QUEUE_APPENDS: usize = 1024;

/// How many bytes of events may wait for the writer, so that a queue of large appends does not eat the memory.
pub const QUEUE_BYTES: usize = 64 * MAX_APPEND_BYTES;

/// How often an idle log looks for events that another process appended.
pub const HEAD_POLL: Duration = Duration::from_millis(200);

/// An event log in one SQLite file.
#[derive(Debug)]
pub struct EmbeddedLog {
    /// `None` once closed. The writer ends when the sender is gone and the queue is empty.
    queue: Mutex<Option<SyncSender<Append>>>,
    /// Counts [`QUEUE_BYTES`].
    room: Arc<Semaphore>,
    readers: Readers,
    /// The last position known to be committed; its sender goes when the writer has ended.
    head: watch::Receiver<Position>,
}

impl EmbeddedLog {
    /// Opens the log at `path`, creating the file (mode 0600) when there is none. Blocks for some milliseconds.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names the path and what is wrong with it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let connection = schema::open_for_writing(path)?;
        let readers = Readers::start(path)?;
        let (queue, appends) = std::sync::mpsc::sync_channel(QUEUE_APPENDS);
        let head = Writer::start(path, connection, appends)?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            room: Arc::new(Semaphore::new(QUEUE_BYTES)),
            readers,
            head,
        })
    }

    fn enqueue(&self, append: Append) -> Result<(), AppendError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().ok_or_else(closed)?.try_send(append) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(AppendError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(closed()),
        }
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    async fn append(
        &self,
        stream: &str,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check_append(stream, &events)?;
        let bytes = u32::try_from(limits::append_bytes(&events)).map_err(|_| AppendError::Overloaded)?;
        let room =
            Arc::clone(&self.room).try_acquire_many_owned(bytes).map_err(|_| AppendError::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        self.enqueue(Append { stream: stream.to_owned(), expected, events, reply, room })?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn read_stream(
        &self,
        stream: &str,
        direction: Direction,
        from: StreamFrom,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let stream = stream.to_owned();
        self.readers
            .read(move |connection| reader::read_stream(connection, &stream, direction, from, max))
            .await
    }

    async fn read_all(&self, after: Position, prefixes: &[String], max: usize) -> Result<Page, ReadError> {
        let prefixes = prefixes.to_vec();
        self.readers.read(move |connection| reader::read_all(connection, after, &prefixes, max)).await
    }

    async fn read_all_backwards(
        &self,
        before: Position,
        prefixes: &[String],
        max: usize,
    ) -> Result<Page, ReadError> {
        let prefixes = prefixes.to_vec();
        self.readers
            .read(move |connection| reader::read_all_backwards(connection, before, &prefixes, max))
            .await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.readers.read(reader::head).await
    }

    fn subscribe_all(&self, after: Position, prefixes: Vec<String>) -> Subscription {
        let pages = EmbeddedPages { readers: self.readers.clone(), head: self.head.clone(), prefixes };
        Subscription::new(Follow::new(pages, after))
    }

    async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut head = self.head.clone();
        while head.changed().await.is_ok() {}
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the event log was closed")]
struct ClosedLog;

fn closed() -> AppendError {
    AppendError::Unavailable(Arc::new(ClosedLog) as Cause)
}
