//! Ten thousand sessions go over to an event store that is reached over the network, and come back.

use super::*;
use crate::event_log::embedded::EmbeddedLog;
use crate::event_log::eventstoredb::{EventStoreLog, Settings};
use crate::event_log::wire::{Security, WireServer, WireSettings};
use futures::StreamExt as _;
use std::time::Duration;

const SESSIONS: u128 = 10_000;
/// Sessions that are recorded at once, so that they share flushes of the disk.
const AT_ONCE: usize = 256;
/// Position in the store at which the first import ends.
const INTERRUPTED_AT: u64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_sessions_go_over_to_an_event_store_and_are_the_same() {
    let (from, _folder) = sample::open();
    futures::stream::iter(1..=SESSIONS)
        .for_each_concurrent(AT_ONCE, |number| {
            let (from, session) = (from.clone(), Uuid::from_u128(number));
            async move { sample::record(&*from, session, &sample::expired(session)).await }
        })
        .await;
    let exported = export_all(&*from).await;

    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings =
        WireSettings { listen, advertise: None, write: true, security: Security::Insecure, groups: None };
    let face = WireServer::start(store.clone(), &settings).await.unwrap();
    let address = format!("esdb://{}?tls=false", face.address());
    let far = EventStoreLog::open(Settings::parse(&address, None).unwrap()).unwrap();

    // The process that imports goes away in the middle of it.
    let halfway = async {
        while store.head().await.unwrap() < INTERRUPTED_AT {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        ended = import_all(&far, &exported) => panic!("the import was not interrupted: {ended:?}"),
        () = halfway => {}
    }
    let imported = import_all(&far, &exported).await.unwrap();
    assert!(imported.present >= INTERRUPTED_AT && imported.new > 0, "{imported:?}");
    assert_eq!(imported.present + imported.new, trailer(&exported).count);

    let again = export_all(&far).await;
    assert!(sorted(&again) == sorted(&exported), "the events are not the same to the byte");
    assert_eq!(trailer(&again).content, trailer(&exported).content);
    far.close().await;
    face.stop().await;
}
