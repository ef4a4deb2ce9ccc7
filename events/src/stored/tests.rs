//! Golden files: what was ever written stays readable, and what is written now is what the files say.

use super::*;
use crate::api_key::{ApiKey, Scope};
use crate::challenge::{Challenge, Colour, Step, Turn, Way};
use crate::delivery::TryResult;
use crate::lease::LeaseTaken;
use crate::measurement::{Bounds, Comparison, Cues, Face, Frame, Measurement};
use crate::receipt::{End, Found, PublicKey, Receipt, Summary};
use crate::session::{
    AttemptFailure, CameraReport, CancelledBy, Created, ErasedBecause, ExpiredBecause, KeptImage, ModelRole,
    ModelUsed, Sealed,
};
use crate::values::{AuditImages, ReturnUrl, Threshold};
use crate::verdict::{PolicyVersion, Reason, Signal, SignalScore, Verdict};
use crate::{Digest, Timestamp};
use serde_json::Value;
use std::path::PathBuf;
use uuid::Uuid;

fn at() -> Timestamp {
    Timestamp::from_millis(1_764_000_000_123)
}

fn bounds() -> Bounds {
    Bounds { left: 0.25, top: 0.2, width: 0.5, height: 0.5 }
}

fn kept() -> KeptImage {
    KeptImage { seq: 12, sha256: Digest::of(b"picture"), bounding_box: bounds() }
}

fn frame() -> Frame {
    let face = Face {
        bounds: bounds(),
        size: 0.6667,
        presence: 0.9981,
        yaw: 21.25,
        pitch: -3.5,
        roll: 0.75,
        eyes_over_nose: 1.9125,
        width_over_height: 0.8775,
        sharpness: 112.5,
        brightness: 0.52,
        contrast: 0.17,
        compared: Some(Comparison { frame: 4, planarity: 0.0812, similarity: Some(0.8125) }),
        texture: None,
    };
    Frame {
        seq: 7,
        sha256: Digest::of(b"picture"),
        bytes: 48_213,
        width: 640,
        height: 480,
        measurement: Measurement { faces: 1, face: Some(face), cues: Cues::default() },
    }
}

fn frame_with_cues() -> Frame {
    let mut frame = frame();
    frame.measurement.cues =
        [("nose", vec![0.5312, 0.41, 0.3875]), ("round_trip", vec![0.0431])].into_iter().collect();
    frame
}

fn turns() -> Challenge {
    Challenge::from_turns(&[Turn::Left, Turn::Right, Turn::Right, Turn::Right]).unwrap()
}

fn started() -> SessionEvent {
    let steps = vec![Step::TurnLeft, Step::Hold, Step::Nearer, Step::Light(Colour::Red)];
    let fallback = vec![Step::Farther, Step::TurnRight, Step::Hold];
    let camera = CameraReport { label: "HD Webcam".into(), width: 1280, height: 720, frame_rate: 30.0 };
    SessionEvent::CaptureStarted {
        at: at(),
        attempt: 1,
        challenge: Challenge::recorded(Way::Light, steps, fallback).unwrap(),
        camera: Some(camera),
    }
}

fn verdict() -> Verdict {
    Verdict {
        passed: false,
        confidence: 12.5,
        threshold: 70,
        signals: vec![SignalScore {
            signal: Signal::new("depth"),
            value: Some(0.0375),
            score: Some(0.125),
            lost: 87.5,
        }],
        reasons: vec![Reason::new("flat_surface")],
    }
}

fn sealed() -> Sealed {
    Sealed { key: Digest::of(b"wrapped key"), objects: vec![Digest::of(b"sealed picture")] }
}

fn completed(sealed: Option<Sealed>) -> SessionEvent {
    SessionEvent::Completed {
        at: at(),
        policy: PolicyVersion::V1,
        verdict: verdict(),
        models: vec![ModelUsed {
            name: "facemesh".into(),
            sha256: Digest::of(b"model"),
            role: ModelRole::Weighed,
        }],
        images: vec![kept()],
        sealed,
    }
}

/// The same, with a further network whose numbers were recorded and not weighed.
fn with_a_shadow(mut event: SessionEvent) -> SessionEvent {
    if let SessionEvent::Completed { models, .. } = &mut event {
        let sha256 = Digest::of(b"another model");
        models.push(ModelUsed { name: "antispoof".into(), sha256, role: ModelRole::Shadow });
    }
    event
}

fn erased(sealed: Option<Sealed>) -> SessionEvent {
    let images = vec![Digest::of(b"picture")];
    SessionEvent::ImagesErased { at: at(), because: ErasedBecause::RetentionEnded, images, sealed }
}

fn session_events() -> Vec<(&'static str, SessionEvent)> {
    let created = Created {
        at: at(),
        owner: Uuid::from_u128(7),
        expires_at: Timestamp::from_millis(1_764_000_600_123),
        return_url: ReturnUrl::parse("https://example.com/return?case=1").unwrap(),
        webhook_url: Some("https://example.com/webhook".parse().unwrap()),
        threshold: Threshold::new(70).unwrap(),
        audit_images: AuditImages::new(2).unwrap(),
        token: Digest::of(b"token"),
        capture_key: Digest::of(b"key"),
        request: None,
    };
    vec![
        ("SessionCreated.v1", SessionEvent::Created(created)),
        (
            "CaptureStarted.v1",
            SessionEvent::CaptureStarted { at: at(), attempt: 1, challenge: turns(), camera: None },
        ),
        ("CaptureStarted.v2", started()),
        ("FrameReceived.v1", SessionEvent::FrameReceived { at: at(), frame: frame() }),
        ("FrameReceived.v2", SessionEvent::FrameReceived { at: at(), frame: frame_with_cues() }),
        ("StepIssued.v2", SessionEvent::StepIssued { at: at(), index: 7, step: Step::Light(Colour::Cyan) }),
        ("StepIssued.v1", SessionEvent::StepIssued { at: at(), index: 0, step: Step::TurnLeft }),
        (
            "AttemptFailed.v1",
            SessionEvent::AttemptFailed { at: at(), attempt: 1, reason: AttemptFailure::NoFace },
        ),
        ("SessionCompleted.v1", completed(None)),
        ("SessionCompleted.v2", completed(Some(sealed()))),
        ("SessionCompleted.v2.shadow", with_a_shadow(completed(Some(sealed())))),
        ("SessionExpired.v1", SessionEvent::Expired { at: at(), because: ExpiredBecause::AttemptsExhausted }),
        ("SessionCancelled.v1", SessionEvent::Cancelled { at: at(), by: CancelledBy::Backend }),
        ("ImagesErased.v1", erased(None)),
        ("ImagesErased.v2", erased(Some(sealed()))),
    ]
}

fn key_events() -> Vec<(&'static str, ApiKeyEvent)> {
    let key = ApiKey {
        at: at(),
        id: Uuid::from_u128(7),
        name: "shop".into(),
        hash: Digest::of(b"key"),
        scopes: [Scope::Api, Scope::Audit].into(),
        sandbox: false,
    };
    vec![
        ("ApiKeyCreated.v1", ApiKeyEvent::Created(key)),
        ("ApiKeyRevoked.v1", ApiKeyEvent::Revoked { at: at(), id: Uuid::from_u128(7) }),
    ]
}

fn delivery_events() -> Vec<(&'static str, DeliveryTried)> {
    let tried = |attempt, result| DeliveryTried { at: at(), id: Uuid::from_u128(9), attempt, result };
    vec![
        ("DeliveryTried.v1.delivered", tried(2, TryResult::Delivered { status: 204 })),
        (
            "DeliveryTried.v1.failed",
            tried(
                1,
                TryResult::Failed {
                    why: "no connection".into(),
                    next_at: Timestamp::from_millis(1_764_000_005_000),
                },
            ),
        ),
        ("DeliveryTried.v1.given_up", tried(9, TryResult::GivenUp { why: "status 500".into() })),
    ]
}

fn lease_events() -> Vec<(&'static str, LeaseTaken)> {
    let until = Timestamp::from_millis(1_764_000_010_123);
    vec![("LeaseTaken.v1", LeaseTaken { at: at(), node: Uuid::from_u128(11), until })]
}

fn receipt_events() -> Vec<(&'static str, SignedReceipt)> {
    let signed = |found, end, erased: &[Digest]| SignedReceipt {
        receipt: Receipt {
            at: at(),
            key_id: PublicKey::new([7; 32]).id(),
            session: Uuid::from_u128(5),
            revision: 41,
            head: Digest::of(b"the event at revision 41"),
            summary: Summary { end, found, erased: erased.to_vec() },
        },
        signature: [0xab; 64],
    };
    let found = Found {
        policy: PolicyVersion::V1,
        passed: true,
        confidence: 98.0,
        threshold: 70,
        reasons: vec![],
        models: vec![ModelUsed {
            name: "facemesh".into(),
            sha256: Digest::of(b"model"),
            role: ModelRole::Weighed,
        }],
    };
    vec![
        ("ReceiptSigned.v1.complete", signed(Some(found), End::Complete, &[Digest::of(b"picture")])),
        ("ReceiptSigned.v1.expired", signed(None, End::Expired, &[])),
    ]
}

fn receipt_key_events() -> Vec<(&'static str, KeyAnnounced)> {
    vec![("ReceiptKeyAnnounced.v1", KeyAnnounced { at: at(), key: PublicKey::new([7; 32]) })]
}

/// Compares with the golden file; `GOLDEN=write` writes those that do not exist yet, and never alters one.
fn check<E: Stored + PartialEq + std::fmt::Debug>(events: Vec<(&'static str, E)>) -> usize {
    for (name, event) in &events {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.json"));
        let (event_type, data) = event.encode().unwrap();
        assert_eq!(name.split('.').next(), Some(event_type));
        let written: Value = serde_json::from_slice(&data).unwrap();
        if std::env::var("GOLDEN").as_deref() == Ok("write") && !path.exists() {
            std::fs::write(&path, serde_json::to_string_pretty(&written).unwrap() + "\n").unwrap();
        }
        let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(&E::decode(event_type, &golden).unwrap(), event, "{name} is no longer read as it was");
        assert_eq!(
            written,
            serde_json::from_slice::<Value>(&golden).unwrap(),
            "{name} is no longer written as it was"
        );
    }
    events.len()
}

#[test]
fn every_event_has_a_golden_file_and_every_golden_file_is_read() {
    let checked = check(session_events())
        + check(key_events())
        + check(delivery_events())
        + check(lease_events())
        + check(receipt_events())
        + check(receipt_key_events());
    let files = std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")).unwrap().count();
    assert_eq!(checked, files, "a golden file is read by no test");
}

#[test]
fn what_is_not_known_says_so() {
    let newer = SessionEvent::decode("SessionCreated", br#"{"v":999}"#).unwrap_err();
    assert!(matches!(newer, Unreadable::Unknown { version: 999, .. }), "{newer}");
    let strange = SessionEvent::decode("SomethingElse", br#"{"v":1}"#).unwrap_err();
    assert!(matches!(strange, Unreadable::Unknown { .. }), "{strange}");
    let broken = SessionEvent::decode("SessionCreated", b"{").unwrap_err();
    assert!(matches!(broken, Unreadable::Malformed { .. }), "{broken}");
}

#[test]
fn a_receipt_is_stored_as_it_is_signed() {
    for (name, event) in receipt_events() {
        let (event_type, data) = event.encode().unwrap();
        let signed = String::from_utf8(event.receipt.signing_bytes().unwrap()).unwrap();
        assert!(String::from_utf8(data.to_vec()).unwrap().contains(&signed), "{name}: {signed}");
        let more = String::from_utf8(data.to_vec()).unwrap().replace(r#""purpose""#, r#""more":1,"purpose""#);
        let refused = SignedReceipt::decode(event_type, more.as_bytes()).unwrap_err();
        assert!(refused.to_string().contains("more"), "{refused}");
    }
}
