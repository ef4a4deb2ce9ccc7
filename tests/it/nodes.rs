//! Many nodes over one log that another process keeps: a request goes to any of them, they are killed and started again,
//! and nobody who uses the service need know.

use crate::clients::{Client, Ledger, Places, assert_told};
use crate::kit::{
    Api, Capture, Cluster, GUARD, Heard, Random, Receiver, assert_sound, assert_views_follow, attend,
    await_receipts, eventually, eventually_within, fail_attempt, keys,
};
use crate::people::{Person, rendered};
use liveness_events::session::SessionEvent;
use serde_json::json;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Checks that are asked for.
const CHECKS: usize = 200;
/// Checks at once.
const CLIENTS: usize = 16;
/// Between two kills.
const KILL_EVERY: Duration = Duration::from_secs(2);
/// The retention, room for a lease to pass to another node, and the age at which images that no event names are swept.
const ERASED_WITHIN: Duration = Duration::from_secs(300);

fn completed(events: &[SessionEvent]) -> usize {
    events.iter().filter(|event| matches!(event, SessionEvent::Completed { .. })).count()
}

fn erased(events: &[SessionEvent]) -> usize {
    events.iter().filter(|event| matches!(event, SessionEvent::ImagesErased { .. })).count()
}

/// By when all nodes know of a key.
const SOON: Duration = Duration::from_secs(1);

/// Files in a folder and below.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[actix_web::test]
async fn nodes_that_die_are_not_missed() {
    let mut random = Random::seeded("nodes");
    let receiver = Receiver::start();
    receiver.answer(&[204, 204, 503, 204, 204, 204, 500]);
    let mut cluster = Cluster::start(2).await;
    let places = Places::new([cluster.api(0), cluster.api(1)]);
    let ledger = Rc::new(Ledger::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let random = Random::new(random.next());
            Client::new(number, places.clone(), receiver.url.clone(), ledger.clone(), random)
        })
        .map(|client| actix_web::rt::spawn(client.live()))
        .collect();
    while ledger.len() < CHECKS {
        tokio::time::sleep(KILL_EVERY).await;
        let node = usize::from(random.below(2) == 0);
        cluster.kill_and_start(node).await;
        places.put(node, cluster.api(node));
    }
    ledger.close();
    let ended = tokio::time::timeout(GUARD, futures::future::join_all(clients)).await;
    for client in ended.expect("each client brings its check to an end") {
        client.unwrap();
    }
    eprintln!("{}", ledger.summary());

    assert_told(&receiver, &cluster.recorded().await).await;
    ledger.assert_answers(&cluster.api(0)).await;
    ledger.assert_answers(&cluster.api(1)).await;
    let folders = [cluster.path("images"), cluster.path("image-keys")];
    let gone = async || {
        let told = cluster.recorded().await.values().all(|events| erased(events) == completed(events));
        (told && folders.iter().all(|folder| files(folder) == 0)).then_some(())
    };
    eventually_within(ERASED_WITHIN, "no image outlives its retention, and the log says so", gone).await;
    let log_dir = cluster.path("log");
    await_receipts(&log_dir).await;
    for node in cluster.nodes.drain(..) {
        node.kill();
    }
    let sessions = assert_sound(&log_dir).await;
    ledger.assert_recorded(&sessions);
    for (id, events) in &sessions {
        assert_eq!(completed(events), erased(events), "the images of {id} are erased once");
    }
    for node in 0..2 {
        assert_views_follow(&cluster.node_dir(node), &log_dir).await;
    }
}

#[actix_web::test]
async fn a_check_that_was_completed_elsewhere_is_erased_here() {
    let cluster = Cluster::start(2).await;
    let (here, elsewhere) = (cluster.api(0), cluster.api(1));
    let check = here.create(json!({})).await;
    assert_eq!(fail_attempt(&here, &check).await.told()["type"], "attempt_failed");
    assert_eq!(attend(&elsewhere, &check, &mut Person::new(rendered())).await.kind(), "end");
    assert_eq!(here.result(&check).await.status, 200);
    assert_eq!(here.delete(&check).await.status, 204);
    assert_eq!(here.event_types(&check).await.last().unwrap(), "ImagesErased");
    assert_eq!(files(&cluster.path("images")) + files(&cluster.path("image-keys")), 0);
}

#[actix_web::test]
async fn the_newer_of_two_captures_counts_wherever_it_is() {
    let cluster = Cluster::start(2).await;
    let (here, elsewhere) = (cluster.api(0), cluster.api(1));
    let check = here.create(json!({})).await;
    let mut before = Capture::begin(&here, &check).await;
    let mut after = Capture::begin(&elsewhere, &check).await;
    let told = before.insist(&rendered().ahead()).await;
    assert!(matches!(told, Heard::Closed(4409, _)), "{told:?}");
    after.show(rendered().ahead()).await;
    assert_eq!(after.hear().await.kind(), "guide", "who left behind a socket ends nothing by it");
}

#[actix_web::test]
async fn keys_and_idempotency_hold_at_all_nodes() {
    let cluster = Cluster::start(2).await;
    let log_dir = cluster.path("log");
    let key = keys(&log_dir, &["create", "--name", "another"]);
    let apis = [cluster.api(0).with_key(&key), cluster.api(1).with_key(&key)];
    let body = json!({ "return_url": "https://example.com/" });
    let status = async |api: &Api| api.try_post(&body, Some("once")).await.unwrap().status;
    let all = async |status_of: u16| {
        let made = Instant::now();
        for api in &apis {
            let known = async || (status(api).await == status_of).then_some(());
            eventually(&format!("{status_of} at each node"), known).await;
        }
        assert!(made.elapsed() < SOON, "{:?}", made.elapsed());
    };
    all(201).await;
    let [one, other] = [&apis[0], &apis[1]];
    let first = one.try_post(&body, Some("same")).await.unwrap().check();
    assert_eq!(other.try_post(&body, Some("same")).await.unwrap().check(), first);
    let different = json!({ "return_url": "https://example.com/other" });
    assert_eq!(other.try_post(&different, Some("same")).await.unwrap().status, 422);
    let listed = keys(&log_dir, &["list"]);
    let id = listed.lines().find(|line| line.contains("another")).unwrap().split_whitespace().next().unwrap();
    keys(&log_dir, &["revoke", id]);
    all(401).await;
}
