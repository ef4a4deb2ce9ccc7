//! The lines of an export.

use crate::event_log::{Position, RecordedEvent};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::DateTime;
use liveness_events::Digest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use uuid::Uuid;

/// What the first line calls the file.
const FORMAT: &str = "liveness-export";
/// Version of the format that is written and read.
const VERSION: u32 = 1;
/// Begins the last line, and no other.
const TRAILER: &[u8] = b"{\"end\":";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    version: u32,
    /// The position behind which the export begins.
    after: Position,
}

impl Header {
    pub(super) fn new(after: Position) -> Self {
        Self { format: FORMAT.into(), version: VERSION, after }
    }

    /// Takes the first line, or says why it is none.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let header: Self = serde_json::from_slice(line)
            .map_err(|_| "it is no export of liveness: its first line is another".to_owned())?;
        match (header.format.as_str(), header.version) {
            (FORMAT, VERSION) => Ok(header),
            (FORMAT, newer) => Err(format!("it has version {newer}, but this version reads {VERSION}")),
            _ => Err("it is no export of liveness".to_owned()),
        }
    }

    pub(super) const fn after(&self) -> Position {
        self.after
    }
}

/// What the last line tells of all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// Events.
    pub count: u64,
    /// Position of the first; 0 where there is none.
    pub first: Position,
    /// Position of the last; 0 where there is none.
    pub last: Position,
    /// SHA-256 of all bytes before this line.
    pub sha256: Digest,
    /// Equal for equal events, whatever their positions and their order.
    pub content: Digest,
}

#[derive(Serialize, Deserialize)]
struct TrailerLine {
    end: Trailer,
}

impl Trailer {
    pub(super) fn line(self) -> Result<Vec<u8>, serde_json::Error> {
        terminated(serde_json::to_vec(&TrailerLine { end: self })?)
    }

    /// The last line; none for any other.
    pub(super) fn parse(line: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        line.starts_with(TRAILER)
            .then(|| serde_json::from_slice::<TrailerLine>(line).map(|trailer| trailer.end))
    }
}

pub(super) fn header_line(header: &Header) -> Result<Vec<u8>, serde_json::Error> {
    terminated(serde_json::to_vec(header)?)
}

fn terminated(mut line: Vec<u8>) -> Result<Vec<u8>, serde_json::Error> {
    line.push(b'\n');
    Ok(line)
}

/// An event. What is one line of JSON stands there as it is; anything else, which no event of ours is, as base64.
#[derive(Serialize, Deserialize)]
struct EventLine<'a> {
    position: Position,
    stream: Cow<'a, str>,
    revision: u64,
    id: Uuid,
    r#type: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata_base64: Option<String>,
}

pub(super) fn event_line(event: &RecordedEvent) -> Result<Vec<u8>, serde_json::Error> {
    let (data, metadata) = (as_line(&event.data), as_line(&event.metadata));
    terminated(serde_json::to_vec(&EventLine {
        position: event.position,
        stream: (&*event.stream).into(),
        revision: event.revision,
        id: event.id,
        r#type: (&*event.event_type).into(),
        data_base64: data.is_none().then(|| STANDARD.encode(&event.data)),
        data,
        metadata_base64: metadata.is_none().then(|| STANDARD.encode(&event.metadata)),
        metadata,
    })?)
}

/// The bytes as JSON text, where that is one line and comes back with the same bytes.
fn as_line(bytes: &[u8]) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_slice(bytes).ok()?;
    let same = raw.get().len() == bytes.len() && raw.get() != "null";
    (same && !bytes.contains(&b'\n') && !bytes.contains(&b'\r')).then_some(raw)
}

pub(super) fn parse_event(line: &[u8]) -> Result<RecordedEvent, String> {
    let line: EventLine<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    Ok(RecordedEvent {
        position: line.position,
        stream: line.stream.into_owned(),
        revision: line.revision,
        id: line.id,
        event_type: line.r#type.into_owned(),
        data: bytes_of("data", line.data, line.data_base64)?,
        metadata: bytes_of("metadata", line.metadata, line.metadata_base64)?,
        // When a store took an event is its own affair and not part of an export.
        created: DateTime::UNIX_EPOCH,
    })
}

fn bytes_of(name: &str, raw: Option<&RawValue>, base64: Option<String>) -> Result<Bytes, String> {
    match (raw, base64) {
        (Some(raw), None) => Ok(Bytes::copy_from_slice(raw.get().as_bytes())),
        (None, Some(text)) => STANDARD.decode(text).map(Bytes::from).map_err(|error| error.to_string()),
        _ => Err(format!("`{name}` or `{name}_base64` must be there, and not both")),
    }
}
