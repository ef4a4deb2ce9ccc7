//! Sessions for tests of what an auditor does: recorded and chained as the service does it, without a camera.

use crate::clock::Clock;
use crate::event_log::EventLog;
use crate::event_log::embedded::EmbeddedLog;
use crate::journal::{self, Head};
use crate::receipts::{self, ReceiptKey};
use liveness_events::challenge::{Challenge, Step, Turn};
use liveness_events::delivery::{DeliveryTried, TryResult};
use liveness_events::measurement::{Bounds, Cues, Face, Frame, Measurement};
use liveness_events::session::{
    Created, ErasedBecause, ExpiredBecause, KeptImage, ModelRole, ModelUsed, SessionEvent,
};
use liveness_events::values::{AuditImages, ReturnUrl, Threshold};
use liveness_events::verdict::{PolicyVersion, Verdict};
use liveness_events::{Digest, Timestamp, stream};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// When the sample sessions begin.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_764_000_000_000);

/// An embedded log in a folder of its own.
pub(crate) fn open() -> (Arc<dyn EventLog>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path().join("events.db")).unwrap();
    (Arc::new(log), folder)
}

pub(crate) fn key() -> ReceiptKey {
    ReceiptKey::from_seed(&[7; 32]).unwrap()
}

fn after(millis: u64) -> Timestamp {
    BEGIN.plus(Duration::from_millis(millis))
}

fn bounds() -> Bounds {
    Bounds { left: 0.25, top: 0.2, width: 0.5, height: 0.5 }
}

fn frame(session: Uuid, seq: u32) -> SessionEvent {
    let face = Face {
        bounds: bounds(),
        size: 0.4667,
        presence: 0.9981,
        yaw: f64::from(seq % 40) - 20.25,
        pitch: -3.5,
        roll: 0.75,
        eyes_over_nose: 1.9125,
        width_over_height: 0.8775,
        sharpness: 112.5,
        brightness: 0.52,
        contrast: 0.17,
        compared: None,
        texture: None,
    };
    let sha256 = Digest::of(format!("{session} {seq}").as_bytes());
    let measurement = Measurement { faces: 1, face: Some(face), cues: Cues::default() };
    let frame = Frame { seq, sha256, bytes: 48_213, width: 640, height: 480, measurement };
    SessionEvent::FrameReceived { at: after(2_000 + u64::from(seq) * 100), frame }
}

fn created(session: Uuid) -> SessionEvent {
    SessionEvent::Created(Created {
        at: BEGIN,
        owner: Uuid::from_u128(7),
        expires_at: after(600_000),
        return_url: ReturnUrl::parse("https://example.com/return?case=ä").unwrap(),
        webhook_url: Some("https://example.com/webhook".parse().unwrap()),
        threshold: Threshold::new(70).unwrap(),
        audit_images: AuditImages::new(0).unwrap(),
        token: Digest::of(session.as_bytes()),
        capture_key: Digest::of(session.to_string().as_bytes()),
        request: None,
    })
}

/// Left, right, right, right.
fn challenge() -> Challenge {
    Challenge::from_turns(&[Turn::Left, Turn::Right, Turn::Right, Turn::Right]).unwrap()
}

/// The events of a session that was scored, with so many frames.
pub(crate) fn scored(session: Uuid, frames: u32) -> Vec<SessionEvent> {
    let mut events = vec![
        created(session),
        SessionEvent::CaptureStarted { at: after(1_000), attempt: 1, challenge: challenge(), camera: None },
        SessionEvent::StepIssued { at: after(1_500), index: 0, step: Step::TurnLeft },
    ];
    events.extend((0..frames).map(|seq| frame(session, seq)));
    events.push(SessionEvent::Completed {
        at: after(2_000 + u64::from(frames) * 100),
        policy: PolicyVersion::V1,
        verdict: Verdict { passed: true, confidence: 98.5, threshold: 70, signals: vec![], reasons: vec![] },
        models: vec![ModelUsed {
            name: "facemesh".into(),
            sha256: Digest::of(b"model"),
            role: ModelRole::Weighed,
        }],
        images: vec![KeptImage { seq: 0, sha256: Digest::of(b"picture"), bounding_box: bounds() }],
        sealed: None,
    });
    events
}

/// The events of a session that nobody began.
pub(crate) fn expired(session: Uuid) -> Vec<SessionEvent> {
    vec![created(session), SessionEvent::Expired { at: after(600_000), because: ExpiredBecause::LinkEnded }]
}

pub(crate) fn erased() -> SessionEvent {
    let images = vec![Digest::of(b"picture")];
    SessionEvent::ImagesErased {
        at: after(2_400_000),
        because: ErasedBecause::RetentionEnded,
        images,
        sealed: None,
    }
}

/// Appends a session's events, a delivery, and the receipts.
pub(crate) async fn record(log: &dyn EventLog, session: Uuid, events: &[SessionEvent]) {
    let stream = stream::session(session);
    journal::append(log, &stream, Head::default(), session, session, events).await.unwrap();
    let result = TryResult::Delivered { status: 204 };
    let tried = DeliveryTried { at: after(700_000), id: session, attempt: 1, result };
    let deliveries = stream::deliveries(session);
    journal::append(log, &deliveries, Head::default(), session, session, &[tried]).await.unwrap();
    receipts::complete(log, &Clock::default(), &key(), session).await.unwrap();
}

/// Appends a scored session of `frames` frames whose images were erased, with its receipts.
pub(crate) async fn whole(log: &dyn EventLog, session: Uuid, frames: u32) {
    let mut events = scored(session, frames);
    events.push(erased());
    record(log, session, &events).await;
}
