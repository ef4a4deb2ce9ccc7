//! Bells that end, spin or die: followers lose time and nothing else.

use std::sync::atomic::Ordering;

use super::{BellFault, Proxy, Server, open, patient};
use crate::event_log::contract::{events, ids, next_event, until_caught_up};
use crate::event_log::{EventLog as _, ExpectedRevision};

const ALL: [BellFault; 5] =
    [BellFault::EndOk, BellFault::Mute, BellFault::Silent, BellFault::Flood, BellFault::Refuse];

/// Appends to the server behind the adapter's back.
async fn append(server: &Server, stream: &str) -> uuid::Uuid {
    let batch = events(1);
    let id = batch[0].id;
    server.log().append(stream, ExpectedRevision::Any, batch).await.unwrap();
    id
}

/// Faults 1 and 2: a subscription that the server ends with OK makes the crate's own spin for ever.
#[tokio::test]
async fn followers_get_all_whatever_the_bell_does() {
    for fault in ALL {
        let server = Server::start().await;
        server.script.ring(Some(fault));
        let log = open(&server.connection_string());
        let mut following = log.subscribe_all(0, Vec::new());
        until_caught_up(&mut following).await;
        for number in 0..3 {
            let id = append(&server, &format!("a{number}")).await;
            assert_eq!(next_event(&mut following).await.id, id, "{fault:?}");
        }
        // A pause grows between two bells: a few subscriptions, not thousands.
        assert!(server.script.subscribed.load(Ordering::Relaxed) < 100, "{fault:?}");
    }
}

#[tokio::test]
async fn a_bell_is_hung_up_again_and_rings() {
    let server = Server::start().await;
    server.script.ring(Some(BellFault::EndOk));
    let log = open(&server.connection_string());
    let mut following = log.subscribe_all(0, Vec::new());
    until_caught_up(&mut following).await;
    while server.script.subscribed.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    server.script.ring(None);
    let id = append(&server, "a").await;
    assert_eq!(next_event(&mut following).await.id, id);
}

/// The way is cut again and again, and nobody notices but by errors that pass.
#[tokio::test]
async fn followers_go_on_where_they_were_after_every_cut() {
    let server = Server::start().await;
    let proxy = Proxy::plain(server.address()).await;
    let log = patient(&proxy.connection_string());
    let mut following = log.subscribe_all(0, vec!["a".to_owned()]);
    let (mut written, mut seen) = (Vec::new(), Vec::new());
    for round in 0..8 {
        written.push(append(&server, "a").await);
        seen.push(next_event(&mut following).await.id);
        if round % 2 == 0 {
            proxy.cut()
        } else {
            proxy.shut()
        }
        append(&server, "b").await;
        written.push(append(&server, "a").await);
        proxy.open();
        seen.push(next_event(&mut following).await.id);
    }
    assert_eq!(seen, written);
    let read = log.read_all(0, &["a".to_owned()], 99).await.unwrap();
    assert_eq!(ids(&read.events), written);
}

/// The store's own streams are passed over, and a follower hears how far it has come.
#[tokio::test]
async fn streams_of_the_store_are_never_delivered() {
    use crate::event_log::SubscriptionEvent::{CaughtUp, Checkpoint, Event};
    let server = Server::start().await;
    server.add_system_events(3);
    let log = open(&server.connection_string());
    let mut following = log.subscribe_all(0, Vec::new());
    assert_eq!(following.next().await.unwrap(), CaughtUp { position: 3 });
    let id = append(&server, "a").await;
    assert!(matches!(following.next().await.unwrap(), Event(event) if event.id == id));
    server.add_system_events(2);
    assert_eq!(following.next().await.unwrap(), Checkpoint { position: 6 });
    let page = log.read_all_backwards(u64::MAX, &["$".to_owned()], 9).await.unwrap();
    assert_eq!((page.events.len(), page.next, page.end), (0, 1, true));
}
