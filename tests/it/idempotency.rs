//! The same request twice is one check.

use crate::kit::{Check, TestApp};
use serde_json::{Value, json};

const RETURN: &str = "https://example.com/return";

async fn created(app: &TestApp, body: &Value, key: &str) -> Check {
    app.try_post(body, Some(key)).await.unwrap().check()
}

#[actix_web::test]
async fn an_idempotency_key_is_honoured_for_a_day_also_over_a_restart() {
    let mut app = TestApp::start();
    let body = json!({ "return_url": RETURN, "threshold": 60 });
    let other = json!({ "return_url": RETURN, "threshold": 61 });
    let first = created(&app, &body, "one").await;
    assert_eq!(created(&app, &body, "one").await, first);
    assert_ne!(created(&app, &body, "two").await, first);
    let refused = app.try_post(&other, Some("one")).await.unwrap();
    assert_eq!(
        (refused.status, refused.headers["content-type"].to_str().unwrap()),
        (422, "application/problem+json")
    );
    app.stop();
    app.start_again();
    assert_eq!(created(&app, &body, "one").await, first);
    assert_eq!(app.try_post(&other, Some("one")).await.unwrap().status, 422);
    app.advance(24 * 60 - 1);
    assert_eq!(created(&app, &body, "one").await, first);
    app.advance(2);
    let anew = created(&app, &other, "one").await;
    assert_ne!(anew, first);
    assert_eq!(created(&app, &other, "one").await, anew);
    app.finish().await;
}

#[actix_web::test]
async fn the_same_request_many_times_at_once() {
    let app = TestApp::start();
    let body = json!({ "return_url": RETURN });
    let answers = futures::future::join_all((0..20).map(|_| created(&app, &body, "k"))).await;
    assert!(answers.iter().all(|check| *check == answers[0]));
    app.finish().await;
}
