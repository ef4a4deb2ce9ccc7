use crate::fake::Asked;
use crate::test_app::*;
use bytes::Bytes;
use liveness_events::challenge::{Challenge, Way};
use liveness_events::measurement::Bounds;
use liveness_events::session::{
    AttemptFailure, CancelledBy, ErasedBecause, ExpiredBecause, KeptImage, SessionEvent,
};
use liveness_events::verdict::{PolicyVersion, Reason, Verdict};
use liveness_events::{Digest, stream};
use liveness_web::messages::Trouble;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const BOX: Bounds = Bounds { left: 0.25, top: 0.2, width: 0.5, height: 0.6 };

fn kept(seq: u32) -> KeptImage {
    KeptImage { seq, sha256: Digest::of(&seq.to_be_bytes()), bounding_box: BOX }
}

pub(crate) fn started() -> SessionEvent {
    SessionEvent::CaptureStarted {
        at: at(10),
        attempt: 1,
        challenge: Challenge::draw(Way::Light, 0),
        camera: None,
    }
}

fn completed(images: Vec<KeptImage>) -> SessionEvent {
    let verdict = Verdict {
        passed: false,
        confidence: 12.34,
        threshold: 70,
        signals: vec![],
        reasons: vec![Reason::new("flat_surface")],
    };
    SessionEvent::Completed {
        at: at(30),
        policy: PolicyVersion::V1,
        verdict,
        models: vec![],
        images,
        sealed: None,
    }
}

pub(crate) fn complete() -> SessionEvent {
    completed(vec![])
}

#[actix_web::test]
async fn an_open_check_is_pending_then_in_progress() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    for (event, status) in [
        (None, "pending"),
        (Some(started()), "in_progress"),
        (
            Some(SessionEvent::AttemptFailed { at: at(20), attempt: 1, reason: AttemptFailure::NoFace }),
            "pending",
        ),
    ] {
        app.happens(event.as_slice());
        let answer = app.get_result().await;
        assert_eq!((answer.status, answer.header("retry-after")), (202, "2"));
        assert_eq!(
            answer.json(),
            json!({ "status": status, "uuid": SESSION, "expires_at": at(600).to_string() })
        );
    }
}

#[actix_web::test]
async fn a_complete_check_with_and_without_its_images() {
    let mut app = TestApp::start().await;
    app.happens(&[created(), started(), completed(vec![kept(3), kept(8)])]);
    app.script.lock().unwrap().images =
        vec![(kept(3), Bytes::from_static(b"probe")), (kept(8), Bytes::from_static(b"audit"))];
    let answer = app.get_result().await;
    assert_eq!(answer.status, 200);
    let bounding_box = json!({ "left": 0.25, "top": 0.2, "width": 0.5, "height": 0.6 });
    let without = json!({ "passed": false, "confidence": 12.3, "threshold": 70, "checked_at": at(30).to_string(),
        "reasons": ["flat_surface"] });
    let mut with = without.clone();
    with["bounding_box"] = bounding_box.clone();
    with["image"] = json!("data:image/jpeg;base64,cHJvYmU=");
    with["audit_images"] =
        json!([{ "image": "data:image/jpeg;base64,YXVkaXQ=", "bounding_box": bounding_box }]);
    assert_eq!(answer.json(), json!({ "status": "complete", "uuid": SESSION, "result": with }));

    app.happens(&[SessionEvent::ImagesErased {
        at: at(40),
        because: ErasedBecause::Requested,
        images: vec![],
        sealed: None,
    }]);
    let answer = app.get_result().await;
    assert_eq!(answer.json(), json!({ "status": "complete", "uuid": SESSION, "result": without }));
}

#[actix_web::test]
async fn a_check_that_ended_without_a_verdict_is_gone() {
    for (event, slug) in [
        (SessionEvent::Expired { at: at(600), because: ExpiredBecause::LinkEnded }, "expired"),
        (
            SessionEvent::Expired { at: at(60), because: ExpiredBecause::AttemptsExhausted },
            "attempts-exhausted",
        ),
        (SessionEvent::Cancelled { at: at(60), by: CancelledBy::Backend }, "cancelled"),
    ] {
        let mut app = TestApp::start().await;
        app.happens(&[created(), event]);
        let problem = app.get_result().await.problem(410);
        assert_eq!(problem["type"], format!("urn:liveness:problem:{slug}"));
    }
}

#[actix_web::test]
async fn tokens_that_lead_nowhere() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    let unknown = "a".repeat(32);
    for (query, kind) in [
        (String::new(), "invalid-request"),
        ("?token=".into(), "invalid-token"),
        ("?token=short".into(), "invalid-token"),
        (format!("?token={}!", &unknown[1..]), "invalid-token"),
        (format!("?token={unknown}"), "invalid-token"),
        (format!("?token={}&verbose=1", token()), "invalid-request"),
        (format!("?token={}&token={}", token(), token()), "invalid-request"),
    ] {
        for method in [Method::GET, Method::DELETE] {
            let problem = app.send(method, &format!("/liveness_check{query}")).await.problem(400);
            assert_eq!(problem["type"], format!("urn:liveness:problem:{kind}"), "{query}");
        }
    }
    let foreign = format!("/liveness_check?token={}", token());
    let as_foreign = app.send_as(OTHER_KEY, Method::GET, &foreign).await.problem(400);
    let as_unknown = app.send(Method::GET, &format!("/liveness_check?token={unknown}")).await.problem(400);
    assert_eq!(as_foreign["detail"], as_unknown["detail"], "nobody learns whose token it is");
}

#[actix_web::test]
async fn a_check_that_the_views_have_not_seen_yet_is_waited_for() {
    let mut app = TestApp::start().await;
    app.see_late(&stream::session(SESSION), &created());
    assert_eq!(app.get_result().await.status, 202);
    assert!(matches!(app.next_asked().await, Asked::CatchUp));
}

#[actix_web::test]
async fn another_node_may_have_ended_an_open_check() {
    let mut app = TestApp::sharing_its_log().await;
    app.happens(&[created(), started()]);
    app.see_late(&stream::session(SESSION), &completed(vec![]));
    assert_eq!(app.get_result().await.status, 200);
    assert!(matches!(app.next_asked().await, Asked::CatchUp));
}

#[actix_web::test]
async fn while_the_log_is_away_the_view_is_served_with_its_age() {
    let mut app = TestApp::sharing_its_log().await;
    app.happens(&[created()]);
    assert_eq!(app.get_result().await.headers.get("age"), None);
    *app.age.lock().unwrap() = Some(Duration::from_millis(7_900));
    app.script.lock().unwrap().catch_up = Err(Trouble::Unavailable("the log is away".into()));
    let answer = app.get_result().await;
    assert_eq!((answer.status, answer.header("age")), (202, "7"));
    let unknown = app.send(Method::GET, &format!("/liveness_check?token={}", "x".repeat(32))).await;
    assert_eq!(unknown.status, 503, "what the views do not know may be in the log");
}

#[actix_web::test]
async fn a_check_is_cancelled_again_and_again() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    for _ in 0..2 {
        let answer = app.send(Method::DELETE, &format!("/liveness_check?token={}", token())).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let Asked::CancelOrErase(asked) = app.next_asked().await else { panic!() };
        assert_eq!(asked.session, SESSION);
    }
}

#[actix_web::test]
async fn events_come_in_pages_to_auditors() {
    let mut app = TestApp::start().await;
    let mut events = vec![];
    for (revision, event) in (0..).zip([created(), started(), complete()]) {
        let mut recorded = app.record(&stream::session(SESSION), &event);
        recorded.revision = revision;
        events.push(recorded);
    }
    app.script.lock().unwrap().views.apply(&events).unwrap();
    app.script.lock().unwrap().events = events;

    let path = format!("/liveness_checks/{SESSION}/events");
    let page = app.send_as(AUDIT_KEY, Method::GET, &format!("{path}?from=1&limit=2")).await.json();
    assert_eq!(page["events"].as_array().unwrap().len(), 2);
    assert_eq!((&page["uuid"], &page["next"]), (&json!(SESSION), &json!(3)));
    let event = &page["events"][0];
    assert_eq!((&event["revision"], &event["type"]), (&json!(1), &json!("CaptureStarted")));
    assert_eq!(event["created"], "2025-11-24T16:00:00.000Z");
    assert!(event["data"]["challenge"].is_array() || event["data"].is_object());
    assert!(event["metadata"].is_object() && event["hash"].as_str().unwrap().len() == 64);
    let whole = app.send_as(AUDIT_KEY, Method::GET, &path).await.json();
    assert_eq!((whole["events"].as_array().unwrap().len(), whole.get("next")), (3, None));

    app.send_as(OTHER_KEY, Method::GET, &path).await.problem(403);
    for bad in ["?from=x", "?from=-1", "?limit=0", "?limit=1001", "?page=1"] {
        app.send_as(AUDIT_KEY, Method::GET, &format!("{path}{bad}")).await.problem(400);
    }
    for unknown in ["nonsense", "00000000-0000-0000-0000-00000000ffff"] {
        let path = format!("/liveness_checks/{unknown}/events");
        app.send_as(AUDIT_KEY, Method::GET, &path).await.problem(404);
    }
}

#[actix_web::test]
async fn deliveries_are_shown_to_the_owner() {
    let mut app = TestApp::start().await;
    app.happens(&[created(), complete()]);
    let path = format!("/liveness_checks/{SESSION}/deliveries");
    let answer = app.send(Method::GET, &path).await;
    assert_eq!(answer.status, 200);
    let delivery = &answer.json()["deliveries"][0];
    assert_eq!((&delivery["event"], &delivery["state"]), (&json!("complete"), &json!("pending")));
    app.send_as(OTHER_KEY, Method::GET, &path).await.problem(404);
    app.send_as(AUDIT_KEY, Method::GET, &path).await.problem(403);
    app.send(Method::GET, "/liveness_checks/nonsense/deliveries").await.problem(404);
}
