//! How much one append may carry: the same for every implementation, so that a log can move between them.

use std::collections::HashSet;

use super::{AppendError, NewEvent};

/// Longest stream name, in bytes. Ours are a word and a UUID; names are kept in an index, which wants them short.
pub const MAX_STREAM_NAME_BYTES: usize = 256;

/// Most events in one append. A command decides a handful; one append must not hold up a group of others.
pub const MAX_APPEND_EVENTS: usize = 256;

/// Largest event, in bytes of type, data and metadata. Events carry measurements (tens of kB), never pictures.
pub const MAX_EVENT_BYTES: usize = 512 * 1024;

/// Largest append, in bytes of all its events: below EventStoreDB's default of 1 MiB, with room for its own fields.
pub const MAX_APPEND_BYTES: usize = 1_000_000;

/// Checks what can be checked without the log; every implementation calls it first.
///
/// # Errors
///
/// [`AppendError::TooLarge`] over a limit of this module; [`AppendError::Invalid`] for an append without events, a
/// stream without a name or with one that EventStoreDB keeps to itself (`$...`), or an id that is given twice.
pub fn check_append(stream: &str, events: &[NewEvent]) -> Result<(), AppendError> {
    if stream.is_empty() {
        return Err(AppendError::Invalid("the stream has no name"));
    }
    if stream.starts_with('$') {
        return Err(AppendError::Invalid("stream names with a leading $ are reserved"));
    }
    if events.is_empty() {
        return Err(AppendError::Invalid("there are no events"));
    }
    within("stream name in bytes", stream.len(), MAX_STREAM_NAME_BYTES)?;
    within("number of events", events.len(), MAX_APPEND_EVENTS)?;
    for event in events {
        within("event in bytes", event_bytes(event), MAX_EVENT_BYTES)?;
    }
    within("append in bytes", append_bytes(events), MAX_APPEND_BYTES)?;
    let mut ids = HashSet::with_capacity(events.len());
    if !events.iter().all(|event| ids.insert(event.id)) {
        return Err(AppendError::Invalid("an event id is given twice"));
    }
    Ok(())
}

/// What an append counts against [`MAX_APPEND_BYTES`].
pub(crate) fn append_bytes(events: &[NewEvent]) -> usize {
    events.iter().map(event_bytes).sum()
}

fn event_bytes(event: &NewEvent) -> usize {
    event.event_type.len() + event.data.len() + event.metadata.len()
}

fn within(what: &'static str, size: usize, max: usize) -> Result<(), AppendError> {
    if size > max { Err(AppendError::TooLarge { what, size, max }) } else { Ok(()) }
}
