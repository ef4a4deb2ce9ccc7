//! Killed again and again while checks are created, captured, called off and told of: nothing that was acknowledged is
//! lost, and nothing ends twice.

mod client;
mod ledger;

use crate::kit::{
    Api, GUARD, Random, Receiver, Recorded, Service, assert_sound, eventually, keys, recorded_in,
};
use client::Client;
use ledger::Ledger;
use liveness_events::session::SessionEvent;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// Kills, at random moments.
const KILLS: usize = 50;
/// Checks at once.
const CLIENTS: usize = 20;
/// The longest time between a start and a kill, in milliseconds: enough for some captures to come to their end.
const LONGEST_LIFE: u64 = 1_500;
/// The longest time for which a kill waits for something to be acknowledged.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What a subscriber must have heard of each session of these events.
fn expected(sessions: &Recorded) -> Vec<(String, &'static str)> {
    let event = |event: &SessionEvent| match event {
        SessionEvent::Completed { .. } => Some("complete"),
        SessionEvent::Expired { .. } => Some("expired"),
        _ => None,
    };
    sessions
        .iter()
        .filter_map(|(id, events)| Some((id.to_string(), events.iter().find_map(event)?)))
        .collect()
}

async fn start(dir: &Path) -> Service {
    let dir = PathBuf::from(dir);
    tokio::task::spawn_blocking(move || Service::start(&dir)).await.unwrap()
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_by_kills() {
    let mut random = Random::seeded("kills");
    let dir = tempfile::tempdir().unwrap();
    let key = keys(dir.path(), &["create", "--name", "it", "--scope", "api,audit"]);
    let receiver = Receiver::start();
    receiver.answer(&[204, 204, 503, 204, 204, 204, 500]);
    let ledger = Rc::new(Ledger::default());
    let mut service = start(dir.path()).await;
    let (place, api) = watch::channel(Api::new(service.address, &key));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let random = Random::new(random.next());
            Client::new(number, api.clone(), receiver.url.clone(), ledger.clone(), random)
        })
        .map(|client| actix_web::rt::spawn(client.live()))
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(random.below(LONGEST_LIFE))).await;
        if random.below(2) == 0 {
            // The worst moment: right after the word, when what it says may not be on the disk yet.
            let _ = tokio::time::timeout(LONGEST_WAIT, ledger.news()).await;
        }
        service.kill();
        service = start(dir.path()).await;
        place.send(Api::new(service.address, &key)).unwrap();
    }
    let last = Api::new(service.address, &key);
    ledger.close();
    let ended = tokio::time::timeout(GUARD, futures::future::join_all(clients)).await;
    for client in ended.expect("each client brings its check to an end") {
        client.unwrap();
    }
    eprintln!("{}", ledger.summary());

    let expected = expected(&recorded_in(dir.path()).await);
    let heard = |(id, event): &(String, &str)| {
        let tells = |body: serde_json::Value| body["uuid"] == id.as_str() && body["event"] == *event;
        receiver.all().iter().any(|received| received.answered == 204 && tells(received.json()))
    };
    let all_heard = async || expected.iter().all(heard).then_some(());
    eventually("each end is told to its subscriber", all_heard).await;
    for received in receiver.all() {
        let told = received.json();
        let known = expected.iter().any(|(id, event)| told["uuid"] == id.as_str() && told["event"] == *event);
        assert!(known, "nobody is told of what did not happen: {told}");
    }
    ledger.assert_answers(&last).await;
    service.kill();
    ledger.assert_recorded(&assert_sound(dir.path()).await);
}
