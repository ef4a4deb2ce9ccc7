//! What the web asks of the rest. It owns these messages and holds `Recipient`s; who answers is not its concern.

use actix::Message;
use bytes::Bytes;
use liveness_events::challenge::{Step, Way};
use liveness_events::session::guidance::Hint;
use liveness_events::session::{AttemptFailure, CameraReport, CancelledBy, KeptImage};
use liveness_events::values::{AuditImages, LinkValidity, ReturnUrl, Threshold};
use liveness_events::{Digest, RecordedEvent, Timestamp};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::mpsc;
use url::Url;
use uuid::Uuid;

/// Why something could not be done now. Nothing has happened; the same request may succeed later.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// A queue is full.
    #[error("the service is busy")]
    Busy {
        /// When to come again.
        retry_after: Duration,
    },
    /// Something the service stands on is not there.
    #[error("{0}")]
    Unavailable(String),
}

/// Ask for a check.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<CheckCreated, CreateError>")]
pub struct CreateCheck {
    /// API key that asks.
    pub owner: Uuid,
    /// The request's id.
    pub request_id: Uuid,
    /// The `Idempotency-Key` header and the hash of the body that came with it.
    pub idempotency: Option<(String, Digest)>,
    /// Where the person is sent at the end.
    pub return_url: ReturnUrl,
    /// Who is told of the end.
    pub webhook_url: Option<Url>,
    /// How long the link can be used.
    pub link_validity: LinkValidity,
    /// Cutoff above which the check is passed.
    pub threshold: Threshold,
    /// How many audit images to keep.
    pub audit_images: AuditImages,
}

/// A check that was asked for, durably recorded. Its secrets follow from its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckCreated {
    /// Its id.
    pub session: Uuid,
    /// When its link ends.
    pub expires_at: Timestamp,
}

/// Why a check was not created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateError {
    /// The same idempotency key came with another body before.
    #[error("the idempotency key was used with another body")]
    OtherBody,
    /// It cannot be done now.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Cancel an open check, or erase the images of a complete one. Done when it answers; idempotent.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<(), Trouble>")]
pub struct CancelOrErase {
    /// The session.
    pub session: Uuid,
    /// The request's id.
    pub request_id: Uuid,
}

/// Wait, bounded, until the views have passed the log's head at the time of asking.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<(), Trouble>")]
pub struct CatchUp;

/// Fetch images from the image store; one that is not there is passed over.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<(KeptImage, Bytes)>, Trouble>")]
pub struct LoadImages {
    /// The session.
    pub session: Uuid,
    /// Which.
    pub images: Vec<KeptImage>,
}

/// Read a session's events, in order.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<RecordedEvent>, Trouble>")]
pub struct ReadEvents {
    /// The session.
    pub session: Uuid,
    /// First revision.
    pub from: u64,
    /// At most so many.
    pub most: usize,
}

/// Begin an attempt. What happens without a frame (time-outs, expiry, another connection) comes over `notices`.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<CaptureNotice, CaptureError>")]
pub struct StartCapture {
    /// The session.
    pub session: Uuid,
    /// The connection: a random id; the newest one of a session is heard, the others are told that they were replaced.
    pub connection: Uuid,
    /// What the person chose.
    pub way: Way,
    /// What the browser says of the camera; a frame rate of 0 is one that it does not tell.
    pub camera: Option<CameraReport>,
    /// Where notices go; bounded, and a full one loses the connection.
    pub notices: mpsc::Sender<CaptureNotice>,
}

/// Measure a frame. Answered by what the person is to be told next.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<CaptureNotice, CaptureError>")]
pub struct SubmitFrame {
    /// The session.
    pub session: Uuid,
    /// The connection.
    pub connection: Uuid,
    /// The picture.
    pub jpeg: Bytes,
    /// When it arrived.
    pub received: Instant,
    /// To the page and back, smoothed; none until a ping was answered. The page can make it longer, not shorter.
    pub round_trip: Option<Duration>,
}

/// Give up: the person left, cancelled, or the connection is gone. One that is not heard any more changes nothing.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<(), Trouble>")]
pub struct LeaveCapture {
    /// The session.
    pub session: Uuid,
    /// The connection.
    pub connection: Uuid,
    /// Who called the check off; none where the connection was merely lost.
    pub cancelled: Option<CancelledBy>,
}

/// What the page is told.
#[derive(Debug, Clone, PartialEq)]
pub enum CaptureNotice {
    /// How to go on.
    Guide {
        /// None while the face is brought into the oval. A light step tells the colour of the screen.
        step: Option<Step>,
        /// What to mend.
        hint: Option<Hint>,
        /// How far the person has come, 0 to 1.
        progress: f64,
    },
    /// The attempt ended without a score; another may follow.
    AttemptFailed {
        /// Why.
        reason: AttemptFailure,
        /// Attempts that may still be begun.
        attempts_left: u8,
    },
    /// The check is complete.
    Complete,
    /// The link can no longer be used.
    Ended(Ended),
    /// Another connection took over.
    Replaced,
}

/// How a link ended without a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the codes")]
pub enum Ended {
    Expired,
    AttemptsExhausted,
    Cancelled,
}

/// Why a capture message was not followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaptureError {
    /// The frame is no picture that can be measured. The attempt has failed, and another may follow.
    #[error("{why}")]
    BadFrame {
        /// What is wrong with it.
        why: String,
        /// Attempts that may still be begun, as the session knows; the views may not know yet.
        attempts_left: u8,
    },
    /// The frame was not measured, because newer ones wait; the guide before stands.
    #[error("the frame was dropped")]
    Dropped,
    /// It cannot be done now.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}
