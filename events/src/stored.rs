//! The JSON form of every event. It is apart from the domain types, so that those may change while the log may not.
//!
//! Each body carries its schema version as `v`. A version that was ever written stays readable: a new one is added
//! beside it, with a golden file of its own under `golden/`.

mod api_key;
mod delivery;
mod images;
mod lease;
mod session;

pub use session::type_name as session_type_name;

use crate::RecordedEvent;
use crate::api_key::ApiKeyEvent;
use crate::delivery::DeliveryTried;
use crate::lease::LeaseTaken;
use crate::session::SessionEvent;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a stored event could not be read.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The type, or the version of it, is not known here.
    #[error(
        "events of type {event_type} and version {version} are not known to this version of liveness: use a newer one"
    )]
    Unknown {
        /// Type of the event.
        event_type: String,
        /// Version of its schema.
        version: u32,
    },
    /// The body is not what the schema says.
    #[error("event of type {event_type}: {why}")]
    Malformed {
        /// Type of the event.
        event_type: String,
        /// What is wrong.
        why: String,
    },
}

/// A domain event that has a stored form.
pub trait Stored: Sized {
    /// Name of the type and JSON body.
    ///
    /// # Errors
    /// Only where a body cannot be written as JSON, which no event's is.
    fn encode(&self) -> Result<(&'static str, Bytes), serde_json::Error>;

    /// Reads what `encode`, of this or of any earlier version, wrote.
    ///
    /// # Errors
    /// When type or version is unknown, or the body is not what the schema says.
    fn decode(event_type: &str, data: &[u8]) -> Result<Self, Unreadable>;

    /// Reads an event that came out of a log.
    ///
    /// # Errors
    /// As [`Stored::decode`].
    fn decode_recorded(event: &RecordedEvent) -> Result<Self, Unreadable> {
        Self::decode(&event.event_type, &event.data)
    }
}

impl Stored for SessionEvent {
    fn encode(&self) -> Result<(&'static str, Bytes), serde_json::Error> {
        session::encode(self)
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<Self, Unreadable> {
        session::decode(event_type, data)
    }
}

impl Stored for ApiKeyEvent {
    fn encode(&self) -> Result<(&'static str, Bytes), serde_json::Error> {
        api_key::encode(self)
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<Self, Unreadable> {
        api_key::decode(event_type, data)
    }
}

impl Stored for DeliveryTried {
    fn encode(&self) -> Result<(&'static str, Bytes), serde_json::Error> {
        delivery::encode(self)
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<Self, Unreadable> {
        delivery::decode(event_type, data)
    }
}

impl Stored for LeaseTaken {
    fn encode(&self) -> Result<(&'static str, Bytes), serde_json::Error> {
        lease::encode(self)
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<Self, Unreadable> {
        lease::decode(event_type, data)
    }
}

/// A body with its version in front.
#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u32,
    #[serde(flatten)]
    body: &'a T,
}

fn versioned<T: Serialize>(
    event_type: &'static str,
    v: u32,
    body: &T,
) -> Result<(&'static str, Bytes), serde_json::Error> {
    Ok((event_type, serde_json::to_vec(&Versioned { v, body })?.into()))
}

fn version(event_type: &str, data: &[u8]) -> Result<u32, Unreadable> {
    #[derive(serde::Deserialize)]
    struct OnlyVersion {
        v: u32,
    }
    body::<OnlyVersion>(event_type, data).map(|only| only.v)
}

fn body<T: DeserializeOwned>(event_type: &str, data: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(data).map_err(|error| malformed(event_type, error))
}

fn malformed(event_type: &str, why: impl ToString) -> Unreadable {
    Unreadable::Malformed { event_type: event_type.into(), why: why.to_string() }
}

fn unknown(event_type: &str, version: u32) -> Unreadable {
    Unreadable::Unknown { event_type: event_type.into(), version }
}

#[cfg(test)]
mod tests;
