use super::{AttemptFailure, CameraReport, CancelledBy, ModelUsed};
use crate::challenge::Challenge;
use crate::measurement::Frame;
use crate::values::{AuditImages, LinkValidity, ReturnUrl, Threshold};
use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;
use uuid::Uuid;

/// What somebody wants of a session. The time and all random values come in with it.
#[derive(Debug, Clone)]
pub enum Command {
    /// Ask for a check.
    Create(Box<Create>),
    /// Begin an attempt, drawn for this one.
    StartCapture {
        /// Now.
        at: Timestamp,
        /// What to ask for.
        challenge: Challenge,
        /// What the browser says of the camera.
        camera: Option<CameraReport>,
    },
    /// Take in a measured frame.
    RecordFrame {
        /// Now.
        at: Timestamp,
        /// Number of the attempt that it was taken in.
        attempt: u8,
        /// The frame; its number must be the next one.
        frame: Box<Frame>,
        /// Networks that measure, named in the event that ends the session.
        models: Vec<ModelUsed>,
    },
    /// End the attempt for a reason that lies outside the picture.
    FailAttempt {
        /// Now.
        at: Timestamp,
        /// Number of the attempt that is meant: a connection that was left behind ends no other one's.
        attempt: u8,
        /// The reason.
        reason: AttemptFailure,
    },
    /// See what has fallen due.
    CheckTime {
        /// Now.
        at: Timestamp,
    },
    /// Call the check off.
    Cancel {
        /// Now.
        at: Timestamp,
        /// Who does.
        by: CancelledBy,
    },
    /// Note that the images are gone.
    EraseImages {
        /// Now.
        at: Timestamp,
        /// Why.
        because: ErasedBecause,
    },
}

/// What a backend asks for.
#[derive(Debug, Clone)]
pub struct Create {
    /// Now.
    pub at: Timestamp,
    /// API key that asks.
    pub owner: Uuid,
    /// How long the link can be used.
    pub link_validity: LinkValidity,
    /// Where the person is sent at the end.
    pub return_url: ReturnUrl,
    /// Who is told of the end.
    pub webhook_url: Option<Url>,
    /// Cutoff above which the check is passed.
    pub threshold: Threshold,
    /// How many audit images to keep.
    pub audit_images: AuditImages,
    /// Hash of the token that the backend polls with.
    pub token: Digest,
    /// Hash of the key in the link.
    pub capture_key: Digest,
    /// Hash of the request's body where it came with an idempotency key.
    pub request: Option<Digest>,
}

/// Why images were erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasedBecause {
    /// Their time was over.
    RetentionEnded,
    /// The backend asked for it.
    Requested,
}

/// Why a command was not followed. Nothing is wrong with the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such session.
    #[error("there is no such session")]
    Unknown,
    /// There is one already.
    #[error("the session exists already")]
    Exists,
    /// It is complete.
    #[error("the session is complete")]
    Complete,
    /// Its link expired.
    #[error("the link has expired")]
    Expired,
    /// Its attempts are used up.
    #[error("all attempts are used up")]
    AttemptsExhausted,
    /// It was called off.
    #[error("the session was cancelled")]
    Cancelled,
    /// No capture is in progress.
    #[error("no capture is in progress")]
    NotCapturing,
    /// Another attempt is in progress: the capture went on over another connection.
    #[error("another attempt is in progress")]
    OtherAttempt,
    /// The frame's number is not the next one.
    #[error("the frame's number is not the next one")]
    OutOfOrder,
}
