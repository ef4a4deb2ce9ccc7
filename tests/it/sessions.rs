//! Whole sessions over the network.

use crate::kit::{Answer, Api, Capture, Check, Heard, Receiver, TestApp, attend, eventually, fail_attempt};
use crate::people::{Person, rendered};
use serde_json::json;

/// Lets a rendered head do what is asked, and returns what GET then says.
pub(crate) async fn pass(api: &Api, check: &Check) -> Answer {
    let end = attend(api, check, &mut Person::new(rendered())).await;
    assert_eq!(end.kind(), "end", "{end:?}");
    assert_eq!(end.told()["outcome"], "complete", "{end:?}");
    let answer = api.result(check).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

pub(crate) async fn assert_passed(api: &Api, check: &Check) {
    let answer = pass(api, check).await;
    assert_eq!(answer.json()["result"]["passed"], true, "{}", answer.text);
}

#[actix_web::test]
async fn a_check_from_its_creation_to_its_result() {
    let app = TestApp::start();
    let receiver = Receiver::start();
    let check = app.create(json!({ "webhook_url": receiver.url, "audit_images": 2, "threshold": 60 })).await;
    let pending = app.result(&check).await;
    assert_eq!((pending.status, pending.json()["status"].as_str()), (202, Some("pending")));
    let answer = pass(&app, &check).await;
    let body = answer.json();
    assert_eq!(
        (body["status"].as_str(), body["uuid"].as_str()),
        (Some("complete"), Some(check.uuid.as_str()))
    );
    let result = &body["result"];
    assert_eq!(
        (result["passed"].as_bool(), result["threshold"].as_u64()),
        (Some(true), Some(60)),
        "{result}"
    );
    assert!(result["image"].as_str().unwrap().starts_with("data:image/jpeg;base64,"));
    assert_eq!(result["audit_images"].as_array().unwrap().len(), 2);
    assert_eq!(app.result(&check).await.json(), body, "polling changes nothing");
    receiver.wait_for(&check, 1).await[0].assert_tells("complete", &check);
    let types = app.event_types(&check).await;
    assert_eq!(types[..2], ["SessionCreated", "CaptureStarted"]);
    assert_eq!(types.last().unwrap(), "SessionCompleted");
    app.finish().await;
}

#[actix_web::test]
async fn in_progress_is_told_while_the_camera_is_on() {
    let app = TestApp::start();
    let check = app.create(json!({})).await;
    let capture = Capture::begin(&app, &check).await;
    let status = async || app.result(&check).await.json()["status"] == "in_progress";
    eventually("the check is in progress", async || status().await.then_some(())).await;
    drop(capture);
    app.finish().await;
}

#[actix_web::test]
async fn two_connections_on_one_link() {
    let app = TestApp::start();
    let check = app.create(json!({})).await;
    let mut first = Capture::begin(&app, &check).await;
    let mut second = Person::new(rendered());
    let (end, closed) = tokio::join!(attend(&app, &check, &mut second), first.hear_close());
    assert_eq!(end.told()["outcome"], "complete", "{end:?}");
    assert_eq!(closed.0, 4409, "{closed:?}");
    assert_eq!(app.result(&check).await.json()["result"]["passed"], true);
    let types = app.event_types(&check).await;
    assert_eq!(types.iter().filter(|name| *name == "CaptureStarted").count(), 2);
    app.finish().await;
}

#[actix_web::test]
async fn a_lost_connection_costs_an_attempt_and_no_more() {
    let app = TestApp::start();
    let check = app.create(json!({})).await;
    let mut capture = Capture::begin(&app, &check).await;
    capture.show(rendered().ahead()).await;
    assert_eq!(capture.hear().await.kind(), "guide");
    // Without a close frame, as when a phone goes into a tunnel.
    drop(capture);
    let lost = async || {
        let events = app.events(&check).await;
        let failed = events.into_iter().find(|event| event["type"] == "AttemptFailed")?;
        Some(failed["data"]["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(eventually("the attempt fails", lost).await, "connection_lost");
    assert_eq!(app.result(&check).await.json()["status"], "pending");
    assert_passed(&app, &check).await;
    app.finish().await;
}

#[actix_web::test]
async fn three_failed_attempts_end_a_check() {
    let app = TestApp::start();
    let receiver = Receiver::start();
    let check = app.create(json!({ "webhook_url": receiver.url })).await;
    for left in [2, 1] {
        let failed = fail_attempt(&app, &check).await;
        assert_eq!(
            failed.told(),
            &json!({ "type": "attempt_failed", "reason": "technical", "attempts_left": left })
        );
    }
    let end = fail_attempt(&app, &check).await;
    assert_eq!(end.told()["error"], "attempts_exhausted", "{end:?}");
    let return_to = end.told()["return_to"].as_str().unwrap().to_owned();
    assert_eq!(
        return_to,
        format!("https://example.com/return?lc_token={}&error=attempts_exhausted", check.token)
    );
    let answer = app.result(&check).await;
    assert_eq!((answer.status, answer.problem()), (410, "attempts-exhausted".into()));
    receiver.wait_for(&check, 1).await[0].assert_tells("expired", &check);
    assert_eq!(Capture::open(&app, &check).await.err(), Some(410));
    app.finish().await;
}

#[actix_web::test]
async fn the_person_cancels() {
    let app = TestApp::start();
    let receiver = Receiver::start();
    let check = app.create(json!({ "webhook_url": receiver.url })).await;
    let mut capture = Capture::begin(&app, &check).await;
    capture.show(rendered().ahead()).await;
    capture.say(r#"{"type":"cancel","reason":"consent_declined"}"#).await;
    let end = capture.hear_end().await;
    let Heard::Told(told) = &end else { panic!("{end:?}") };
    assert_eq!((told["outcome"].as_str(), told["error"].as_str()), (Some("error"), Some("consent_declined")));
    assert_eq!(app.result(&check).await.status, 410);
    receiver.wait_for(&check, 1).await[0].assert_tells("expired", &check);
    app.finish().await;
}
