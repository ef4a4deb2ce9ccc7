//! The two shapes in which an event meets an event log: about to be appended, and read back.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An event that is about to be appended. `data` and `metadata` are UTF-8 JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Identity of the event; an append repeated with the same ids is answered like the first one.
    pub id: Uuid,
    /// Name of the stored schema, such as `SessionCreated`.
    pub event_type: String,
    /// The event's body.
    pub data: Bytes,
    /// Correlation, causation and the hash of the event before.
    pub metadata: Bytes,
}

/// An event as a log gives it back. `data` and `metadata` are the bytes that were appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the whole log; rises strictly over all streams, with gaps, and is never 0.
    pub position: u64,
    /// Name of the stream.
    pub stream: String,
    /// Place in the stream, from 0 without gaps.
    pub revision: u64,
    /// Identity of the event.
    pub id: Uuid,
    /// Name of the stored schema.
    pub event_type: String,
    /// The event's body.
    pub data: Bytes,
    /// Correlation, causation and the hash of the event before.
    pub metadata: Bytes,
    /// When the log took it, by the log's clock.
    pub created: DateTime<Utc>,
}

impl RecordedEvent {
    /// Whether another log holds the same event at the same place of the same stream. Positions and the time at which
    /// it was taken are each log's own.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |event: &Self| (event.revision, event.id);
        place(self) == place(other)
            && self.stream == other.stream
            && self.event_type == other.event_type
            && self.data == other.data
            && self.metadata == other.metadata
    }
}
