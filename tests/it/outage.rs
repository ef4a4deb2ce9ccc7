//! The log goes away and comes back: who uses the service is told to wait, and nothing has to be started anew.

use crate::kit::{Api, Capture, Cluster, attend, eventually};
use crate::people::{Person, rendered};
use reqwest::Method;
use serde_json::json;

async fn status(api: &Api, path: &str) -> Option<u16> {
    Some(api.send(Method::GET, path).await.ok()?.status)
}

async fn ready(api: &Api) {
    eventually("the service is ready", async || (status(api, "/readyz").await == Some(200)).then_some(()))
        .await;
}

async fn unready(api: &Api) {
    eventually("the service is not ready", async || {
        (status(api, "/readyz").await == Some(503)).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn while_the_log_is_away_the_service_waits() {
    let mut cluster = Cluster::start(1).await;
    let api = cluster.api(0);
    ready(&api).await;
    let check = api.create(json!({})).await;
    let mut capture = Capture::begin(&api, &check).await;

    cluster.kill_log();
    let told = capture.insist(&rendered().ahead()).await;
    assert_eq!(told.kind(), "busy", "an open capture is told to wait");
    unready(&api).await;
    assert_eq!(status(&api, "/healthz").await, Some(200));
    let refused = api.try_post(&json!({ "return_url": "https://example.com/" }), None).await.unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    let kept = api.result(&check).await;
    assert_eq!(kept.status, 202, "{kept:?}");
    assert!(kept.headers.contains_key("age"), "{kept:?}");

    cluster.start_log().await;
    ready(&api).await;
    assert!(!api.result(&check).await.headers.contains_key("age"));
    api.create(json!({})).await;
    let end = attend(&api, &check, &mut Person::new(rendered())).await;
    assert_eq!(end.kind(), "end", "{end:?}");
    assert_eq!(api.result(&check).await.status, 200);
}

#[actix_web::test]
async fn a_start_while_the_log_is_away_waits_for_it() {
    let mut cluster = Cluster::start(0).await;
    cluster.kill_log();
    let node = cluster.start_node(0).await;
    cluster.nodes.push(node);
    let api = cluster.api(0);
    unready(&api).await;
    cluster.start_log().await;
    ready(&api).await;
    api.create(json!({})).await;
}
