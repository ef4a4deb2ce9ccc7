//! Reading streams and the whole log.

use bytes::Bytes;
use chrono::Utc;
use uuid::Uuid;

use super::super::{Direction, NewEvent, Page, Position, StreamFrom};
use super::{ExpectedRevision, Log, event, events, grow, ids, prefix};

use Direction::{Backwards, Forwards};
use StreamFrom::{End, Revision, Start};

pub(crate) async fn both_directions(log: Log) {
    let mine = prefix();
    let stream = mine.clone() + "a";
    // Streams whose names sort around ours, in between.
    grow(&log, &(mine.clone() + "aa"), 1).await;
    grow(&log, &stream, 2).await;
    grow(&log, &mine, 1).await;
    grow(&log, &stream, 3).await;
    for (direction, from, max, expected) in [
        (Forwards, Start, 9, vec![0, 1, 2, 3, 4]),
        (Forwards, Start, usize::MAX, vec![0, 1, 2, 3, 4]),
        (Forwards, Start, 2, vec![0, 1]),
        (Forwards, Start, 0, vec![]),
        (Forwards, Revision(0), 1, vec![0]),
        (Forwards, Revision(3), 9, vec![3, 4]),
        (Forwards, Revision(4), 9, vec![4]),
        (Forwards, Revision(5), 9, vec![]),
        (Forwards, Revision(u64::MAX), 9, vec![]),
        (Forwards, End, 9, vec![]),
        (Backwards, End, 9, vec![4, 3, 2, 1, 0]),
        (Backwards, End, 1, vec![4]),
        (Backwards, Revision(u64::MAX), 1, vec![4]),
        (Backwards, Revision(5), 1, vec![4]),
        (Backwards, Revision(4), 2, vec![4, 3]),
        (Backwards, Revision(2), usize::MAX, vec![2, 1, 0]),
        (Backwards, Revision(0), 9, vec![0]),
        (Backwards, Start, 9, vec![0]),
    ] {
        let read = log.read_stream(&stream, direction, from, max).await.unwrap();
        let revisions: Vec<u64> = read.iter().map(|event| event.revision).collect();
        assert_eq!(revisions, expected, "{direction:?} {from:?} {max}");
        assert!(read.iter().all(|event| event.stream == stream));
    }
}

pub(crate) async fn missing_stream(log: Log) {
    let stream = prefix() + "a";
    for direction in [Forwards, Backwards] {
        for from in [Start, End, Revision(0)] {
            assert_eq!(log.read_stream(&stream, direction, from, 9).await.unwrap(), vec![]);
        }
    }
}

pub(crate) async fn bytes_come_back(log: Log) {
    let stream = prefix() + "Ä 漢/%_'\"*";
    let new = NewEvent {
        id: Uuid::new_v4(),
        event_type: "SessionCreated".to_owned(),
        data: Bytes::from(r#"{"text":"Ä 漢 \u0000"}"#),
        metadata: Bytes::from_static(br#"{"b":1,"a":2}"#),
    };
    let before = Utc::now();
    let appended = log.append(&stream, ExpectedRevision::NoStream, vec![new.clone()]).await.unwrap();
    let read = log.read_stream(&stream, Forwards, Start, 1).await.unwrap().remove(0);
    assert_eq!((read.revision, read.position), (appended.revision, appended.position));
    assert_eq!((&read.stream, read.id, &read.event_type), (&stream, new.id, &new.event_type));
    assert_eq!((&read.data, &read.metadata), (&new.data, &new.metadata));
    // The log's clock may be another machine's.
    assert!((read.created - before).num_hours().abs() < 24);
    let prefixes = [stream.clone()];
    assert_eq!(log.read_all(0, &prefixes, 9).await.unwrap().events.first().cloned(), Some(read));
}

/// Reads all pages forwards and checks what holds for each.
async fn walk(log: &Log, after: Position, prefixes: &[String], max: usize) -> Vec<Uuid> {
    let (mut read, mut from) = (Vec::new(), after);
    loop {
        let Page { events, next, end } = log.read_all(from, prefixes, max).await.unwrap();
        assert!(events.len() <= max);
        assert!(next >= from && (end || next > from), "no way forward");
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        assert!(positions.is_sorted_by(|a, b| a < b));
        assert!(positions.iter().all(|position| *position > from && *position <= next));
        read.extend(ids(&events));
        if end {
            return read;
        }
        from = next;
    }
}

async fn walk_back(log: &Log, before: Position, prefixes: &[String], max: usize) -> Vec<Uuid> {
    let (mut read, mut from) = (Vec::new(), before);
    loop {
        let Page { events, next, end } = log.read_all_backwards(from, prefixes, max).await.unwrap();
        assert!(events.len() <= max);
        assert!(end || next < from, "no way back");
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        assert!(positions.is_sorted_by(|a, b| a > b));
        assert!(positions.iter().all(|position| *position < from && *position >= next));
        read.extend(ids(&events));
        if end {
            return read;
        }
        from = next;
    }
}

pub(crate) async fn pages(log: Log) {
    let mine = prefix();
    let before = log.head().await.unwrap();
    let (first, start) = grow(&log, &(mine.clone() + "a"), 1).await;
    let (second, _) = grow(&log, &(mine.clone() + "b"), 5).await;
    let (third, _) = grow(&log, &(mine.clone() + "a"), 4).await;
    let all = [first.clone(), second.clone(), third].concat();
    for max in [1, 2, 3, 10, usize::MAX] {
        // Others may append as well: ours come in their order among them.
        let read = walk(&log, before, &[], max).await;
        assert_eq!(read.iter().filter(|id| all.contains(id)).copied().collect::<Vec<_>>(), all, "{max}");
        let read = walk(&log, start.position, &[], max).await;
        assert_eq!(read.iter().filter(|id| all.contains(id)).count(), 9, "{max}");
    }
    let none = log.read_all(start.position, &[], 0).await.unwrap();
    assert_eq!((none.events, none.next, none.end), (vec![], start.position, false));
    let beyond = log.read_all(u64::MAX, &[], 9).await.unwrap();
    assert_eq!((beyond.events, beyond.end), (vec![], true));
}

pub(crate) async fn pages_by_prefix(log: Log) {
    let (mine, others) = (prefix(), prefix());
    let (a, b, both) = (mine.clone() + "a", mine.clone() + "b", [mine.clone() + "a", mine.clone() + "b"]);
    let (mut in_a, mut in_b, mut in_both) = (vec![], vec![], vec![]);
    for round in 0..6 {
        let (ids, _) = grow(&log, &format!("{a}-{round}"), 1 + round % 2).await;
        in_a.extend(ids.clone());
        in_both.extend(ids);
        grow(&log, &others, 40).await;
        let (ids, _) = grow(&log, &b, 1).await;
        in_b.extend(ids.clone());
        in_both.extend(ids);
    }
    grow(&log, &others, 3).await;
    for max in [1, 2, 7, usize::MAX] {
        assert_eq!(walk(&log, 0, std::slice::from_ref(&a), max).await, in_a, "{max}");
        assert_eq!(walk(&log, 0, std::slice::from_ref(&b), max).await, in_b, "{max}");
        assert_eq!(walk(&log, 0, &both, max).await, in_both, "{max}");
        assert_eq!(walk(&log, 0, &[a.clone(), mine.clone()], max).await, in_both, "{max}");
    }
    // A prefix is text, not a pattern, and a name is not its own prefix plus something.
    for odd in [mine.replace("contract", "c%"), mine.to_uppercase(), format!("x{mine}")] {
        assert!(walk(&log, 0, &[odd], 9).await.is_empty());
    }
}

pub(crate) async fn pages_backwards(log: Log) {
    let (mine, others) = (prefix(), prefix());
    let mut all = Vec::new();
    let mut last = 0;
    for round in 0..5 {
        let (ids, appended) = grow(&log, &format!("{mine}{round}"), 1 + round % 3).await;
        all.extend(ids);
        last = appended.position;
        grow(&log, &others, 20).await;
    }
    let (_, beyond) = grow(&log, &others, 1).await;
    all.reverse();
    let prefixes = [mine];
    for max in [1, 2, 5, usize::MAX] {
        assert_eq!(walk_back(&log, Position::MAX, &prefixes, max).await, all, "{max}");
        assert_eq!(walk_back(&log, beyond.position, &prefixes, max).await, all, "{max}");
        assert_eq!(walk_back(&log, last, &prefixes, max).await, all[1..], "{max}");
        let read = walk_back(&log, Position::MAX, &[], max.max(50)).await;
        assert_eq!(read.iter().filter(|id| all.contains(id)).copied().collect::<Vec<_>>(), all, "{max}");
    }
    assert!(log.read_all_backwards(0, &[], 9).await.unwrap().end);
    let first = log.read_all(0, &[], 1).await.unwrap().events[0].position;
    let none = log.read_all_backwards(first, &[], 9).await.unwrap();
    assert_eq!((none.events, none.end), (vec![], true));
}

pub(crate) async fn head(log: Log) {
    let stream = prefix() + "a";
    let (_, appended) = grow(&log, &stream, 3).await;
    let head = log.head().await.unwrap();
    assert!(head >= appended.position);
    let refused = log.append(&stream, ExpectedRevision::NoStream, events(1)).await;
    assert!(refused.is_err());
    let next = log.append(&stream, ExpectedRevision::Exact(2), vec![event()]).await.unwrap();
    assert!(next.position > head);
    assert!(log.head().await.unwrap() >= next.position);
    assert!(log.read_all(log.head().await.unwrap(), &[], 1).await.unwrap().end);
}
