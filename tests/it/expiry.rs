//! Links end on time.

use crate::kit::{Capture, Receiver, TestApp, eventually};
use serde_json::json;
use std::net::TcpStream;

#[actix_web::test]
async fn a_link_ends_though_nobody_asks() {
    let app = TestApp::start();
    let receiver = Receiver::start();
    let short = app.create(json!({ "link_valid_mins": 5, "webhook_url": receiver.url })).await;
    let long = app.create(json!({ "link_valid_mins": 30, "webhook_url": receiver.url })).await;
    app.advance_secs(5 * 60 - 20);
    assert_eq!(app.result(&short).await.status, 202);
    app.advance_secs(20);
    receiver.wait_for(&short, 1).await[0].assert_tells("expired", &short);
    let answer = app.result(&short).await;
    assert_eq!((answer.status, answer.problem()), (410, "expired".into()));
    assert_eq!(app.event_types(&short).await, ["SessionCreated", "SessionExpired"]);
    assert_eq!(app.result(&long).await.status, 202);
    assert_eq!(Capture::open(&app, &short).await.err(), Some(410));
    assert_eq!(app.delete(&short).await.status, 204, "what is over need not be called off");
    assert_eq!(app.event_types(&short).await.len(), 2);
    app.finish().await;
}

#[actix_web::test]
async fn a_link_that_ended_while_the_service_was_down() {
    let mut app = TestApp::start();
    let receiver = Receiver::start();
    let check = app.create(json!({ "link_valid_mins": 5, "webhook_url": receiver.url })).await;
    app.stop();
    app.advance(6);
    app.start_again();
    receiver.wait_for(&check, 1).await[0].assert_tells("expired", &check);
    assert_eq!(app.result(&check).await.status, 410);
    app.finish().await;
}

#[actix_web::test]
async fn a_link_that_ends_while_the_camera_is_on() {
    let app = TestApp::start();
    let check = app.create(json!({ "link_valid_mins": 5 })).await;
    let mut capture = Capture::begin(&app, &check).await;
    app.advance(5);
    let end = capture.hear_end().await;
    assert_eq!(end.told()["error"], "expired", "{end:?}");
    eventually("the link is over", async || (app.result(&check).await.status == 410).then_some(())).await;
    app.finish().await;
}

#[actix_web::test]
async fn links_that_end_as_the_service_stops_get_their_receipts() {
    let mut app = TestApp::start();
    let mut checks = vec![];
    for _ in 0..20 {
        checks.push(app.create(json!({ "link_valid_mins": 5 })).await);
    }
    // Nobody else writes to the views, so that what ends is in the log and the notary knows nothing of it yet.
    let views = rusqlite::Connection::open(app.dir().join("views.db")).unwrap();
    views.execute_batch("BEGIN IMMEDIATE").unwrap();
    app.advance(5);
    for check in &checks {
        let over = async || (app.event_types(check).await.last()? == "SessionExpired").then_some(());
        eventually("the link is over", over).await;
    }
    app.begin_stop();
    let refused = async || TcpStream::connect(app.address).is_err().then_some(());
    eventually("the service stops", refused).await;
    views.execute_batch("ROLLBACK").unwrap();
    drop(views);
    app.stop();
    app.finish().await;
}
