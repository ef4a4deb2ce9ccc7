//! API keys that another process makes and revokes.

use crate::kit::{Api, Service, TestApp, eventually, keys, run};
use serde_json::json;
use std::time::{Duration, Instant};

/// By when a running service knows.
const SOON: Duration = Duration::from_secs(1);

async fn status(api: &Api) -> u16 {
    api.post(&json!({ "return_url": "https://example.com/" })).await.status
}

#[actix_web::test]
async fn a_key_works_and_stops_within_a_second() {
    let app = TestApp::start();
    let key = keys(app.dir(), &["create", "--name", "another"]);
    let made = Instant::now();
    let api = app.with_key(&key);
    eventually("the key works", async || (status(&api).await == 201).then_some(())).await;
    assert!(made.elapsed() < SOON, "{:?}", made.elapsed());

    let listed = keys(app.dir(), &["list"]);
    assert!(!listed.contains(&key));
    let id = listed.lines().find(|line| line.contains("another")).unwrap().split_whitespace().next().unwrap();
    keys(app.dir(), &["revoke", id]);
    let revoked = Instant::now();
    eventually("the key is refused", async || (status(&api).await == 401).then_some(())).await;
    assert!(revoked.elapsed() < SOON, "{:?}", revoked.elapsed());
    assert_eq!(status(&app).await, 201, "others still work");
    app.finish().await;
}

#[actix_web::test]
async fn checks_are_their_owners() {
    let app = TestApp::start();
    let other = app.with_key(&keys(app.dir(), &["create", "--name", "other"]));
    eventually("the key works", async || (status(&other).await == 201).then_some(())).await;
    let check = app.create(json!({})).await;
    assert_eq!(other.result(&check).await.status, 400);
    assert_eq!(other.delete(&check).await.status, 400);
    assert_eq!(other.get(&format!("/liveness_checks/{}/deliveries", check.uuid)).await.status, 404);
    assert_eq!(other.get(&format!("/liveness_checks/{}/events", check.uuid)).await.status, 403);
    assert_eq!(app.result(&check).await.status, 202);
    app.finish().await;
}

#[actix_web::test]
async fn another_master_key_than_that_of_the_checks_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let key = keys(dir.path(), &["create", "--name", "it"]);
    let service = Service::start(dir.path());
    Api::new(service.address, &key).create(json!({})).await;
    service.kill();
    std::fs::write(dir.path().join("master.key"), [1; 32]).unwrap();
    let refused = run(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("master key"), "{refused:?}");
}
