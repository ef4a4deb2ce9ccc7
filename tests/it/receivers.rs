//! Webhooks, as those meet them who subscribed.

use crate::kit::{Check, Receiver, TestApp, eventually};
use serde_json::{Value, json};
use std::net::{IpAddr, ToSocketAddrs as _};

/// A check that has expired.
async fn expired(app: &TestApp, webhook_url: &str) -> Check {
    let check = app.create(json!({ "link_valid_mins": 5, "webhook_url": webhook_url })).await;
    app.advance(5);
    check
}

#[actix_web::test]
async fn a_failed_delivery_is_tried_again() {
    let mut app = TestApp::start();
    let receiver = Receiver::start();
    receiver.answer(&[500, 503]);
    let check = expired(&app, &receiver.url).await;
    receiver.wait_for(&check, 1).await;
    let tried =
        async || (app.deliveries(&check).await[0]["tries"].as_array().unwrap().len() == 1).then_some(());
    eventually("the try is recorded", tried).await;
    assert_eq!(receiver.of(&check).len(), 1, "not before its time");
    app.advance_secs(7);
    receiver.wait_for(&check, 2).await;
    // What is due while the service is down goes out when it is up.
    let tried =
        async || (app.deliveries(&check).await[0]["tries"].as_array().unwrap().len() == 2).then_some(());
    eventually("the second try is recorded", tried).await;
    app.stop();
    app.advance_secs(40);
    app.start_again();
    let received = receiver.wait_for(&check, 3).await;
    assert_eq!(received.iter().map(|one| one.answered).collect::<Vec<_>>(), [500, 503, 204]);
    for one in &received {
        one.assert_tells("expired", &check);
        assert_eq!(one.header("webhook-id"), received[0].header("webhook-id"));
    }
    let delivered =
        async || Some(app.deliveries(&check).await.remove(0)).filter(|one| one["state"] == "delivered");
    let delivery = eventually("it is delivered", delivered).await;
    assert_eq!(delivery["id"], received[0].header("webhook-id"));
    assert_eq!(delivery["tries"].as_array().unwrap().len(), 3);
    app.advance(24 * 60);
    app.stop();
    app.start_again();
    assert_eq!(receiver.of(&check).len(), 3, "what was taken is not sent again");
    app.finish().await;
}

#[actix_web::test]
async fn one_who_hangs_keeps_no_other_waiting() {
    let app = TestApp::start();
    let receiver = Receiver::start();
    // It takes connections and says nothing.
    let mute = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
    let hanging = format!("http://{}/", mute.local_addr().unwrap());
    for _ in 0..20 {
        app.create(json!({ "link_valid_mins": 5, "webhook_url": hanging })).await;
    }
    let check = expired(&app, &receiver.url).await;
    receiver.wait_for(&check, 1).await[0].assert_tells("expired", &check);
    drop(mute);
    app.finish().await;
}

#[actix_web::test]
async fn private_addresses_are_refused() {
    let app = TestApp::with(&[]);
    let literal = [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://0x7f.1/",
    ];
    for url in literal.into_iter().chain(["https://localhost/", "http://example.com/"]) {
        let answer = app.post(&json!({ "return_url": "https://example.com/", "webhook_url": url })).await;
        assert_eq!(answer.status, 400, "{url}: {}", answer.text);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/webhook_url", "{url}");
    }
    app.finish().await;
}

/// A name that passes for a public one and leads to this machine, where the system has one.
fn name_of_this_machine() -> Option<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names =
        hosts.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split_whitespace().skip(1));
    let is_local =
        |name: &&str| !name.ends_with("localhost") && !name.contains("internal") && !name.contains(".local");
    let leads_here = |name: &&str| {
        let Ok(mut found) = (*name, 443).to_socket_addrs() else { return false };
        found.all(|address| match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
            IpAddr::V6(ip) => ip.is_loopback(),
        })
    };
    names.filter(is_local).find(leads_here).map(str::to_owned)
}

#[actix_web::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    let Some(name) = name_of_this_machine() else {
        eprintln!("passed over: /etc/hosts names this machine by no name but localhost");
        return;
    };
    let app = TestApp::with(&[]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let check = expired(&app, &format!("https://{name}:{port}/hook")).await;
    let tried = async || -> Option<Value> { app.deliveries(&check).await.first()?["tries"].get(0).cloned() };
    let tried = eventually("a try is recorded", tried).await;
    assert_eq!(tried["why"], "refused: the host does not resolve to a public address");
    assert!(listener.accept().is_err(), "nobody connected");
    app.finish().await;
}
