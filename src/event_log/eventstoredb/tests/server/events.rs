//! Events on their way between the protocol and the log.

use std::collections::HashMap;

use uuid::Uuid;

use crate::event_log::wire::protocol::shared::uuid::{Structured, Value};
use crate::event_log::wire::protocol::shared::{StreamIdentifier, Uuid as WireUuid};
use crate::event_log::wire::protocol::streams::append_req::ProposedMessage;
use crate::event_log::wire::protocol::streams::read_resp::{
    Content, ReadEvent,
    read_event::{Position, RecordedEvent as WireEvent},
};
use crate::event_log::{NewEvent, RecordedEvent};

pub(super) fn proposed(message: ProposedMessage) -> NewEvent {
    let id = match message.id.unwrap().value.unwrap() {
        Value::String(text) => text.parse().unwrap(),
        Value::Structured(Structured { most_significant_bits: most, least_significant_bits: least }) => {
            Uuid::from_u64_pair(most.cast_unsigned(), least.cast_unsigned())
        }
    };
    let json = serde_json::from_slice::<serde_json::Value>(&message.data).is_ok();
    let told = &message.metadata["content-type"];
    assert_eq!(told, if json { "application/json" } else { "application/octet-stream" });
    NewEvent {
        id,
        event_type: message.metadata["type"].clone(),
        data: message.data,
        metadata: message.custom_metadata,
    }
}

/// `placed`: whether it says where in the whole log it stands.
pub(super) fn recorded(event: RecordedEvent, placed: bool) -> Content {
    let position = if placed { event.position } else { u64::MAX };
    let ticks = event.created.timestamp_micros() * 10;
    let recorded = WireEvent {
        id: Some(WireUuid { value: Some(Value::String(event.id.to_string())) }),
        stream_identifier: Some(StreamIdentifier { stream_name: event.stream.into() }),
        stream_revision: event.revision,
        prepare_position: position,
        commit_position: position,
        metadata: HashMap::from([
            ("type".to_owned(), event.event_type),
            ("content-type".to_owned(), "application/json".to_owned()),
            ("created".to_owned(), ticks.to_string()),
        ]),
        custom_metadata: event.metadata,
        data: event.data,
    };
    let position = Some(Position::CommitPosition(position));
    Content::Event(ReadEvent { event: Some(recorded), link: None, position })
}
