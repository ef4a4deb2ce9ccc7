//! Appending: expected revisions, repetition, refusal, limits.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::super::{
    AppendError, Appended, Direction, ExpectedRevision, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_EVENT_BYTES,
    MAX_STREAM_NAME_BYTES, NewEvent, StreamFrom,
};
use super::{Log, event, events, grow, ids, prefix};

use ExpectedRevision::{Any, Exact, NoStream};

async fn refuse(log: &Log, stream: &str, expected: ExpectedRevision, events: Vec<NewEvent>) -> AppendError {
    log.append(stream, expected, events).await.unwrap_err()
}

async fn wrong(log: &Log, stream: &str, expected: ExpectedRevision) -> Option<u64> {
    match refuse(log, stream, expected, events(2)).await {
        AppendError::WrongExpectedRevision { expected: told, actual } if told == expected => actual,
        other => panic!("{other:?}"),
    }
}

async fn length(log: &Log, stream: &str) -> usize {
    log.read_stream(stream, Direction::Forwards, StreamFrom::Start, usize::MAX).await.unwrap().len()
}

pub(crate) async fn new_stream(log: Log) {
    let stream = prefix() + "a";
    assert_eq!(wrong(&log, &stream, Exact(0)).await, None);
    let one = log.append(&stream, NoStream, events(1)).await.unwrap();
    assert_eq!(one.revision, 0);
    assert!(one.position > 0);
    assert_eq!(wrong(&log, &stream, NoStream).await, Some(0));
    let three = log.append(&(prefix() + "b"), NoStream, events(3)).await.unwrap();
    assert_eq!(three.revision, 2);
    assert!(three.position > one.position);
}

pub(crate) async fn exact(log: Log) {
    let stream = prefix() + "a";
    grow(&log, &stream, 2).await;
    for outside in [0, 2, 7, u64::MAX - 1, u64::MAX] {
        assert_eq!(wrong(&log, &stream, Exact(outside)).await, Some(1), "{outside}");
    }
    assert_eq!(log.append(&stream, Exact(1), events(2)).await.unwrap().revision, 3);
    assert_eq!(log.append(&stream, Exact(3), events(1)).await.unwrap().revision, 4);
    assert_eq!(wrong(&log, &stream, Exact(3)).await, Some(4));
}

pub(crate) async fn any(log: Log) {
    let stream = prefix() + "a";
    assert_eq!(log.append(&stream, Any, events(2)).await.unwrap().revision, 1);
    assert_eq!(log.append(&stream, Any, events(1)).await.unwrap().revision, 2);
}

pub(crate) async fn refused_leaves_nothing(log: Log) {
    let (mine, stream) = (prefix(), prefix() + "a");
    let new = mine.clone() + "new";
    assert_eq!(wrong(&log, &new, Exact(3)).await, None);
    assert_eq!(log.append(&new, NoStream, events(1)).await.unwrap().revision, 0);
    grow(&log, &stream, 3).await;
    wrong(&log, &stream, NoStream).await;
    wrong(&log, &stream, Exact(1)).await;
    assert_eq!(length(&log, &stream).await, 3);
}

pub(crate) async fn repeated(log: Log) {
    let stream = prefix() + "a";
    let (first, second, third) = (events(2), events(3), events(1));
    let again: [(ExpectedRevision, &Vec<NewEvent>); 3] =
        [(NoStream, &first), (Exact(1), &second), (Exact(4), &third)];
    let mut answers: Vec<Appended> = Vec::new();
    for (expected, events) in again {
        answers.push(log.append(&stream, expected, events.clone()).await.unwrap());
    }
    for ((expected, events), answer) in again.into_iter().zip(&answers) {
        assert_eq!(log.append(&stream, expected, events.clone()).await.unwrap(), *answer);
        assert_eq!(log.append(&stream, Any, events.clone()).await.unwrap(), *answer);
    }
    // A part of what was appended together, at its place.
    let part = log.append(&stream, Exact(1), second[..2].to_vec()).await.unwrap();
    assert_eq!(part, Appended { revision: 3, position: part.position });
    assert!(answers[0].position < part.position && part.position < answers[1].position);
    assert_eq!(length(&log, &stream).await, 6);
}

/// Holds where the log below keeps an index of ids, as ours does behind the wire face; a real EventStoreDB would store
/// the ids a second time, as the port says.
pub(crate) async fn repeated_elsewhere(log: Log) {
    let (stream, other) = (prefix() + "a", prefix() + "b");
    let first = events(2);
    log.append(&stream, NoStream, first.clone()).await.unwrap();
    for (stream, expected) in [(&other, NoStream), (&other, Any), (&stream, Exact(1))] {
        let error = refuse(&log, stream, expected, first.clone()).await;
        assert!(matches!(error, AppendError::IdConflict { id } if id == first[0].id), "{error:?}");
    }
    let error = refuse(&log, &stream, Exact(0), first.clone()).await;
    assert!(matches!(error, AppendError::WrongExpectedRevision { actual: Some(1), .. }), "{error:?}");
    assert_eq!((length(&log, &stream).await, length(&log, &other).await), (2, 0));
}

/// As [`repeated_elsewhere`].
pub(crate) async fn overlapping(log: Log) {
    let stream = prefix() + "a";
    let first = events(2);
    log.append(&stream, NoStream, first.clone()).await.unwrap();
    let longer = vec![first[0].clone(), first[1].clone(), event()];
    let swapped = vec![first[1].clone(), first[0].clone()];
    let mixed = vec![event(), first[0].clone()];
    for events in [longer, swapped, mixed] {
        for expected in [NoStream, Exact(0), Exact(1), Any] {
            let error = refuse(&log, &stream, expected, events.clone()).await;
            match error {
                AppendError::WrongExpectedRevision { actual: Some(1), .. } => {
                    assert!(!expected.admits(Some(1)))
                }
                AppendError::IdConflict { .. } => assert!(expected.admits(Some(1))),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(length(&log, &stream).await, 2);
}

pub(crate) async fn one_winner_each_revision(log: Log) {
    const WRITERS: usize = 32;
    const ROUNDS: u64 = 5;
    let stream: Arc<str> = (prefix() + "a").into();
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (log, stream) = (Arc::clone(&log), Arc::clone(&stream));
        writers.spawn(async move {
            let mut won = Vec::new();
            for round in 0..ROUNDS {
                let expected = round.checked_sub(1).map_or(NoStream, Exact);
                let event = event();
                match log.append(&stream, expected, vec![event.clone()]).await {
                    Ok(appended) => won.push((appended.revision, event.id)),
                    Err(AppendError::WrongExpectedRevision { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            won
        });
    }
    let mut won = writers.join_all().await.concat();
    won.sort_unstable();
    // A writer may ask for a later revision before anyone has won the former: then nobody else does at that time.
    let revisions: Vec<u64> = won.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(revisions, (0..revisions.len() as u64).collect::<Vec<_>>());
    assert!(!won.is_empty());
    let stored = log.read_stream(&stream, Direction::Forwards, StreamFrom::Start, usize::MAX).await.unwrap();
    assert_eq!(ids(&stored), won.iter().map(|(_, id)| *id).collect::<Vec<_>>());
}

pub(crate) async fn limits(log: Log) {
    let mine = prefix();
    let sized = |bytes: usize| {
        let mut event = event();
        event.data = Bytes::from(vec![b' '; bytes - event.event_type.len() - event.metadata.len()]);
        event
    };
    let name = |bytes: usize| format!("{mine}{}", "n".repeat(bytes - mine.len()));
    let half = MAX_APPEND_BYTES / 2;
    for (case, (name, fits)) in [
        (name(MAX_STREAM_NAME_BYTES), events(1)),
        (name(80), events(MAX_APPEND_EVENTS)),
        (name(81), vec![sized(MAX_EVENT_BYTES)]),
        (name(82), vec![sized(half), sized(half)]),
    ]
    .into_iter()
    .enumerate()
    {
        log.append(&name, NoStream, fits).await.unwrap_or_else(|error| panic!("{case}: {error}"));
    }
    for (case, (name, too_large)) in [
        (name(MAX_STREAM_NAME_BYTES + 1), events(1)),
        (name(90), events(MAX_APPEND_EVENTS + 1)),
        (name(91), vec![sized(MAX_EVENT_BYTES + 1)]),
        (name(92), vec![sized(half), sized(half + 1)]),
    ]
    .into_iter()
    .enumerate()
    {
        let error = refuse(&log, &name, NoStream, too_large).await;
        assert!(
            matches!(error, AppendError::TooLarge { size, max, .. } if size == max + 1),
            "{case}: {error:?}"
        );
    }
    let twice = event();
    for (name, senseless) in [
        (mine.clone() + "a", vec![]),
        (String::new(), events(1)),
        ("$mine".to_owned(), events(1)),
        (mine.clone() + "a", vec![twice.clone(), twice]),
    ] {
        let error = refuse(&log, &name, Any, senseless).await;
        assert!(matches!(error, AppendError::Invalid(_)), "{error:?}");
    }
}
