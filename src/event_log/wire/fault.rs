//! What a call may fail with, as EventStoreDB tells it: by code, by text and by trailers.
//!
//! Some clients look at the code alone, some at the trailer `exception`, some at the text, so all three are set.
//! `UNAVAILABLE` makes a client drop its connection; it is kept for what ails the whole server.

use prost::Message;
use prost_types::Any;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Status};

use super::protocol::google::rpc;
use super::protocol::shared;
use crate::event_log::{AppendError, MAX_APPEND_BYTES, ReadError};

/// Why a call fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The caller is known but may not do this.
    #[error("access denied: {0}")]
    AccessDenied(&'static str),
    /// The caller is not known.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The stream is not where the append expects it.
    #[error("append failed due to WrongExpectedVersion. Stream: {stream}, Expected version: {expected}, Actual version: {}", version_text(*.actual))]
    WrongExpectedVersion {
        /// Name of the stream.
        stream: String,
        /// Where it was expected.
        expected: ExpectedVersion,
        /// Its last revision; `None` when it has no events.
        actual: Option<u64>,
    },
    /// An append is larger than the log takes.
    #[error("maximum append size of {MAX_APPEND_BYTES} bytes exceeded: {0}")]
    TooLarge(String),
    /// An event lacks metadata that every event must have.
    #[error("required metadata property '{0}' is missing")]
    MissingMetadata(&'static str),
    /// The append contradicts what the log holds.
    #[error("{0}")]
    InvalidTransaction(String),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// A bound is reached; passes by itself.
    #[error("{0}: try again later")]
    Busy(&'static str),
    /// The subscriber did not take what there was for it.
    #[error("Consumer too slow")]
    ConsumerTooSlow,
    /// The client began an append and sent nothing more.
    #[error("nothing was sent for too long")]
    Stalled,
    /// The server stops.
    #[error("going away")]
    GoingAway,
    /// The log cannot be read or written now.
    #[error("the event log is unavailable")]
    Unavailable,
    /// Something of a persistent subscription.
    #[error("{}", group_text(*.kind, stream, group))]
    Group {
        /// What.
        kind: GroupFault,
        /// Name of the stream, or `$all`.
        stream: String,
        /// Name of the group.
        group: String,
    },
}

/// What is wrong with a persistent subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupFault {
    /// There is none of that name.
    Missing,
    /// There is one already.
    Exists,
    /// It was deleted while it was read.
    Dropped,
    /// It has as many subscribers as it may have.
    Full,
    /// It cannot go on.
    Failed(&'static str),
}

/// Where an append expects its stream, in the protocol's terms: it knows one more than the log's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedVersion {
    /// The last event has this revision.
    Exact(u64),
    /// There are no events.
    NoStream,
    /// Wherever it is.
    Any,
    /// There is at least one event.
    StreamExists,
}

impl std::fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The negative numbers are EventStoreDB's.
        match self {
            Self::Exact(revision) => write!(f, "{revision}"),
            Self::NoStream => f.write_str("-1"),
            Self::Any => f.write_str("-2"),
            Self::StreamExists => f.write_str("-4"),
        }
    }
}

fn version_text(revision: Option<u64>) -> String {
    revision.map_or_else(|| "-1".to_owned(), |revision| revision.to_string())
}

fn group_text(kind: GroupFault, stream: &str, group: &str) -> String {
    match kind {
        GroupFault::Missing => {
            format!("Subscription group {group} on stream {stream} does not exist.")
        }
        GroupFault::Exists => format!("Subscription group {group} on stream {stream} exists."),
        GroupFault::Dropped => format!("Subscription group {group} on stream {stream} was dropped."),
        GroupFault::Full => {
            format!("Maximum subscriptions reached for subscription group {group} on stream {stream}.")
        }
        GroupFault::Failed(reason) => {
            format!("Subscription group {group} on stream {stream} failed. Reason: {reason}")
        }
    }
}

impl Fault {
    /// A fault of a persistent subscription.
    pub(crate) fn group(kind: GroupFault, stream: impl Into<String>, group: impl Into<String>) -> Self {
        Self::Group { kind, stream: stream.into(), group: group.into() }
    }

    fn code(&self) -> Code {
        match self {
            Self::AccessDenied(_) => Code::PermissionDenied,
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::WrongExpectedVersion { .. } => Code::FailedPrecondition,
            Self::TooLarge(_) | Self::MissingMetadata(_) | Self::InvalidTransaction(_) | Self::Invalid(_) => {
                Code::InvalidArgument
            }
            Self::Busy(_) => Code::ResourceExhausted,
            Self::ConsumerTooSlow | Self::Stalled => Code::Aborted,
            Self::GoingAway | Self::Unavailable => Code::Unavailable,
            Self::Group { kind, .. } => match kind {
                GroupFault::Missing => Code::NotFound,
                GroupFault::Exists => Code::AlreadyExists,
                GroupFault::Dropped => Code::Cancelled,
                GroupFault::Full => Code::FailedPrecondition,
                GroupFault::Failed(_) => Code::Internal,
            },
        }
    }

    fn trailers(&self) -> Vec<(&'static str, String)> {
        let exception = |name: &str| ("exception", name.to_owned());
        match self {
            Self::AccessDenied(_) => vec![exception("access-denied")],
            Self::WrongExpectedVersion { stream, expected, actual } => vec![
                exception("wrong-expected-version"),
                ("stream-name", stream.clone()),
                ("expected-version", expected.to_string()),
                ("actual-version", version_text(*actual)),
            ],
            Self::TooLarge(_) => vec![
                exception("maximum-append-size-exceeded"),
                ("maximum-append-size", MAX_APPEND_BYTES.to_string()),
            ],
            Self::MissingMetadata(name) => vec![
                exception("missing-required-metadata-property"),
                ("required-metadata-properties", (*name).to_owned()),
            ],
            Self::InvalidTransaction(_) => vec![exception("invalid-transaction")],
            Self::Group { kind, stream, group } => {
                let mut trailers = vec![
                    exception(match kind {
                        GroupFault::Missing => "persistent-subscription-does-not-exist",
                        GroupFault::Exists => "persistent-subscription-exists",
                        GroupFault::Dropped => "persistent-subscription-dropped",
                        GroupFault::Full => "maximum-subscribers-reached",
                        GroupFault::Failed(_) => "persistent-subscription-failed",
                    }),
                    ("stream-name", stream.clone()),
                    ("group-name", group.clone()),
                ];
                if let GroupFault::Failed(reason) = kind {
                    trailers.push(("reason", (*reason).to_owned()));
                }
                trailers
            }
            Self::Unauthenticated(_)
            | Self::Invalid(_)
            | Self::Busy(_)
            | Self::ConsumerTooSlow
            | Self::Stalled
            | Self::GoingAway
            | Self::Unavailable => Vec::new(),
        }
    }

    /// The fault of one append among many: the call goes on.
    pub(crate) fn into_rpc_status(self) -> rpc::Status {
        let (code, details) = match &self {
            Self::AccessDenied(_) => (self.code(), Some(packed("AccessDenied", &shared::AccessDenied {}))),
            Self::WrongExpectedVersion { expected, actual, .. } => (
                Code::AlreadyExists,
                Some(packed("WrongExpectedVersion", &wrong_version(*expected, *actual))),
            ),
            Self::TooLarge(_) => {
                let max = u32::try_from(MAX_APPEND_BYTES).unwrap_or(u32::MAX);
                let details = shared::MaximumAppendSizeExceeded { max_append_size: max };
                (self.code(), Some(packed("MaximumAppendSizeExceeded", &details)))
            }
            Self::InvalidTransaction(_) => {
                (self.code(), Some(packed("InvalidTransaction", &shared::InvalidTransaction {})))
            }
            Self::Invalid(message) => {
                (self.code(), Some(packed("BadRequest", &shared::BadRequest { message: message.clone() })))
            }
            _ => (self.code(), None),
        };
        rpc::Status { code: code as i32, message: self.to_string(), details }
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let mut trailers = MetadataMap::new();
        for (name, value) in fault.trailers() {
            trailers.insert(name, trailer_value(&value));
        }
        Self::with_metadata(fault.code(), fault.to_string(), trailers)
    }
}

/// A trailer is bytes without control characters; a name that has some is told in its escaped form.
fn trailer_value(text: &str) -> AsciiMetadataValue {
    AsciiMetadataValue::try_from(text.as_bytes())
        .or_else(|_| AsciiMetadataValue::try_from(text.escape_default().to_string()))
        .unwrap_or_else(|_| AsciiMetadataValue::from_static("?"))
}

/// The details of a status, with the type's name where clients look for it.
fn packed(name: &str, details: &impl Message) -> Any {
    let type_url = format!("type.googleapis.com/event_store.client.{name}");
    Any { type_url, value: details.encode_to_vec() }
}

fn wrong_version(expected: ExpectedVersion, actual: Option<u64>) -> shared::WrongExpectedVersion {
    use shared::wrong_expected_version::{
        CurrentStreamRevisionOption as Current, ExpectedStreamPositionOption as Expected,
    };
    let current = actual.map_or(Current::CurrentNoStream(()), Current::CurrentStreamRevision);
    let expected = match expected {
        ExpectedVersion::Exact(revision) => Expected::ExpectedStreamPosition(revision),
        ExpectedVersion::NoStream => Expected::ExpectedNoStream(()),
        ExpectedVersion::Any => Expected::ExpectedAny(()),
        ExpectedVersion::StreamExists => Expected::ExpectedStreamExists(()),
    };
    shared::WrongExpectedVersion {
        current_stream_revision_option: Some(current),
        expected_stream_position_option: Some(expected),
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Closed => Self::GoingAway,
            ReadError::Unavailable(cause) => {
                tracing::error!(error = %cause, "the wire face cannot read the log");
                Self::Unavailable
            }
        }
    }
}

impl Fault {
    /// Why the log did not take an append to `stream`.
    pub(crate) fn of_append(error: AppendError, stream: &str, expected: ExpectedVersion) -> Self {
        match error {
            AppendError::WrongExpectedRevision { actual, .. } => {
                Self::WrongExpectedVersion { stream: stream.to_owned(), expected, actual }
            }
            AppendError::IdConflict { .. } => Self::InvalidTransaction(error.to_string()),
            AppendError::Overloaded => Self::Busy("too many appends are waiting"),
            AppendError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            AppendError::Invalid(_) => Self::Invalid(error.to_string()),
            AppendError::Unavailable(cause) => {
                tracing::error!(error = %cause, "the wire face cannot append to the log");
                Self::Unavailable
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_name_of_any_letters_fits_in_a_trailer() {
        for name in ["plain", "Ä 漢", "two\nlines"] {
            let status = Status::from(Fault::group(GroupFault::Missing, name, "g"));
            assert_eq!(status.code(), Code::NotFound);
            let told = status.metadata().get("stream-name").unwrap().as_bytes();
            let expected = if name.contains('\n') { "two\\nlines" } else { name };
            assert_eq!(told, expected.as_bytes());
        }
    }
}
