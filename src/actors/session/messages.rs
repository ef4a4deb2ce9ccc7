use actix::Message;
use liveness_events::session::{Create as CreateCommand, ErasedBecause};
use liveness_events::{Digest, Timestamp};
use liveness_web::messages::{CheckCreated, Trouble};
use uuid::Uuid;

/// Record that a check was asked for.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Created, CreateFailed>")]
pub struct Create {
    /// The request's id.
    pub request_id: Uuid,
    /// What was asked for; its time is set when it is decided.
    pub command: CreateCommand,
}

/// A session that was recorded.
#[derive(Debug, Clone)]
pub struct Created {
    /// What is answered.
    pub check: CheckCreated,
    /// Position of its event in the log.
    pub position: u64,
}

/// Why a session was not created.
#[derive(Debug, Clone)]
pub enum CreateFailed {
    /// It exists: the same idempotency key was used before.
    Exists {
        /// Hash of the body that came then.
        request: Option<Digest>,
        /// When that was.
        at: Timestamp,
        /// What was answered.
        created: CheckCreated,
    },
    /// It cannot be done now.
    Trouble(Trouble),
}

impl From<Trouble> for CreateFailed {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// See what has fallen due; answers whether anything had.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<bool, Trouble>")]
pub struct CheckTime {
    /// The session.
    pub session: Uuid,
}

/// Erase the images; answers whether there were any, as far as the log knows.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<bool, Trouble>")]
pub struct EraseImages {
    /// The session.
    pub session: Uuid,
    /// Why.
    pub because: ErasedBecause,
}

/// Carry out what has come before, and leave the memory. Of the registry: have all sessions do so, and hand on no more.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Close;
