//! Killed again and again while checks are created, captured, called off and told of: nothing that was acknowledged is
//! lost, and nothing ends twice.

use crate::clients::{Client, Ledger, Places, assert_told};
use crate::kit::{Api, GUARD, Random, Receiver, Service, assert_sound, await_receipts, keys, recorded_in};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Kills, at random moments.
const KILLS: usize = 50;
/// Checks at once.
const CLIENTS: usize = 20;
/// The longest time between a start and a kill, in milliseconds: enough for some captures to come to their end.
const LONGEST_LIFE: u64 = 1_500;
/// The longest time for which a kill waits for something to be acknowledged.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

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
    let places = Places::new([Api::new(service.address, &key)]);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let random = Random::new(random.next());
            Client::new(number, places.clone(), receiver.url.clone(), ledger.clone(), random)
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
        places.put(0, Api::new(service.address, &key));
    }
    let last = Api::new(service.address, &key);
    ledger.close();
    let ended = tokio::time::timeout(GUARD, futures::future::join_all(clients)).await;
    for client in ended.expect("each client brings its check to an end") {
        client.unwrap();
    }
    eprintln!("{}", ledger.summary());

    assert_told(&receiver, &recorded_in(dir.path()).await).await;
    ledger.assert_answers(&last).await;
    await_receipts(dir.path()).await;
    service.kill();
    ledger.assert_recorded(&assert_sound(dir.path()).await);
}
