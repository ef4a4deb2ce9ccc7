//! Clients that die, hang, or ask the wrong node.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::{AppendFault, Proxy, ReadFault, Repeating, Server, adapter, open, patient};
use crate::event_log::contract::{Log, events, grow};
use crate::event_log::{AppendError, EventLog as _, ExpectedRevision, ReadError};

fn not_leader(host: &str, port: u16) -> Status {
    let mut trailers = MetadataMap::new();
    trailers.insert("exception", "not-leader".parse().unwrap());
    trailers.insert("leader-endpoint-host", host.parse().unwrap());
    trailers.insert("leader-endpoint-port", port.to_string().parse().unwrap());
    Status::with_metadata(Code::NotFound, "Leader info available", trailers)
}

/// Fault 4: the crate's client is dead for good when nobody is there at its first call.
#[tokio::test]
async fn a_store_that_is_away_at_the_start_is_found_when_it_comes() {
    let server = Server::start().await;
    let proxy = Proxy::plain(server.address()).await;
    proxy.shut();
    let log = adapter(&proxy.connection_string());
    let refused = log.append("a", ExpectedRevision::NoStream, events(1)).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unavailable(_)), "{refused:?}");
    assert!(matches!(log.head().await, Err(ReadError::Unavailable(_))));
    assert!(log.silent_for() > Duration::ZERO);
    proxy.open();
    let log: Log = Arc::new(Repeating::new(Arc::new(log)));
    grow(&log, "a", 1).await;
    assert_eq!(server.log().head().await.unwrap(), 1);
}

/// Fault 4: so it is after an error of the question for features.
#[tokio::test]
async fn an_error_of_the_features_does_not_last() {
    let server = Server::start().await;
    let script = &server.script;
    script.features.lock().unwrap_or_else(PoisonError::into_inner).extend([
        Status::unavailable("starting"),
        Status::permission_denied("starting"),
        Status::internal("starting"),
    ]);
    grow(&patient(&server.connection_string()), "a", 1).await;
}

/// Fault 4: and after the name of a leader who cannot be reached.
#[tokio::test]
async fn a_leader_that_cannot_be_reached_is_forgotten() {
    let server = Server::start().await;
    let log = patient(&server.connection_string());
    grow(&log, "a", 1).await;
    for _ in 0..2 {
        server.script.append(AppendFault::Refuse(not_leader("127.0.0.1", 1)));
        grow(&log, "a", 1).await;
    }
}

#[tokio::test]
async fn a_leader_that_is_named_is_asked() {
    let (follower, leader) = (Server::start().await, Server::start().await);
    let log = open(&follower.connection_string());
    follower.script.append(AppendFault::Refuse(not_leader("127.0.0.1", leader.address().port())));
    grow(&log, "a", 1).await;
    assert_eq!((follower.log().head().await.unwrap(), leader.log().head().await.unwrap()), (0, 1));
}

/// Fault 5: in a cluster the crate goes on asking the node that has died.
#[tokio::test]
async fn another_node_of_the_cluster_takes_over() {
    let first = Server::start().await;
    let second = first.another().await;
    let (to_first, to_second) = (Proxy::plain(first.address()).await, Proxy::plain(second.address()).await);
    first.script.leads(to_first.address());
    second.script.leads(to_first.address());
    let log = patient(&format!("esdb://{},{}?tls=false", to_first.address(), to_second.address()));
    grow(&log, "a", 1).await;
    to_first.shut();
    second.script.leads(to_second.address());
    grow(&log, "a", 1).await;
    assert_eq!(log.head().await.unwrap(), 2);
}

/// Several seeds stay seeds beside `+discover`, of which the crate would keep the first alone.
#[tokio::test]
async fn any_seed_tells_of_the_others() {
    let server = Server::start().await;
    let gone = Proxy::plain(server.address()).await;
    gone.shut();
    let log = patient(&format!("esdb+discover://{},{}?tls=false", gone.address(), server.address()));
    grow(&log, "a", 1).await;
    let alone = patient(&format!("kurrentdb+discover://{}/?tls=false", server.address()));
    assert_eq!(alone.head().await.unwrap(), 1);
}

/// Fault 6: with a single attempt the crate never connects.
#[tokio::test]
async fn a_single_attempt_is_not_taken_at_its_word() {
    let server = Server::start().await;
    let log = open(&format!("{}&maxDiscoverAttempts=1", server.connection_string()));
    grow(&log, "a", 1).await;
}

/// Fault 8, and every other panic of the crate: it stays in its task.
#[tokio::test]
async fn answers_that_make_the_crate_panic_are_errors() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    grow(&log, "a", 2).await;
    for fault in [ReadFault::Senseless, ReadFault::NoId] {
        server.script.read(fault);
        assert!(matches!(log.read_all(0, &[], 9).await, Err(ReadError::Unavailable(_))));
        assert_eq!(patient(&server.connection_string()).read_all(0, &[], 9).await.unwrap().events.len(), 2);
    }
    // The next try of the same append is understood.
    server.script.append(AppendFault::Senseless);
    let appended = log.append("a", ExpectedRevision::Exact(1), events(1)).await.unwrap();
    assert_eq!(appended.revision, 2);
}

#[tokio::test]
async fn calls_that_hang_end_and_the_next_ones_do_not_hang() {
    let server = Server::start().await;
    let (reader, writer) = (open(&server.connection_string()), open(&server.connection_string()));
    grow(&writer, "a", 1).await;
    server.script.append(AppendFault::Hang);
    let appending = writer.append("a", ExpectedRevision::Exact(0), events(1));
    let reading = async {
        server.script.read(ReadFault::Hang);
        reader.read_all(0, &[], 9).await
    };
    let (appended, read) = tokio::join!(appending, reading);
    assert_eq!(appended.unwrap().revision, 1);
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    assert_eq!(reader.read_all(0, &[], 9).await.unwrap().events.len(), 2);
}

#[tokio::test]
async fn denied_access_is_told_and_passes() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    grow(&log, "a", 1).await;
    assert_eq!(log.silent_for(), Duration::ZERO);
    server.script.refuse(Some(Status::permission_denied("no")));
    let Err(ReadError::Unavailable(cause)) = log.head().await else { panic!("read") };
    assert!(cause.to_string().contains("check user, password and rights"), "{cause}");
    assert!(log.silent_for() > Duration::ZERO);
    server.script.refuse(None);
    assert_eq!(log.head().await.unwrap(), 1);
    assert_eq!(log.silent_for(), Duration::ZERO);
}
