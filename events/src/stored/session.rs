use super::images::{self, ImagesErasedV1, SessionCompletedV1};
use super::{Unreadable, body, malformed, unknown, version, versioned};
use crate::challenge::{Challenge, Step, Turn, Way};
use crate::measurement::{Bounds, Comparison, Cues, Face, Frame, Measurement};
use crate::session::{AttemptFailure, CameraReport, CancelledBy, Created, ExpiredBecause, SessionEvent};
use crate::values::{AuditImages, ReturnUrl, Threshold};
use crate::verdict::PolicyVersion;
use crate::{Digest, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct SessionCreatedV1 {
    at: Timestamp,
    owner: Uuid,
    expires_at: Timestamp,
    return_url: String,
    webhook_url: Option<Url>,
    threshold: i64,
    audit_images: i64,
    token_sha256: Digest,
    capture_key_sha256: Digest,
    request_sha256: Option<Digest>,
}

#[derive(Serialize, Deserialize)]
struct CaptureStartedV1 {
    at: Timestamp,
    attempt: u8,
    turns: Vec<Turn>,
}

#[derive(Serialize, Deserialize)]
struct CaptureStartedV2 {
    at: Timestamp,
    attempt: u8,
    way: Way,
    steps: Vec<Step>,
    fallback: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    camera: Option<CameraReport>,
}

/// Version 2 has cues.
#[derive(Serialize, Deserialize)]
struct FrameReceivedV1 {
    at: Timestamp,
    seq: u32,
    sha256: Digest,
    bytes: u32,
    width: u32,
    height: u32,
    faces: u32,
    face: Option<FaceV1>,
    #[serde(skip_serializing_if = "Cues::is_empty", default)]
    cues: Cues,
}

#[derive(Serialize, Deserialize)]
struct FaceV1 {
    bounds: Bounds,
    size: f64,
    presence: f64,
    yaw: f64,
    pitch: f64,
    roll: f64,
    eyes_over_nose: f64,
    width_over_height: f64,
    sharpness: f64,
    brightness: f64,
    contrast: f64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    compared: Option<Comparison>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    texture: Option<f64>,
}

/// Version 2 knows more steps.
#[derive(Serialize, Deserialize)]
struct StepIssuedV1 {
    at: Timestamp,
    index: u32,
    step: Step,
}

#[derive(Serialize, Deserialize)]
struct AttemptFailedV1 {
    at: Timestamp,
    attempt: u8,
    reason: AttemptFailure,
}

#[derive(Serialize, Deserialize)]
struct SessionExpiredV1 {
    at: Timestamp,
    because: ExpiredBecause,
}

#[derive(Serialize, Deserialize)]
struct SessionCancelledV1 {
    at: Timestamp,
    by: CancelledBy,
}

/// Name of the stored type of an event.
#[must_use]
pub const fn type_name(event: &SessionEvent) -> &'static str {
    match event {
        SessionEvent::Created(_) => "SessionCreated",
        SessionEvent::CaptureStarted { .. } => "CaptureStarted",
        SessionEvent::FrameReceived { .. } => "FrameReceived",
        SessionEvent::StepIssued { .. } => "StepIssued",
        SessionEvent::AttemptFailed { .. } => "AttemptFailed",
        SessionEvent::Completed { .. } => "SessionCompleted",
        SessionEvent::Expired { .. } => "SessionExpired",
        SessionEvent::Cancelled { .. } => "SessionCancelled",
        SessionEvent::ImagesErased { .. } => "ImagesErased",
    }
}

pub(super) fn encode(event: &SessionEvent) -> Result<(&'static str, Bytes), serde_json::Error> {
    let name = type_name(event);
    match event.clone() {
        SessionEvent::Created(created) => versioned(name, 1, &SessionCreatedV1::from(created)),
        SessionEvent::CaptureStarted { at, attempt, challenge, camera } => match challenge.policy() {
            PolicyVersion::V1 => {
                versioned(name, 1, &CaptureStartedV1 { at, attempt, turns: challenge.turns().collect() })
            }
            PolicyVersion::V2 => {
                let way = challenge.way();
                let [steps, fallback] = [challenge.steps(), challenge.fallback()].map(<[Step]>::to_vec);
                versioned(name, 2, &CaptureStartedV2 { at, attempt, way, steps, fallback, camera })
            }
        },
        SessionEvent::FrameReceived { at, frame } => {
            let version = if frame.measurement.cues.is_empty() { 1 } else { 2 };
            versioned(name, version, &FrameReceivedV1::from((at, frame)))
        }
        SessionEvent::StepIssued { at, index, step } => {
            let known_to_v1 = matches!(step, Step::TurnLeft | Step::TurnRight | Step::Hold);
            versioned(name, if known_to_v1 { 1 } else { 2 }, &StepIssuedV1 { at, index, step })
        }
        SessionEvent::AttemptFailed { at, attempt, reason } => {
            versioned(name, 1, &AttemptFailedV1 { at, attempt, reason })
        }
        SessionEvent::Completed { at, policy, verdict, models, images, sealed } => {
            let v1 = SessionCompletedV1 { at, policy, verdict, models, images };
            images::encode(name, v1, sealed)
        }
        SessionEvent::Expired { at, because } => versioned(name, 1, &SessionExpiredV1 { at, because }),
        SessionEvent::Cancelled { at, by } => versioned(name, 1, &SessionCancelledV1 { at, by }),
        SessionEvent::ImagesErased { at, because, images, sealed } => {
            images::encode(name, ImagesErasedV1 { at, because, images }, sealed)
        }
    }
}

pub(super) fn decode(event_type: &str, data: &[u8]) -> Result<SessionEvent, Unreadable> {
    let event = match (event_type, version(event_type, data)?) {
        ("SessionCreated", 1) => body::<SessionCreatedV1>(event_type, data)?.try_into()?,
        ("CaptureStarted", 1) => {
            let CaptureStartedV1 { at, attempt, turns } = body(event_type, data)?;
            let challenge = Challenge::from_turns(&turns)
                .ok_or_else(|| malformed(event_type, "wrong number of turns"))?;
            SessionEvent::CaptureStarted { at, attempt, challenge, camera: None }
        }
        ("CaptureStarted", 2) => {
            let CaptureStartedV2 { at, attempt, way, steps, fallback, camera } = body(event_type, data)?;
            let challenge =
                Challenge::recorded(way, steps, fallback).ok_or_else(|| malformed(event_type, "no steps"))?;
            SessionEvent::CaptureStarted { at, attempt, challenge, camera }
        }
        ("FrameReceived", 1 | 2) => body::<FrameReceivedV1>(event_type, data)?.into(),
        ("StepIssued", 1 | 2) => {
            let StepIssuedV1 { at, index, step } = body(event_type, data)?;
            SessionEvent::StepIssued { at, index, step }
        }
        ("AttemptFailed", 1) => {
            let AttemptFailedV1 { at, attempt, reason } = body(event_type, data)?;
            SessionEvent::AttemptFailed { at, attempt, reason }
        }
        ("SessionCompleted", version) => {
            images::decode::<SessionCompletedV1>(event_type, version, data)?.into()
        }
        ("SessionExpired", 1) => {
            let SessionExpiredV1 { at, because } = body(event_type, data)?;
            SessionEvent::Expired { at, because }
        }
        ("SessionCancelled", 1) => {
            let SessionCancelledV1 { at, by } = body(event_type, data)?;
            SessionEvent::Cancelled { at, by }
        }
        ("ImagesErased", version) => images::decode::<ImagesErasedV1>(event_type, version, data)?.into(),
        (_, version) => return Err(unknown(event_type, version)),
    };
    Ok(event)
}

impl From<Created> for SessionCreatedV1 {
    fn from(created: Created) -> Self {
        Self {
            at: created.at,
            owner: created.owner,
            expires_at: created.expires_at,
            return_url: created.return_url.to_string(),
            webhook_url: created.webhook_url,
            threshold: created.threshold.get().into(),
            audit_images: created.audit_images.get().into(),
            token_sha256: created.token,
            capture_key_sha256: created.capture_key,
            request_sha256: created.request,
        }
    }
}

impl TryFrom<SessionCreatedV1> for SessionEvent {
    type Error = Unreadable;

    fn try_from(stored: SessionCreatedV1) -> Result<Self, Unreadable> {
        let wrong = |why| malformed("SessionCreated", why);
        Ok(Self::Created(Created {
            at: stored.at,
            owner: stored.owner,
            expires_at: stored.expires_at,
            return_url: ReturnUrl::parse(&stored.return_url).map_err(wrong)?,
            webhook_url: stored.webhook_url,
            threshold: Threshold::new(stored.threshold).map_err(wrong)?,
            audit_images: AuditImages::new(stored.audit_images).map_err(wrong)?,
            token: stored.token_sha256,
            capture_key: stored.capture_key_sha256,
            request: stored.request_sha256,
        }))
    }
}

impl From<(Timestamp, Frame)> for FrameReceivedV1 {
    fn from((at, frame): (Timestamp, Frame)) -> Self {
        let Frame { seq, sha256, bytes, width, height, measurement } = frame;
        let Measurement { faces, face, cues } = measurement;
        Self { at, seq, sha256, bytes, width, height, faces, face: face.map(FaceV1::from), cues }
    }
}

impl From<FrameReceivedV1> for SessionEvent {
    fn from(stored: FrameReceivedV1) -> Self {
        let FrameReceivedV1 { at, seq, sha256, bytes, width, height, faces, face, cues } = stored;
        let measurement = Measurement { faces, face: face.map(Face::from), cues };
        Self::FrameReceived { at, frame: Frame { seq, sha256, bytes, width, height, measurement } }
    }
}

/// Both ways between two structs whose fields bear the same names.
macro_rules! same_fields {
    ($domain:ident, $stored:ident, { $($field:ident),+ $(,)? }) => {
        impl From<$domain> for $stored {
            fn from($domain { $($field),+ }: $domain) -> Self {
                Self { $($field),+ }
            }
        }
        impl From<$stored> for $domain {
            fn from($stored { $($field),+ }: $stored) -> Self {
                Self { $($field),+ }
            }
        }
    };
}

same_fields!(Face, FaceV1, {
    bounds, size, presence, yaw, pitch, roll, eyes_over_nose, width_over_height, sharpness, brightness, contrast, compared, texture,
});
