//! What becomes of an event: acknowledged, retried, parked, skipped, forgotten.

use super::*;

#[tokio::test]
async fn acknowledged_events_move_the_checkpoint_and_come_no_more() {
    for ids in [IdForm::Text, IdForm::Structured] {
        let (served, mut client) = with_events(3).await;
        let head = served.log.head().await.unwrap();
        client.create(of("s", settings())).await.unwrap();
        let mut consumer = Consumer::join_with(&mut client, "s", 10, ids).await.unwrap();
        for revision in 0..3 {
            let event = consumer.event().await;
            consumer.ack(&event);
            let recorded = event.event.clone().unwrap();
            assert_eq!((recorded.stream_revision, recorded.metadata.len()), (revision, 3));
            assert_eq!(recorded.commit_position, recorded.prepare_position);
            assert!(matches!(
                event.position,
                Some(read_resp::read_event::Position::CommitPosition(position))
                    if position == recorded.commit_position
            ));
        }
        let told = until(&mut client, |told| told.last_checkpointed_event_position == "2").await;
        assert_eq!((told.total_items, told.total_in_flight_messages), (3, 0));
        assert_eq!(told.last_known_event_position, "2");
        assert_eq!(served.log.head().await.unwrap(), head, "reading adds nothing to the log");
        served.grow("s", "Happened", 1).await;
        assert_eq!(consumer.places(1).await, [(3, 0)], "what comes later comes by itself");
    }
}

#[tokio::test]
async fn retried_events_count_up_and_are_parked_in_the_end() {
    let (_served, mut client) = with_events(1).await;
    client.create(of("s", create_req::Settings { max_retry_count: 2, ..settings() })).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    for retries in 0..=2 {
        let event = consumer.event().await;
        assert_eq!(event.count, Some(Count::RetryCount(retries)));
        // No action is as good as to retry.
        consumer.nack(&event, if retries == 0 { Action::Unknown } else { Action::Retry });
    }
    until(&mut client, |told| told.parked_message_count == 1).await;
}

#[tokio::test]
async fn parked_events_come_again_when_replayed_and_not_before() {
    let (served, mut client) = with_events(3).await;
    client.create(of("s", settings())).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 10).await.unwrap();
    for _ in 0..3 {
        let event = consumer.event().await;
        consumer.nack(&event, Action::Park);
    }
    until(&mut client, |told| told.parked_message_count == 3).await;
    served.grow("s", "Happened", 1).await;
    let event = consumer.event().await;
    assert_eq!(event.event.as_ref().unwrap().stream_revision, 3, "others go on meanwhile");
    consumer.ack(&event);

    replay(&mut client, Some(1)).await;
    let event = consumer.event().await;
    assert_eq!(event.event.as_ref().unwrap().stream_revision, 0, "the oldest alone");
    assert_eq!(event.count, Some(Count::RetryCount(0)));
    consumer.nack(&event, Action::Park);
    replay(&mut client, None).await;
    assert_eq!(consumer.places(2).await, [(1, 0), (2, 0)], "what is parked again moves to the end");
    let event = consumer.event().await;
    assert_eq!(event.event.as_ref().unwrap().stream_revision, 0);
    consumer.ack(&event);
    until(&mut client, |told| told.parked_message_count == 2).await;
}

#[tokio::test]
async fn skipped_events_are_let_go() {
    let (_served, mut client) = with_events(2).await;
    client.create(of("s", settings())).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    let event = consumer.event().await;
    consumer.nack(&event, Action::Skip);
    assert_eq!(consumer.places(1).await, [(1, 0)]);
    let told = until(&mut client, |told| told.last_checkpointed_event_position == "0").await;
    assert_eq!(told.parked_message_count, 0);
}

#[tokio::test]
async fn what_is_not_answered_in_time_comes_again() {
    use create_req::settings::MessageTimeout;
    let (_served, mut client) = with_events(1).await;
    // In ticks, as older clients have it.
    let timeout = Some(MessageTimeout::MessageTimeoutTicks(20 * 10_000));
    client.create(of("s", create_req::Settings { message_timeout: timeout, ..settings() })).await.unwrap();
    let mut consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
    assert_eq!(consumer.places(2).await, [(0, 0), (0, 1)]);
}

#[tokio::test]
async fn stop_ends_the_consumer_and_leaves_its_events_to_others() {
    let (_served, mut client) = with_events(1).await;
    client.create(of("s", settings())).await.unwrap();
    let mut first = Consumer::join(&mut client, "s", 1).await.unwrap();
    let event = first.event().await;
    first.nack(&event, Action::Stop);
    assert_eq!(exception(&first.end().await), (Code::Cancelled, "persistent-subscription-dropped"));
    let mut second = Consumer::join(&mut client, "s", 1).await.unwrap();
    assert_eq!(second.places(1).await, [(0, 1)]);
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_ends_the_call() {
    let (_served, mut client) = with_events(1).await;
    client.create(of("s", settings())).await.unwrap();
    let no_id =
        Ack { id: Bytes::new(), ids: vec![super::super::super::protocol::shared::Uuid { value: None }] };
    for wrong in [Said::Ack(no_id), Said::Options(read_req::Options::default())] {
        let consumer = Consumer::join(&mut client, "s", 1).await.unwrap();
        consumer.say(wrong);
        assert_eq!(consumer.end().await.code(), Code::InvalidArgument);
    }
}
