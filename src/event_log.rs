//! The one port to what happened: append to a stream, read it back, follow the whole log.
//!
//! A log holds streams of events. Every event has a revision in its stream (from 0, without gaps) and a
//! position in the whole log (above 0, strictly rising, gaps allowed). Positions become visible in their order:
//! who has seen position `p` will never see a new event at or below `p`. A position that is handed in is one that this
//! log has given, 0 or [`Position::MAX`]: a store may refuse a place between two events.

pub mod embedded;
pub mod eventstoredb;
mod follow;
mod limits;
pub mod wire;

#[cfg(test)]
pub(crate) mod contract;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use self::limits::{
    MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_EVENT_BYTES, MAX_STREAM_NAME_BYTES, check_append,
};
pub use liveness_events::{NewEvent, RecordedEvent};

/// Place in the whole log; 0 stands before the first event.
pub type Position = u64;

/// What went wrong below the port. Shared, because one failed commit answers many appends.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Keeps events and gives them back; the only place where anything becomes fact.
///
/// Used as `Arc<dyn EventLog>`. Every method may be cancelled by dropping its future; an append that was cancelled
/// may still happen, and repeating it with the same event ids is safe.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends `events` to `stream`, all or none, and answers when they are durable.
    ///
    /// Repeating an append is safe: when all ids stand already in this stream, in this order and at the place that
    /// `expected` names, the answer is that of the first time. `Any` names the place where they stand.
    ///
    /// An id of its own for each event is the caller's duty. The embedded log keeps all ids in an index and refuses one
    /// that stands elsewhere ([`AppendError::IdConflict`]); EventStoreDB keeps none and would store it a second time.
    ///
    /// # Errors
    ///
    /// See [`AppendError`]; nothing of a refused append is stored. After [`AppendError::Unavailable`] it is not
    /// known whether the events were taken.
    async fn append(
        &self,
        stream: &str,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Reads at most `max` events of one stream, `from` included; a stream that does not exist gives none.
    ///
    /// Forwards from the end gives none, backwards from the start gives the first event, and backwards from beyond
    /// the end begins at the last event.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the log cannot be read.
    async fn read_stream(
        &self,
        stream: &str,
        direction: Direction,
        from: StreamFrom,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError>;

    /// Reads a page of the whole log forwards, `after` excluded (0 reads from the start).
    ///
    /// Keeps events whose stream begins with one of `prefixes` (none given: all events). The page holds at most `max`
    /// events and may hold fewer, even none, before the end; [`Page::next`] and [`Page::end`] tell how to go on.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the log cannot be read.
    async fn read_all(&self, after: Position, prefixes: &[String], max: usize) -> Result<Page, ReadError>;

    /// Reads a page of the whole log backwards, `before` excluded (`Position::MAX` reads from the end).
    ///
    /// As [`read_all`](Self::read_all) otherwise; go on with `before` set to [`Page::next`].
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the log cannot be read.
    async fn read_all_backwards(
        &self,
        before: Position,
        prefixes: &[String],
        max: usize,
    ) -> Result<Page, ReadError>;

    /// Tells the position of the last event committed, by whichever process; 0 for an empty log.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the log cannot be read.
    async fn head(&self) -> Result<Position, ReadError>;

    /// Follows the whole log, `after` excluded: what is there, then what comes, without a gap or a double.
    ///
    /// Keeps events whose stream begins with one of `prefixes` (none given: all events). Nothing is read before the
    /// first [`Subscription::next`]. A position beyond the head waits for the log to grow past it; who keeps positions
    /// elsewhere compares them with [`head`](Self::head) first.
    fn subscribe_all(&self, after: Position, prefixes: Vec<String>) -> Subscription;

    /// How long the log has not answered; zero while it does, and where it is a part of the process.
    fn silent_for(&self) -> Duration {
        Duration::ZERO
    }

    /// Takes no more appends, waits until those taken are answered, and ends the subscriptions once they have
    /// delivered what is there. Closing twice is fine; dropping the log does the same without waiting.
    async fn close(&self);
}

/// Where an append expects its stream to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedRevision {
    /// The stream has no events.
    NoStream,
    /// The last event of the stream has this revision.
    Exact(u64),
    /// Wherever it is.
    Any,
}

impl ExpectedRevision {
    /// Whether a stream whose last revision is `actual` (`None`: no events) stands where it is expected.
    #[must_use]
    pub fn admits(self, actual: Option<u64>) -> bool {
        match self {
            Self::NoStream => actual.is_none(),
            Self::Exact(revision) => actual == Some(revision),
            Self::Any => true,
        }
    }
}

impl fmt::Display for ExpectedRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStream => f.write_str("no stream"),
            Self::Exact(revision) => write!(f, "revision {revision}"),
            Self::Any => f.write_str("any revision"),
        }
    }
}

/// Where the last event of an append stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its revision in the stream.
    pub revision: u64,
    /// Its position in the whole log.
    pub position: Position,
}

/// Which way a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From old to new.
    Forwards,
    /// From new to old.
    Backwards,
}

/// Where reading a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFrom {
    /// At the first event.
    Start,
    /// Behind the last event.
    End,
    /// At the event of this revision.
    Revision(u64),
}

/// A part of the whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The events, in the order of reading.
    pub events: Vec<RecordedEvent>,
    /// Where to go on reading; may be further than the last event, over events that did not match.
    pub next: Position,
    /// Whether nothing was left to read when this page was.
    pub end: bool,
}

/// Follows the log; made by [`EventLog::subscribe_all`]. Dropping it frees all that it holds.
pub struct Subscription {
    source: Box<dyn SubscriptionSource>,
}

impl Subscription {
    /// Wraps an implementation's own way of following its log.
    #[must_use]
    pub fn new(source: impl SubscriptionSource + 'static) -> Self {
        Self { source: Box::new(source) }
    }

    /// Waits for what comes next. Cancel-safe: a future dropped before it is ready has lost nothing.
    ///
    /// A slow reader slows nobody else, and what it has not asked for yet is not kept in memory for it.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unavailable`] may pass: the next call goes on at the same place. [`ReadError::Closed`] is final.
    pub async fn next(&mut self) -> Result<SubscriptionEvent, ReadError> {
        self.source.next().await
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// An implementation's own way of following its log; see [`Subscription::next`] for what it promises.
#[async_trait]
pub trait SubscriptionSource: Send {
    /// Waits for what comes next; must be cancel-safe.
    ///
    /// # Errors
    ///
    /// As [`Subscription::next`].
    async fn next(&mut self) -> Result<SubscriptionEvent, ReadError>;
}

/// What a subscription delivers. Positions never go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionEvent {
    /// An event that matches.
    Event(RecordedEvent),
    /// All that matched up to `position`, the end of the log at that moment, has been delivered. Sent on reaching the
    /// end the first time, and again each time after having fallen behind.
    CaughtUp {
        /// As far as has been read.
        position: Position,
    },
    /// All that matched up to `position` has been delivered; sent when events that did not match were passed over.
    Checkpoint {
        /// As far as has been read.
        position: Position,
    },
}

/// Why an append was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream stands elsewhere: read it again and decide again.
    #[error("expected {expected}, but the stream is at {}", revision_text(*.actual))]
    WrongExpectedRevision {
        /// What the append expected.
        expected: ExpectedRevision,
        /// The last revision of the stream; `None` when it has no events.
        actual: Option<u64>,
    },
    /// An id stands in the log already, but the append is not the repetition of a former one.
    #[error("event {id} is already in the log at another place")]
    IdConflict {
        /// The first such id of the append.
        id: Uuid,
    },
    /// Too many appends are waiting; passes by itself.
    #[error("too many appends are waiting")]
    Overloaded,
    /// A limit of the log is exceeded; see the constants of [`event_log`](self).
    #[error("{what} of {size} exceeds the limit of {max}")]
    TooLarge {
        /// What is too large, and in which unit it is counted.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// The append makes no sense, whatever the state of the log.
    #[error("invalid append: {0}")]
    Invalid(&'static str),
    /// The log could not store it, or did not say; whether the events were taken is not known.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Cause),
}

fn revision_text(revision: Option<u64>) -> String {
    revision.map_or_else(|| "no stream".to_owned(), |revision| format!("revision {revision}"))
}

/// Why a read gave nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The log could not be read now.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Cause),
    /// The log was closed, and all that it held has been delivered.
    #[error("the event log is closed")]
    Closed,
}
