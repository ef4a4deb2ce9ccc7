//! What outlives the server.

use super::super::super::{OpenGroupsError, StartError};
use super::*;

fn opened(folder: &Path) -> Log {
    Arc::new(EmbeddedLog::open(folder.join("events.db")).unwrap())
}

/// Acknowledges the first event, parks the second, leaves the third.
async fn some_work(log: &Log, server: &WireServer) -> Client {
    let events = (0..3).map(|number| event("Happened", number)).collect();
    log.append("s", ExpectedRevision::NoStream, events).await.unwrap();
    let mut client = client_of(server).await;
    client.create(of("s", settings())).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    let event = consumer.event().await;
    consumer.ack(&event);
    let event = consumer.event().await;
    consumer.nack(&event, Action::Park);
    consumer.event().await;
    until(&mut client, |told| told.parked_message_count == 1 && told.last_checkpointed_event_position == "1")
        .await;
    client
}

async fn is_as_it_was_left(server: &WireServer) {
    let mut client = client_of(server).await;
    let told = info(&mut client, "s").await.unwrap();
    assert_eq!((told.parked_message_count, told.last_checkpointed_event_position.as_str()), (1, "1"));
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    assert_eq!(consumer.places(1).await, [(2, 0)]);
    replay(&mut client, None).await;
    assert_eq!(consumer.places(1).await, [(1, 0)]);
}

#[tokio::test]
async fn checkpoint_and_parked_events_outlive_the_server() {
    let folder = TempDir::new().unwrap();
    let (log, groups) = (opened(folder.path()), folder.path().join("groups.db"));
    let server = serve(&log, &groups).await;
    drop(some_work(&log, &server).await);
    server.stop().await;
    let server = serve(&log, &groups).await;
    is_as_it_was_left(&server).await;
}

#[tokio::test]
async fn they_outlive_a_kill() {
    let folder = TempDir::new().unwrap();
    let (log, groups) = (opened(folder.path()), folder.path().join("groups.db"));
    let server = serve(&log, &groups).await;
    let _client = some_work(&log, &server).await;
    // The files as a killed process leaves them.
    let left = TempDir::new().unwrap();
    for name in ["groups.db", "groups.db-wal"] {
        std::fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
    }
    let server = serve(&log, &left.path().join("groups.db")).await;
    is_as_it_was_left(&server).await;
}

#[tokio::test]
async fn what_was_settled_is_stored_when_the_server_stops() {
    let folder = TempDir::new().unwrap();
    let (log, groups) = (opened(folder.path()), folder.path().join("groups.db"));
    let server = serve(&log, &groups).await;
    let mut client = client_of(&server).await;
    log.append("s", ExpectedRevision::NoStream, vec![event("Happened", 0)]).await.unwrap();
    // Far too few for a checkpoint of their own.
    let slow = create_req::Settings { min_checkpoint_count: 100, max_checkpoint_count: 100, ..settings() };
    client.create(of("s", slow)).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    let event = consumer.event().await;
    consumer.ack(&event);
    until(&mut client, |told| told.total_in_flight_messages == 0).await;
    assert_eq!(info(&mut client, "s").await.unwrap().last_checkpointed_event_position, "");
    tokio::join!(server.stop(), consumer.end());
    let server = serve(&log, &groups).await;
    let told = info(&mut client_of(&server).await, "s").await.unwrap();
    assert_eq!(told.last_checkpointed_event_position, "0");
}

#[tokio::test]
async fn one_server_at_a_time_holds_the_groups() {
    let folder = TempDir::new().unwrap();
    let (log, groups) = (opened(folder.path()), folder.path().join("groups.db"));
    let server = serve(&log, &groups).await;
    let settings = WireSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        advertise: None,
        write: false,
        security: Security::Insecure,
        groups: Some(groups.clone()),
    };
    let refused = WireServer::start(Arc::clone(&log), &settings).await;
    assert!(matches!(refused, Err(StartError::Groups(OpenGroupsError::InUse { .. }))), "{refused:?}");
    server.stop().await;
    serve(&log, &groups).await.stop().await;
    std::fs::write(&groups, "something else, long enough to be looked at as a database").unwrap();
    let refused = WireServer::start(log, &settings).await;
    assert!(matches!(refused, Err(StartError::Groups(OpenGroupsError::NotOurs { .. }))), "{refused:?}");
}

#[tokio::test]
async fn a_restart_of_all_groups_loses_nothing() {
    let (_served, mut client) = with_events(2).await;
    client.create(of("s", settings())).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    let event = consumer.event().await;
    consumer.ack(&event);
    until(&mut client, |told| told.last_checkpointed_event_position == "0").await;
    client.restart_subsystem(Empty {}).await.unwrap();
    assert_eq!(exception(&consumer.end().await), (Code::Cancelled, "persistent-subscription-dropped"));
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    assert_eq!(consumer.places(1).await, [(1, 0)]);
}
