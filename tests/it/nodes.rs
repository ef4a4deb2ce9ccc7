//! Many nodes over one log that another process keeps: a request goes to any of them, they are killed and started again,
//! and nobody who uses the service need know.

use crate::clients::{Client, Ledger, Places, assert_told};
use crate::kit::{Cluster, GUARD, Random, Receiver, assert_sound, assert_views_follow, eventually_within};
use liveness_events::session::SessionEvent;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// Checks that are asked for.
const CHECKS: usize = 200;
/// Checks at once.
const CLIENTS: usize = 16;
/// Between two kills.
const KILL_EVERY: Duration = Duration::from_secs(2);
/// The retention, room for a lease to pass to another node, and the age at which images that no event names are swept.
const ERASED_WITHIN: Duration = Duration::from_secs(300);

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
    let gone = async || folders.iter().all(|folder| files(folder) == 0).then_some(());
    eventually_within(ERASED_WITHIN, "no image outlives its retention", gone).await;
    for node in cluster.nodes.drain(..) {
        node.kill();
    }
    let log_dir = cluster.path("log");
    let sessions = assert_sound(&log_dir).await;
    ledger.assert_recorded(&sessions);
    for (id, events) in &sessions {
        let count = |what: fn(&SessionEvent) -> bool| events.iter().filter(|event| what(event)).count();
        let completed = count(|event| matches!(event, SessionEvent::Completed { .. }));
        let erased = count(|event| matches!(event, SessionEvent::ImagesErased { .. }));
        assert_eq!(completed, erased, "the images of {id} are erased once");
    }
    for node in 0..2 {
        assert_views_follow(&cluster.node_dir(node), &log_dir).await;
    }
}
