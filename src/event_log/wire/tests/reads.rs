//! Reads that end by themselves.

use tonic::Code;

use super::super::protocol::shared::uuid::Value;
use super::super::protocol::streams::read_resp::read_event::Position as EventPosition;
use super::*;

use ReadDirection::{Backwards, Forwards};

#[tokio::test]
async fn a_stream_is_read_both_ways_from_an_included_revision() {
    let served = Served::new(false).await;
    served.grow("s", "T", 5).await;
    let mut client = served.client().await;
    let at = RevisionOption::Revision;
    for (direction, from, count, expected) in [
        (Forwards, start(), u64::MAX, vec![0, 1, 2, 3, 4]),
        (Forwards, at(3), u64::MAX, vec![3, 4]),
        (Forwards, at(1), 2, vec![1, 2]),
        (Forwards, end(), u64::MAX, vec![]),
        (Forwards, at(5), 1, vec![]),
        (Forwards, at(u64::MAX), u64::MAX, vec![]),
        (Backwards, end(), u64::MAX, vec![4, 3, 2, 1, 0]),
        (Backwards, at(2), u64::MAX, vec![2, 1, 0]),
        (Backwards, end(), 1, vec![4]),
        (Backwards, start(), 9, vec![0]),
        // From beyond the end: begins at the last event.
        (Backwards, at(100), 2, vec![4, 3]),
        (Backwards, at(u64::MAX), 1, vec![4]),
        (Forwards, start(), 0, vec![]),
    ] {
        let mut options = of_stream("s", direction, from);
        options.count_option = Some(CountOption::Count(count));
        assert_eq!(revisions(read(&mut client, options).await.unwrap()), expected, "{direction:?} {from:?}");
    }
}

#[tokio::test]
async fn a_long_stream_comes_in_one_piece() {
    let served = Served::new(false).await;
    for _ in 0..5 {
        served.grow("s", "T", 77).await;
    }
    let mut client = served.client().await;
    let forwards = read(&mut client, of_stream("s", Forwards, start())).await.unwrap();
    assert_eq!(revisions(forwards), (0..385).collect::<Vec<_>>());
    let backwards = read(&mut client, of_stream("s", Backwards, end())).await.unwrap();
    assert_eq!(revisions(backwards), (0..385).rev().collect::<Vec<_>>());
    let all = read(&mut client, of_all(Forwards, from_start())).await.unwrap();
    assert_eq!(revisions(all), (0..385).collect::<Vec<_>>());
    let all = read(&mut client, of_all(Backwards, from_end())).await.unwrap();
    assert_eq!(revisions(all), (0..385).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_told_as_the_only_message() {
    let served = Served::new(false).await;
    served.grow("s", "T", 1).await;
    let mut client = served.client().await;
    // Metadata of a stream is a stream too, and there is none.
    for name in ["t", "$$s", "$ce-s"] {
        for (direction, from) in [(Forwards, start()), (Backwards, end())] {
            let told = read(&mut client, of_stream(name, direction, from)).await.unwrap();
            let [Content::StreamNotFound(not_found)] = &told[..] else { panic!("{told:?}") };
            assert_eq!(not_found.stream_identifier, identifier(name));
        }
    }
}

#[tokio::test]
async fn the_whole_log_is_read_from_an_included_position_forwards_and_an_excluded_one_backwards() {
    let served = Served::new(false).await;
    served.grow("a", "T", 2).await;
    let middle = served.grow("b", "T", 1).await.position;
    served.grow("a", "T", 1).await;
    let mut client = served.client().await;
    let [a0, a1, b0, a2] = [("a", 0), ("a", 1), ("b", 0), ("a", 2)];
    for (direction, from, expected) in [
        (Forwards, from_start(), vec![a0, a1, b0, a2]),
        (Forwards, at(0), vec![a0, a1, b0, a2]),
        (Forwards, at(middle), vec![b0, a2]),
        (Forwards, from_end(), vec![]),
        (Forwards, at(u64::MAX), vec![]),
        (Forwards, at(u64::MAX - 1), vec![]),
        (Backwards, from_end(), vec![a2, b0, a1, a0]),
        (Backwards, at(u64::MAX), vec![a2, b0, a1, a0]),
        (Backwards, at(middle), vec![a1, a0]),
        (Backwards, from_start(), vec![]),
        (Backwards, at(0), vec![]),
    ] {
        let told = places(read(&mut client, of_all(direction, from)).await.unwrap());
        let told: Vec<_> = told.iter().map(|(name, revision)| (name.as_str(), *revision)).collect();
        assert_eq!(told, expected, "{direction:?} {from:?}");
    }
}

#[tokio::test]
async fn a_filter_keeps_what_it_names_and_the_count_is_of_what_it_keeps() {
    let served = Served::new(false).await;
    for (stream, event_type) in [("a-1", "X"), ("b-1", "Y"), ("c-1", "X"), ("a-2", "Z")] {
        served.grow(stream, event_type, 2).await;
    }
    let mut client = served.client().await;
    let system = r"^(?!(\$.+$|PersistentConfig\d+$|Result$))";
    for (filter, direction, count, expected) in [
        (Filter::StreamIdentifier(expression(&["a-"], "")), Forwards, 9, vec!["a-1", "a-1", "a-2", "a-2"]),
        (Filter::StreamIdentifier(expression(&["a-", "c-"], "")), Forwards, 3, vec!["a-1", "a-1", "c-1"]),
        (Filter::StreamIdentifier(expression(&["a-"], "")), Backwards, 3, vec!["a-2", "a-2", "a-1"]),
        (Filter::StreamIdentifier(expression(&[], "^a|b-1$")), Forwards, 3, vec!["a-1", "a-1", "b-1"]),
        (Filter::EventType(expression(&["X"], "")), Forwards, 3, vec!["a-1", "a-1", "c-1"]),
        (Filter::EventType(expression(&[], "[YZ]")), Backwards, 3, vec!["a-2", "a-2", "b-1"]),
        (Filter::EventType(expression(&[], system)), Backwards, 1, vec!["a-2"]),
        (Filter::EventType(expression(&["none"], "")), Forwards, u64::MAX, vec![]),
    ] {
        let from = if direction == Forwards { from_start() } else { from_end() };
        let mut options = filtered(of_all(direction, from), filter.clone(), 32, 5);
        options.count_option = Some(CountOption::Count(count));
        let told = places(read(&mut client, options).await.unwrap());
        let told: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(told, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn an_event_has_what_clients_need_of_it() {
    let served = Served::new(false).await;
    let mut new = event("SessionCreated", 0);
    new.metadata = Bytes::from_static(br#"{"previous":null}"#);
    let appended = served.log.append("Ä-1", ExpectedRevision::NoStream, vec![new.clone()]).await.unwrap();
    let stored = served.log.read_all(0, &[], 1).await.unwrap().events.remove(0);
    let mut client = served.client().await;
    for (form, text) in [(IdContent::String(Empty {}), true), (IdContent::Structured(Empty {}), false)] {
        let mut options = of_stream("Ä-1", Forwards, start());
        options.uuid_option = Some(UuidOption { content: Some(form) });
        let told = read(&mut client, options).await.unwrap();
        let [Content::Event(told)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(told.position, Some(EventPosition::CommitPosition(appended.position)));
        assert_eq!(told.link, None);
        let event = told.event.clone().unwrap();
        assert_eq!(matches!(event.id.clone().unwrap().value, Some(Value::String(_))), text);
        assert_eq!(super::super::answer::parse_id(event.id.as_ref()).unwrap(), new.id);
        assert_eq!(event.stream_identifier, identifier("Ä-1"));
        assert_eq!((event.commit_position, event.prepare_position), (appended.position, appended.position));
        assert_eq!((&event.data, &event.custom_metadata), (&new.data, &new.metadata));
        let created = (stored.created.timestamp_micros() * 10).to_string();
        let expected =
            [("type", "SessionCreated"), ("content-type", "application/json"), ("created", &created)];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(event.metadata, expected.into_iter().collect());
    }
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_and_the_next_one_answered() {
    let served = Served::new(false).await;
    served.grow("s", "T", 1).await;
    let mut client = served.client().await;
    let stream = of_stream("s", Forwards, start());
    let by_name = |regex: &str| Filter::StreamIdentifier(expression(&[], regex));
    let wrong = [
        Options { stream_option: None, ..stream.clone() },
        Options { count_option: None, ..stream.clone() },
        Options { read_direction: 7, ..stream.clone() },
        of_stream("", Forwards, start()),
        of_stream(&"x".repeat(300), Forwards, start()),
        filtered(stream.clone(), by_name("a"), 32, 1),
        filtered(of_all(Forwards, from_start()), by_name("("), 32, 1),
        filtered(of_all(Forwards, from_start()), by_name(""), 32, 1),
        following(of_stream("s", Backwards, end())),
    ];
    for options in wrong {
        let status = read(&mut client, options.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{options:?}");
    }
    let status = client.read(ReadReq { options: None }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(revisions(read(&mut client, stream).await.unwrap()), [0]);
}

#[tokio::test]
async fn an_expression_that_never_ends_costs_its_client_the_read_alone() {
    let served = Served::new(false).await;
    served.grow(&"a".repeat(200), "T", 1).await;
    let mut client = served.client().await;
    let filter = Filter::StreamIdentifier(expression(&[], "^(a|a?)+(?=b)$"));
    let options = filtered(of_all(Forwards, from_start()), filter, 32, 1);
    assert_eq!(read(&mut client, options).await.unwrap_err().code(), Code::InvalidArgument);
}
