//! Recorded events, and what belongs to them, in the protocol's form.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::fault::Fault;
use super::protocol::shared::{self, uuid::Structured};
use super::protocol::streams::ReadResp;
use super::protocol::streams::read_resp::read_event::{
    Position as EventPosition, RecordedEvent as WireEvent,
};
use super::protocol::streams::read_resp::{self, Content, ReadEvent};
use crate::event_log::{MAX_STREAM_NAME_BYTES, Position, RecordedEvent};

/// In which form a client wants ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdForm {
    /// As two numbers.
    Structured,
    /// As text.
    Text,
}

/// An event as the Streams service sends it.
pub(crate) fn read_event(event: RecordedEvent, ids: IdForm) -> ReadEvent {
    let position = event.position;
    let recorded = WireEvent {
        id: Some(id(event.id, ids)),
        metadata: metadata(&event),
        stream_identifier: Some(stream_identifier(event.stream)),
        stream_revision: event.revision,
        prepare_position: position,
        commit_position: position,
        custom_metadata: event.metadata,
        data: event.data,
    };
    // With a position even where one stream is read: clients lean on it.
    ReadEvent { event: Some(recorded), link: None, position: Some(EventPosition::CommitPosition(position)) }
}

/// A message of a read.
pub(crate) fn message(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

/// What the protocol tells of an event beside its own metadata: exactly these three.
pub(crate) fn metadata(event: &RecordedEvent) -> HashMap<String, String> {
    let content_type = if is_json(&event.data) { "application/json" } else { "application/octet-stream" };
    HashMap::from([
        ("type".to_owned(), event.event_type.clone()),
        ("content-type".to_owned(), content_type.to_owned()),
        ("created".to_owned(), ticks(event.created).to_string()),
    ])
}

/// Clients parse what is called JSON, and fail where it is none.
fn is_json(data: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(data).is_ok()
}

/// Units of 100 nanoseconds since the Unix epoch.
pub(crate) fn ticks(moment: DateTime<Utc>) -> i64 {
    moment.timestamp_micros().saturating_mul(10)
}

/// The moment as protobuf has it.
pub(crate) fn timestamp(moment: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or(0);
    prost_types::Timestamp { seconds: moment.timestamp(), nanos }
}

/// A place in the whole log; none for the place before the first event.
pub(crate) fn position(position: Position) -> Option<read_resp::Position> {
    (position > 0).then_some(read_resp::Position { commit_position: position, prepare_position: position })
}

/// A stream's name.
pub(crate) fn stream_identifier(name: impl Into<Bytes>) -> shared::StreamIdentifier {
    shared::StreamIdentifier { stream_name: name.into() }
}

/// Reads a stream's name.
///
/// # Errors
///
/// [`Fault::Invalid`] when there is none, or no text, or it is longer than any name in the log.
pub(crate) fn stream_name(identifier: Option<shared::StreamIdentifier>) -> Result<String, Fault> {
    let name = identifier.map(|identifier| identifier.stream_name).unwrap_or_default();
    if name.is_empty() || name.len() > MAX_STREAM_NAME_BYTES {
        return Err(Fault::Invalid(format!("a stream name must have 1 to {MAX_STREAM_NAME_BYTES} bytes")));
    }
    String::from_utf8(name.into()).map_err(|_| Fault::Invalid("a stream name must be UTF-8".to_owned()))
}

/// An id in the form that was asked for.
pub(crate) fn id(id: Uuid, form: IdForm) -> shared::Uuid {
    let value = match form {
        IdForm::Text => shared::uuid::Value::String(id.to_string()),
        IdForm::Structured => {
            let (most, least) = id.as_u64_pair();
            shared::uuid::Value::Structured(Structured {
                most_significant_bits: most.cast_signed(),
                least_significant_bits: least.cast_signed(),
            })
        }
    };
    shared::Uuid { value: Some(value) }
}

/// Reads an id in either form.
///
/// # Errors
///
/// [`Fault::Invalid`] when there is none, or the text is no UUID.
pub(crate) fn parse_id(id: Option<&shared::Uuid>) -> Result<Uuid, Fault> {
    let missing = || Fault::Invalid("an id is missing".to_owned());
    match id.and_then(|id| id.value.as_ref()).ok_or_else(missing)? {
        shared::uuid::Value::String(text) => {
            Uuid::try_parse(text).map_err(|_| Fault::Invalid("an id is no UUID".to_owned()))
        }
        shared::uuid::Value::Structured(Structured { most_significant_bits, least_significant_bits }) => {
            Ok(Uuid::from_u64_pair(
                most_significant_bits.cast_unsigned(),
                least_significant_bits.cast_unsigned(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_both_forms() {
        let an_id = Uuid::from_u128(0x8f00_0000_0000_0001_ff00_0000_0000_0002);
        for form in [IdForm::Structured, IdForm::Text] {
            assert_eq!(parse_id(Some(&id(an_id, form))).unwrap(), an_id);
        }
        let shared::uuid::Value::Structured(bits) = id(an_id, IdForm::Structured).value.unwrap() else {
            panic!("not structured")
        };
        assert!(bits.most_significant_bits < 0, "the bits are kept, not the number");
        for wrong in [None, Some(shared::Uuid { value: None })] {
            assert!(matches!(parse_id(wrong.as_ref()), Err(Fault::Invalid(_))));
        }
        let text = shared::Uuid { value: Some(shared::uuid::Value::String("no".to_owned())) };
        assert!(matches!(parse_id(Some(&text)), Err(Fault::Invalid(_))));
    }

    #[test]
    fn metadata_has_exactly_what_clients_read() {
        let mut event = RecordedEvent {
            position: 7,
            stream: "s".to_owned(),
            revision: 0,
            id: Uuid::nil(),
            event_type: "Happened".to_owned(),
            data: Bytes::from_static(br#"{"a":1}"#),
            metadata: Bytes::new(),
            created: DateTime::from_timestamp_micros(1_764_000_000_123_456).unwrap(),
        };
        let told = metadata(&event);
        assert_eq!(told.len(), 3);
        assert_eq!(told["type"], "Happened");
        assert_eq!(told["content-type"], "application/json");
        assert_eq!(told["created"], "17640000001234560");
        event.data = Bytes::from_static(b"\xffnot json");
        assert_eq!(metadata(&event)["content-type"], "application/octet-stream");
    }
}
