use crate::challenge::{Challenge, Step};
use crate::measurement::{Bounds, Frame};
use crate::values::{AuditImages, ReturnUrl, Threshold};
use crate::verdict::{PolicyVersion, Verdict};
use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    /// A backend asked for a check.
    Created(Created),
    /// The person began to show the face to the camera.
    CaptureStarted {
        /// When.
        at: Timestamp,
        /// Number of the attempt, from 1.
        attempt: u8,
        /// What will be asked for.
        challenge: Challenge,
        /// What the browser says of the camera; anything can be said.
        camera: Option<CameraReport>,
    },
    /// A frame arrived and was measured.
    FrameReceived {
        /// When.
        at: Timestamp,
        /// What is known of it.
        frame: Frame,
    },
    /// The person was told what to do next.
    StepIssued {
        /// When.
        at: Timestamp,
        /// Number of the step, from 0.
        index: u32,
        /// What was asked.
        step: Step,
    },
    /// An attempt ended by a technical failure, without a score.
    AttemptFailed {
        /// When.
        at: Timestamp,
        /// Number of the attempt, from 1.
        attempt: u8,
        /// Why.
        reason: AttemptFailure,
    },
    /// An attempt was scored; the session is at its end.
    Completed {
        /// When.
        at: Timestamp,
        /// Policy that judged.
        policy: PolicyVersion,
        /// What it found.
        verdict: Verdict,
        /// Networks that measured.
        models: Vec<ModelUsed>,
        /// Images that are kept until the retention ends: the probe first, then the audit images.
        images: Vec<KeptImage>,
        /// How these lie in the store; none where nothing is kept.
        sealed: Option<Sealed>,
    },
    /// The link can no longer be used and nothing was scored.
    Expired {
        /// When.
        at: Timestamp,
        /// Why.
        because: ExpiredBecause,
    },
    /// Somebody called the check off.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Who.
        by: CancelledBy,
    },
    /// The images are gone.
    ImagesErased {
        /// When.
        at: Timestamp,
        /// Why.
        because: super::ErasedBecause,
        /// Hashes of the pictures.
        images: Vec<Digest>,
        /// What was destroyed: the key and the sealed objects, as the event that ended the session named them.
        sealed: Option<Sealed>,
    },
}

/// How the kept images of a session lie in the store, by SHA-256: what an auditor compares with a copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The object that holds the session's key, wrapped.
    pub key: Digest,
    /// The sealed objects, one for each different picture, in the order of the pictures' hashes.
    pub objects: Vec<Digest>,
}

/// What a backend asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// When.
    pub at: Timestamp,
    /// API key that asked.
    pub owner: Uuid,
    /// When the link ends.
    pub expires_at: Timestamp,
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

/// What a browser says of its camera. An injected stream may say the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraReport {
    /// The name that the browser shows.
    pub label: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames a second.
    pub frame_rate: f64,
}

/// Why an attempt ended without a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptFailure {
    /// No face was in view.
    NoFace,
    /// More than one face was in view.
    TooManyFaces,
    /// The face could not be seen well enough to begin.
    PoorImage,
    /// A step was not done in time.
    TimeOut,
    /// Frames came too slowly to judge what they show.
    TooSlow,
    /// The picture jumped: the camera was knocked, or what it shows was cut.
    PictureJumped,
    /// Frames stopped to arrive.
    ConnectionLost,
    /// The service could not go on, or the camera changed the size of its pictures.
    Technical,
}

impl AttemptFailure {
    /// The code that page and log use.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::TooManyFaces => "too_many_faces",
            Self::PoorImage => "poor_image",
            Self::TimeOut => "time_out",
            Self::TooSlow => "too_slow",
            Self::PictureJumped => "picture_jumped",
            Self::ConnectionLost => "connection_lost",
            Self::Technical => "technical",
        }
    }
}

/// Why a link can no longer be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredBecause {
    /// Its time was over.
    LinkEnded,
    /// The last attempt failed too.
    AttemptsExhausted,
}

/// Who called a check off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// The backend, over the API.
    Backend,
    /// The person, on the page.
    Person,
    /// The person, by declining consent.
    ConsentDeclined,
}

/// A network that measured, by the hash of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUsed {
    /// Name in the manifest.
    pub name: String,
    /// Hash of the file.
    pub sha256: Digest,
    /// What became of what it measured.
    #[serde(skip_serializing_if = "ModelRole::is_weighed", default)]
    pub role: ModelRole,
}

/// What becomes of what a network measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRole {
    /// A verdict may rest on it. It is not written down, as it was every network's role before there were others.
    #[default]
    Weighed,
    /// It is recorded, and no verdict rests on it.
    Shadow,
}

impl ModelRole {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    const fn is_weighed(&self) -> bool {
        matches!(self, Self::Weighed)
    }
}

/// An image that is kept until the retention ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptImage {
    /// Frame of the attempt.
    pub seq: u32,
    /// Hash of the JPEG, which names it in the image store.
    pub sha256: Digest,
    /// Place of the face in it.
    pub bounding_box: Bounds,
}

impl SessionEvent {
    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Created(created) => created.at,
            Self::CaptureStarted { at, .. }
            | Self::FrameReceived { at, .. }
            | Self::StepIssued { at, .. }
            | Self::AttemptFailed { at, .. }
            | Self::Completed { at, .. }
            | Self::Expired { at, .. }
            | Self::Cancelled { at, .. }
            | Self::ImagesErased { at, .. } => *at,
        }
    }

    /// Whether the session is over with it: exactly one such event ends every session.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Expired { .. } | Self::Cancelled { .. })
    }
}
