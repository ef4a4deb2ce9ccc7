//! Several consumers, and how they come and go.

use super::*;

#[tokio::test]
async fn each_event_goes_to_one_consumer() {
    let (_served, mut client) = with_events(4).await;
    client.create(of("s", settings())).await.unwrap();
    let mut first = Consumer::join(&mut client, "s", 2).await.unwrap();
    assert_eq!(first.places(2).await, [(0, 0), (1, 0)]);
    let mut second = Consumer::join(&mut client, "s", 2).await.unwrap();
    assert_eq!(second.places(2).await, [(2, 0), (3, 0)]);
    let told = info(&mut client, "s").await.unwrap();
    let slots: Vec<(i32, i32)> = told
        .connections
        .iter()
        .map(|connection| (connection.available_slots, connection.in_flight_messages))
        .collect();
    assert_eq!((slots, told.total_in_flight_messages), (vec![(0, 2), (0, 2)], 4));
}

#[tokio::test]
async fn who_reads_nothing_holds_up_nobody_else() {
    use create_req::settings::MessageTimeout;
    const EVENTS: usize = 300;
    let (served, mut client) = with_events(0).await;
    let timeout = Some(MessageTimeout::MessageTimeoutMs(20));
    let limits = create_req::Settings { max_retry_count: i32::MAX, message_timeout: timeout, ..settings() };
    client.create(of("s", limits)).await.unwrap();
    let idle = Consumer::join(&mut client, "s", 2).await.unwrap();
    let mut busy = Consumer::join(&mut client, "s", 10).await.unwrap();
    served.grow("s", "Happened", EVENTS / 2).await;
    served.grow("s", "Happened", EVENTS / 2).await;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < EVENTS {
        let event = busy.event().await;
        busy.ack(&event);
        seen.insert(event.event.unwrap().stream_revision);
    }
    drop(idle);
}

#[tokio::test]
async fn half_closing_is_leaving_after_all_that_was_said() {
    let (_served, mut client) = with_events(2).await;
    client.create(of("s", settings())).await.unwrap();
    let mut first = Consumer::join(&mut client, "s", 2).await.unwrap();
    let event = first.event().await;
    first.ack(&event);
    first.says.close_channel();
    assert_eq!(exception(&first.end().await), (Code::Cancelled, "persistent-subscription-dropped"));
    let mut second = Consumer::join(&mut client, "s", 2).await.unwrap();
    assert_eq!(second.places(1).await, [(1, 1)]);
    let told = info(&mut client, "s").await.unwrap();
    assert_eq!(told.connections.len(), 1);
}

#[tokio::test]
async fn a_broken_connection_gives_its_events_back() {
    let (served, mut client) = with_events(1).await;
    client.create(of("s", settings())).await.unwrap();
    let mut other = Client::new(served.channel().await);
    let mut first = Consumer::join(&mut other, "s", 2).await.unwrap();
    assert_eq!(first.places(1).await, [(0, 0)]);
    drop((first, other));
    let mut second = Consumer::join(&mut client, "s", 2).await.unwrap();
    assert_eq!(second.places(1).await, [(0, 1)]);
}

#[tokio::test]
async fn no_more_consumers_than_the_group_takes() {
    let (_served, mut client) = with_events(0).await;
    client.create(of("s", create_req::Settings { max_subscriber_count: 1, ..settings() })).await.unwrap();
    let first = Consumer::join(&mut client, "s", 1).await.unwrap();
    let refused = Consumer::join(&mut client, "s", 1).await.map(drop).unwrap_err();
    assert_eq!(exception(&refused), (Code::FailedPrecondition, "maximum-subscribers-reached"));
    assert!(refused.message().starts_with("Maximum subscriptions reached"), "{}", refused.message());
    first.says.close_channel();
    first.end().await;
    until(&mut client, |told| told.connections.is_empty()).await;
    Consumer::join(&mut client, "s", 1).await.unwrap();
}

#[tokio::test]
async fn who_does_not_say_what_it_wants_is_told_so() {
    let (_served, mut client) = with_events(0).await;
    let (says, said) = unbounded::<GroupReadReq>();
    says.unbounded_send(GroupReadReq { content: Some(Said::Ack(Ack::default())) }).unwrap();
    assert_eq!(client.read(said).await.unwrap_err().code(), Code::InvalidArgument);
    let nothing = futures::stream::empty().boxed();
    assert_eq!(client.read(nothing).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_stopping_server_says_that_it_goes() {
    let (served, mut client) = with_events(0).await;
    client.create(of("s", settings())).await.unwrap();
    let consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    let Served { server, _folder, .. } = served;
    let (status, ()) = tokio::join!(consumer.end(), server.stop());
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "going away"));
}
