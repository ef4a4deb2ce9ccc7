//! What stands beside an event's data: which session and which request it belongs to, and the hash of the event before.
//!
//! The hash of an event is the SHA-256 of the canonical JSON (RFC 8785) of its stream, revision, id, type, data and
//! metadata. Since the metadata holds the hash of the event before, an event cannot be altered, removed, inserted or
//! moved without a break further on.
//!
//! Two texts with one canonical form would have one hash. So there is no hash of a text in which a name stands twice in
//! an object, or in which a number is an integer that RFC 8785, whose numbers are doubles, would round.

mod strict;

use crate::{Digest, RecordedEvent};
use serde::{Deserialize, Serialize};
use strict::Strict;
use thiserror::Error;
use uuid::Uuid;

/// Metadata of an event. The names with `$` are EventStoreDB's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The session, or the aggregate, that the event belongs to.
    #[serde(rename = "$correlationId")]
    pub correlation_id: Uuid,
    /// The request or event that brought it about.
    #[serde(rename = "$causationId")]
    pub causation_id: Uuid,
    /// Hash of the event before in the stream; none for the first.
    pub previous: Option<Digest>,
}

/// An event's place and content, in the form that is hashed.
#[derive(Serialize)]
struct Hashed<'a> {
    stream: &'a str,
    revision: u64,
    id: Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    data: Strict,
    metadata: Strict,
}

/// The hash of an event at its place.
///
/// # Errors
/// When data or metadata is not JSON, has a name twice in an object, or an integer that a double cannot hold.
pub fn hash(
    stream: &str,
    revision: u64,
    id: Uuid,
    event_type: &str,
    data: &[u8],
    metadata: &[u8],
) -> Result<Digest, serde_json::Error> {
    let event = Hashed {
        stream,
        revision,
        id,
        event_type,
        data: serde_json::from_slice(data)?,
        metadata: serde_json::from_slice(metadata)?,
    };
    Ok(Digest::of(&serde_json_canonicalizer::to_vec(&event)?))
}

/// The hash of an event that was read back.
///
/// # Errors
/// When data or metadata is not JSON, has a name twice in an object, or an integer that a double cannot hold.
pub fn hash_of(event: &RecordedEvent) -> Result<Digest, serde_json::Error> {
    hash(&event.stream, event.revision, event.id, &event.event_type, &event.data, &event.metadata)
}

/// Where a stream's chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Broken {
    /// Revisions do not follow each other: an event was removed or inserted.
    #[error("revision {expected} is missing: revision {found} stands in its place")]
    Gap {
        /// The revision that should be there.
        expected: u64,
        /// The one that is.
        found: u64,
    },
    /// The event does not name the hash of the one before: one of the two was altered.
    #[error("revision {revision} does not follow from the event before it: one of the two was altered")]
    Link {
        /// Revision of the event whose metadata disagrees.
        revision: u64,
    },
    /// Data or metadata cannot be read.
    #[error("revision {revision} cannot be read: {why}")]
    Unreadable {
        /// Its revision.
        revision: u64,
        /// What the parser said.
        why: String,
    },
}

/// Walks along a stream from its first event and checks that each event follows from the one before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Chain {
    next: u64,
    previous: Option<Digest>,
}

impl Chain {
    /// Takes the next event and gives its hash.
    ///
    /// # Errors
    /// When it does not follow from the one before.
    pub fn follow(&mut self, event: &RecordedEvent) -> Result<Digest, Broken> {
        let revision = event.revision;
        if revision != self.next {
            return Err(Broken::Gap { expected: self.next, found: revision });
        }
        let unreadable = |error: serde_json::Error| Broken::Unreadable { revision, why: error.to_string() };
        let metadata: Metadata = serde_json::from_slice(&event.metadata).map_err(unreadable)?;
        if metadata.previous != self.previous {
            return Err(Broken::Link { revision });
        }
        let hash = hash_of(event).map_err(unreadable)?;
        self.previous = Some(hash);
        self.next += 1;
        Ok(hash)
    }

    /// Events taken so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.next
    }

    /// Whether none was taken.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.next == 0
    }
}
