//! Checks over HTTP alone: creation, polling, cancellation.

use crate::kit::TestApp;
use reqwest::Method;
use serde_json::json;

#[actix_web::test]
async fn creation_polling_and_cancellation() {
    let app = TestApp::start();
    let check = app.create(json!({ "link_valid_mins": 5 })).await;
    assert!(check.token.len() == 32 && check.token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(!check.path.contains(&check.token), "a token opens no camera");
    for _ in 0..3 {
        let answer = app.result(&check).await;
        assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (202, "2"));
        assert_eq!(answer.json()["status"], "pending");
        assert_eq!(answer.json()["uuid"], check.uuid);
    }
    for _ in 0..3 {
        let answer = app.delete(&check).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        assert_eq!(app.result(&check).await.status, 410);
    }
    assert_eq!(app.event_types(&check).await, ["SessionCreated", "SessionCancelled"]);
    app.finish().await;
}

#[actix_web::test]
async fn each_answer_holds_at_once() {
    let app = TestApp::start();
    for _ in 0..50 {
        let check = app.create(json!({})).await;
        assert_eq!(app.result(&check).await.status, 202, "what was created is known");
        assert_eq!(app.delete(&check).await.status, 204);
        assert_eq!(app.result(&check).await.status, 410, "what was cancelled is over");
    }
    app.finish().await;
}

#[actix_web::test]
async fn unknown_tokens_and_keys() {
    let app = TestApp::start();
    let check = app.create(json!({})).await;
    for token in ["x", "", "00000000000000000000000000000000"] {
        for method in [Method::GET, Method::DELETE] {
            let answer = app.send(method, &format!("/liveness_check?token={token}")).await.unwrap();
            assert_eq!(answer.status, 400, "{token}");
        }
    }
    let stranger = app.with_key("lk_live_0");
    assert_eq!(stranger.result(&check).await.status, 401);
    app.finish().await;
}
