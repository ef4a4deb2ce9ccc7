//! What a call through the crate may end with.

use std::sync::Arc;
use std::time::Duration;

use eventstore::Error;
use tonic::Code;

use crate::event_log::{AppendError, Cause, ReadError};

/// Why a call gave no answer, or which refusal it was.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    /// The store, or the crate in its place, said so.
    #[error("{}", text(.0))]
    Told(Error),
    /// The store said by a status that something is not there: no answer to a question for a stream.
    #[error("the event store answered NOT_FOUND: its leader may be moving")]
    NotFoundStatus,
    /// Nothing came in time.
    #[error("the event store did not answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The crate panicked, or its threads have ended.
    #[error("the event store's client failed inside: {0}")]
    Broken(String),
    /// The last client failed, and its successor is not due yet.
    #[error("the event store cannot be reached; the next try is due in {} ms", .0.as_millis())]
    Waiting(Duration),
}

/// What a fault says about the client that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// It works: the store answered.
    Fine,
    /// It works, but nothing can be done with it: access is denied, say.
    Refused,
    /// It may recover; if the next call fails as well, a new one is better.
    Doubtful,
    /// It will not recover.
    Dead,
    /// Nothing was tried.
    Untried,
}

impl Fault {
    pub(super) fn client(&self) -> Client {
        match self {
            Self::Told(error) => match error {
                Error::WrongExpectedVersion { .. }
                | Error::ResourceNotFound
                | Error::ResourceDeleted
                | Error::ResourceAlreadyExists
                | Error::Grpc {
                    code: Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition,
                    ..
                } => Client::Fine,
                Error::AccessDenied | Error::Grpc { .. } => Client::Refused,
                Error::ConnectionClosed
                | Error::GrpcConnectionError(_)
                | Error::InitializationError(_)
                | Error::DeadlineExceeded => Client::Dead,
                _ => Client::Doubtful,
            },
            Self::NotFoundStatus => Client::Doubtful,
            Self::TimedOut(_) | Self::Broken(_) => Client::Dead,
            Self::Waiting(_) => Client::Untried,
        }
    }
}

fn text(error: &Error) -> String {
    match error {
        Error::AccessDenied => {
            "the event store denies access: check user, password and rights, and that it may be \
             written to"
                .to_owned()
        }
        Error::NotLeaderException(leader) => {
            format!("the leader of the event store is now {}:{}", leader.host, leader.port)
        }
        Error::ConnectionClosed => "the event store's client has lost its connection for good".to_owned(),
        Error::UnsupportedFeature => {
            "the event store, or what stands before it, does not know this call".to_owned()
        }
        other => other.to_string(),
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(Arc::new(fault) as Cause)
    }
}

impl From<Fault> for AppendError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(Arc::new(fault) as Cause)
    }
}
