//! Domain events in a log: encodes them, chains them by hash, reads them back.

use crate::event_log::{
    AppendError, Direction, EventLog, ExpectedRevision, ReadError, RecordedEvent, StreamFrom,
};
use liveness_events::metadata::{self, Metadata};
use liveness_events::stored::{Stored, Unreadable};
use liveness_events::{Digest, NewEvent};
use thiserror::Error;
use uuid::Uuid;

/// Events that one read of a stream fetches.
const PAGE: usize = 512;

/// Where a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// Revision of its last event; none where there is no event.
    pub revision: Option<u64>,
    /// Hash of its last event.
    pub hash: Option<Digest>,
    /// Position of its last event in the whole log, where this process appended or read it; else 0.
    pub position: u64,
}

/// Why events could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The log did not take them.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// They could not be written as JSON.
    #[error("an event cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why a stream could not be read.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// One of its events is not known to this version.
    #[error(transparent)]
    Event(#[from] Unreadable),
    /// Its last event is not JSON.
    #[error("the last event of the stream is not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Appends events behind `head` and says where the stream ends then.
///
/// # Errors
/// When the stream does not end at `head`, or the log does not take them.
pub async fn append<E: Stored + Sync>(
    log: &dyn EventLog,
    stream: &str,
    head: Head,
    correlation_id: Uuid,
    causation_id: Uuid,
    events: &[E],
) -> Result<Head, WriteError> {
    let expected = head.revision.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
    let first = head.revision.map_or(0, |revision| revision + 1);
    let mut previous = head.hash;
    let mut batch = Vec::with_capacity(events.len());
    for (revision, event) in (first..).zip(events) {
        let (event_type, data) = event.encode()?;
        let metadata = serde_json::to_vec(&Metadata { correlation_id, causation_id, previous })?;
        let id = Uuid::new_v4();
        previous = Some(metadata::hash(stream, revision, id, event_type, &data, &metadata)?);
        batch.push(NewEvent { id, event_type: event_type.into(), data, metadata: metadata.into() });
    }
    let appended = log.append(stream, expected, batch).await?;
    Ok(Head { revision: Some(appended.revision), hash: previous, position: appended.position })
}

/// Reads a whole stream as it was recorded.
///
/// # Errors
/// When the log cannot be read.
pub async fn read(log: &dyn EventLog, stream: &str) -> Result<Vec<RecordedEvent>, ReadError> {
    let mut events = Vec::new();
    loop {
        let from = StreamFrom::Revision(events.len() as u64);
        let page = log.read_stream(stream, Direction::Forwards, from, PAGE).await?;
        let last = page.len() < PAGE;
        events.extend(page);
        if last {
            return Ok(events);
        }
    }
}

/// Reads a whole stream as domain events.
///
/// # Errors
/// When the log cannot be read, or an event is not known to this version.
pub async fn load<E: Stored>(log: &dyn EventLog, stream: &str) -> Result<(Vec<E>, Head), LoadError> {
    let recorded = read(log, stream).await?;
    let events = recorded.iter().map(E::decode_recorded).collect::<Result<_, _>>()?;
    Ok((events, head_at(recorded.last())?))
}

/// Reads only where a stream ends.
///
/// # Errors
/// When the log cannot be read.
pub async fn head(log: &dyn EventLog, stream: &str) -> Result<Head, LoadError> {
    let last = log.read_stream(stream, Direction::Backwards, StreamFrom::End, 1).await?;
    Ok(head_at(last.first())?)
}

fn head_at(last: Option<&RecordedEvent>) -> Result<Head, serde_json::Error> {
    let hash = last.map(metadata::hash_of).transpose()?;
    Ok(Head {
        revision: last.map(|event| event.revision),
        hash,
        position: last.map_or(0, |event| event.position),
    })
}
