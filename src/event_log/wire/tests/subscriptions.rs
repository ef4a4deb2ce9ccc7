//! Subscriptions: confirmed, told all without a gap or a double, never ended well.

use tonic::Code;

use super::*;

use ReadDirection::Forwards;

/// Opens a subscription and takes its confirmation.
async fn follow(client: &mut StreamsClient<Channel>, options: Options) -> Streaming<ReadResp> {
    let mut answer = open(client, following(options)).await.unwrap();
    let Content::Confirmation(confirmation) = next(&mut answer).await else { panic!("not confirmed first") };
    assert!(!confirmation.subscription_id.is_empty());
    answer
}

/// Takes events until the subscription has caught up; gives their revisions and where that was.
async fn caught_up(answer: &mut Streaming<ReadResp>) -> (Vec<u64>, (Option<i64>, Option<u64>)) {
    let mut events = Vec::new();
    loop {
        match next(answer).await {
            Content::CaughtUp(told) => {
                assert!(told.timestamp.is_some(), "clients drop the position without it");
                let position = told.position.map(|position| position.commit_position);
                return (revisions(events), (told.stream_revision, position));
            }
            Content::Checkpoint(_) => {}
            event => events.push(event),
        }
    }
}

#[tokio::test]
async fn of_a_stream_from_an_excluded_revision() {
    let served = Served::new(false).await;
    served.grow("s", "T", 3).await;
    served.grow("s2", "T", 1).await;
    let mut client = served.client().await;
    for (from, there) in [
        (start(), vec![0, 1, 2]),
        (RevisionOption::Revision(0), vec![1, 2]),
        (RevisionOption::Revision(2), vec![]),
        (end(), vec![]),
    ] {
        let mut answer = follow(&mut client, of_stream("s", Forwards, from)).await;
        assert_eq!(caught_up(&mut answer).await, (there, (Some(2), None)), "{from:?}");
    }
}

#[tokio::test]
async fn of_a_stream_tells_what_comes_and_nothing_of_its_neighbours() {
    let served = Served::new(false).await;
    served.grow("s", "T", 1).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_stream("s", Forwards, end())).await;
    caught_up(&mut answer).await;
    for revision in 1..4 {
        // A name that begins in the same way is another stream.
        served.grow("s-longer", "T", 1).await;
        served.grow("s", "T", 1).await;
        let event = recorded(next(&mut answer).await);
        assert_eq!((event.stream_identifier, event.stream_revision), (identifier("s"), revision));
    }
}

#[tokio::test]
async fn of_a_stream_from_beyond_its_end_waits_for_what_lies_beyond() {
    let served = Served::new(false).await;
    served.grow("s", "T", 2).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_stream("s", Forwards, RevisionOption::Revision(2))).await;
    assert_eq!(caught_up(&mut answer).await.0, Vec::<u64>::new());
    served.grow("s", "T", 2).await;
    assert_eq!(recorded(next(&mut answer).await).stream_revision, 3);
}

#[tokio::test]
async fn of_a_stream_that_does_not_exist_yet() {
    let served = Served::new(false).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_stream("later", Forwards, start())).await;
    assert_eq!(caught_up(&mut answer).await, (vec![], (None, None)));
    served.grow("later", "T", 1).await;
    assert_eq!(recorded(next(&mut answer).await).stream_revision, 0);
}

#[tokio::test]
async fn of_the_whole_log_from_an_excluded_position() {
    let served = Served::new(false).await;
    let first = served.grow("s", "T", 1).await.position;
    let last = served.grow("s", "T", 2).await.position;
    let mut client = served.client().await;
    for (from, there) in [
        (from_start(), vec![0, 1, 2]),
        (at(0), vec![0, 1, 2]),
        (at(first), vec![1, 2]),
        (at(last), vec![]),
        (from_end(), vec![]),
        (at(u64::MAX), vec![]),
    ] {
        let mut answer = follow(&mut client, of_all(Forwards, from)).await;
        assert_eq!(caught_up(&mut answer).await, (there, (None, Some(last))), "{from:?}");
    }
    let mut answer = follow(&mut client, of_all(Forwards, from_end())).await;
    caught_up(&mut answer).await;
    served.grow("other", "T", 1).await;
    assert_eq!(places(vec![next(&mut answer).await]), [("other".to_owned(), 0)]);
}

#[tokio::test]
async fn of_an_empty_log() {
    let served = Served::new(false).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_all(Forwards, from_start())).await;
    assert_eq!(caught_up(&mut answer).await, (vec![], (None, None)));
    served.grow("s", "T", 1).await;
    assert_eq!(recorded(next(&mut answer).await).stream_revision, 0);
}

#[tokio::test]
async fn checkpoints_come_by_their_interval_and_never_overtake_an_event() {
    // The log searches by prefix itself; by expression, the wire face does.
    for by in [expression(&["a"], ""), expression(&[], "^a")].map(Filter::StreamIdentifier) {
        let served = Served::new(false).await;
        for _ in 0..20 {
            served.grow("b", "T", 9).await;
            served.grow("a", "T", 1).await;
        }
        let mut client = served.client().await;
        let mut answer =
            follow(&mut client, filtered(of_all(Forwards, from_start()), by.clone(), 10, 4)).await;
        let (mut events, mut checkpoints, mut place) = (0, Vec::new(), 0);
        loop {
            match next(&mut answer).await {
                Content::Event(told) => {
                    let position = told.event.unwrap().commit_position;
                    assert!(position > place, "event {position} was overtaken by {place}");
                    (place, events) = (position, events + 1);
                }
                Content::Checkpoint(told) => {
                    assert_eq!(told.commit_position, told.prepare_position);
                    assert!(told.commit_position >= place);
                    place = told.commit_position;
                    checkpoints.push(place);
                }
                Content::CaughtUp(_) => break,
                other => panic!("{other:?}"),
            }
        }
        // 200 positions, one checkpoint in every 40 that were looked at.
        assert_eq!((events, checkpoints), (20, vec![40, 80, 120, 160, 200]), "{by:?}");
        // Live too, and where nothing matches; from there another subscription goes on.
        served.grow("b", "T", 40).await;
        let Content::Checkpoint(told) = next(&mut answer).await else { panic!("no checkpoint") };
        let resumed = filtered(of_all(Forwards, at(told.commit_position)), by, 10, 4);
        let mut answer = follow(&mut client, resumed).await;
        assert_eq!(caught_up(&mut answer).await.0, Vec::<u64>::new());
    }
}

#[tokio::test]
async fn without_a_filter_there_are_no_checkpoints() {
    let served = Served::new(false).await;
    served.grow("a", "T", 200).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_all(Forwards, from_start())).await;
    for _ in 0..200 {
        recorded(next(&mut answer).await);
    }
    assert!(matches!(next(&mut answer).await, Content::CaughtUp(_)));
}

#[tokio::test]
async fn ends_by_a_status_when_the_server_stops() {
    let served = Served::new(false).await;
    served.grow("s", "T", 1).await;
    let mut client = served.client().await;
    let mut answers = vec![
        follow(&mut client, of_stream("s", Forwards, start())).await,
        follow(&mut client, of_stream("none", Forwards, end())).await,
        follow(&mut client, of_all(Forwards, from_start())).await,
    ];
    for answer in &mut answers {
        caught_up(answer).await;
    }
    soon(served.server.stop()).await;
    for answer in &mut answers {
        let status = soon(answer.message()).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unavailable, "going away"));
    }
}

#[tokio::test]
async fn ends_by_a_status_when_the_log_is_closed() {
    let served = Served::new(false).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_all(Forwards, from_start())).await;
    caught_up(&mut answer).await;
    served.log.close().await;
    assert_eq!(soon(answer.message()).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_slow_client_is_waited_for_and_told_that_it_fell_behind() {
    let served = Served::new(false).await;
    let mut client = served.client().await;
    let mut answer = follow(&mut client, of_all(Forwards, from_start())).await;
    caught_up(&mut answer).await;
    // Far more than sockets and windows hold, while the client takes nothing.
    let big = Bytes::from(format!("\"{}\"", "x".repeat(100_000)));
    for _ in 0..80 {
        let events = (0..9).map(|number| NewEvent { data: big.clone(), ..event("T", number) }).collect();
        served.log.append("s", ExpectedRevision::Any, events).await.unwrap();
    }
    let (mut told, mut fell) = (0, None);
    loop {
        match next(&mut answer).await {
            Content::Event(event) => {
                assert_eq!(event.event.unwrap().stream_revision, told);
                told += 1;
            }
            Content::FellBehind(behind) => {
                assert!(behind.timestamp.is_some() && behind.position.is_some());
                assert!(fell.replace(told).is_none(), "told twice");
            }
            Content::CaughtUp(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, 720);
    assert!(fell.is_some_and(|fell| fell < 720));
}
