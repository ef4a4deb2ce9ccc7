//! Events that a client proposes, whichever call carries them.

use std::collections::HashMap;

use bytes::Bytes;

use super::super::answer::parse_id;
use super::super::fault::{ExpectedVersion, Fault};
use super::super::protocol::shared;
use crate::event_log::{
    Appended, Direction, EventLog, ExpectedRevision, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, NewEvent,
    StreamFrom,
};

/// An append that is being collected.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) stream: String,
    pub(super) expected: ExpectedVersion,
    events: Vec<NewEvent>,
    bytes: usize,
}

impl Proposal {
    pub(super) const fn new(stream: String, expected: ExpectedVersion) -> Self {
        Self { stream, expected, events: Vec::new(), bytes: 0 }
    }

    /// Adds an event.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] as soon as it is known, so that no more is kept than the log would take; the faults of what
    /// the event lacks.
    pub(super) fn add(
        &mut self,
        id: Option<&shared::Uuid>,
        mut properties: HashMap<String, String>,
        metadata: Bytes,
        data: Bytes,
    ) -> Result<(), Fault> {
        let event_type = properties.remove("type").ok_or(Fault::MissingMetadata("type"))?;
        if event_type.starts_with('$') {
            return Err(Fault::AccessDenied("event types with a leading $ are reserved"));
        }
        self.bytes += event_type.len() + data.len() + metadata.len();
        if self.events.len() == MAX_APPEND_EVENTS {
            return Err(Fault::TooLarge(format!("an append may have at most {MAX_APPEND_EVENTS} events")));
        }
        if self.bytes > MAX_APPEND_BYTES {
            return Err(Fault::TooLarge(format!("these are at least {} bytes", self.bytes)));
        }
        self.events.push(NewEvent { id: parse_id(id)?, event_type, data, metadata });
        Ok(())
    }

    /// Appends what was collected.
    ///
    /// # Errors
    ///
    /// Why the log did not take it.
    pub(super) async fn append(self, log: &dyn EventLog) -> Result<Appended, Fault> {
        let Self { stream, expected, events, .. } = self;
        if stream.starts_with('$') {
            return Err(Fault::AccessDenied("streams with a leading $ are reserved"));
        }
        let revision = match expected {
            ExpectedVersion::Exact(revision) => ExpectedRevision::Exact(revision),
            ExpectedVersion::NoStream => ExpectedRevision::NoStream,
            ExpectedVersion::Any => ExpectedRevision::Any,
            ExpectedVersion::StreamExists => {
                // No stream ever goes, so one that is there now is there when the log appends.
                if log.read_stream(&stream, Direction::Backwards, StreamFrom::End, 1).await?.is_empty() {
                    return Err(Fault::WrongExpectedVersion { stream, expected, actual: None });
                }
                ExpectedRevision::Any
            }
        };
        log.append(&stream, revision, events)
            .await
            .map_err(|error| Fault::of_append(error, &stream, expected))
    }
}
