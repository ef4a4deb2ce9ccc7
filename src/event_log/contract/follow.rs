//! Following the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::super::{ReadError, SubscriptionEvent};
use super::{Log, PATIENCE, grow, ids, next_event, prefix, until_caught_up};

pub(crate) async fn from_start(log: Log) {
    let mine = prefix();
    let (old, last) = grow(&log, &(mine.clone() + "a"), 5).await;
    let mut subscription = log.subscribe_all(0, vec![mine.clone()]);
    let (events, position) = until_caught_up(&mut subscription).await;
    assert_eq!(ids(&events), old);
    assert!(position >= last.position);
    for round in 0..3 {
        let (new, _) = grow(&log, &format!("{mine}b{round}"), 2).await;
        assert_eq!(next_event(&mut subscription).await.id, new[0]);
        assert_eq!(next_event(&mut subscription).await.id, new[1]);
    }
}

pub(crate) async fn from_position(log: Log) {
    let mine = prefix();
    let stream = mine.clone() + "a";
    let (_, before) = grow(&log, &stream, 3).await;
    let (after, last) = grow(&log, &stream, 4).await;
    let mut subscription = log.subscribe_all(before.position, vec![mine.clone()]);
    let (events, _) = until_caught_up(&mut subscription).await;
    assert_eq!(ids(&events), after);
    let mut subscription = log.subscribe_all(events[2].position, vec![mine]);
    assert_eq!(next_event(&mut subscription).await.position, last.position);
}

pub(crate) async fn from_head(log: Log) {
    let mine = prefix();
    grow(&log, &(mine.clone() + "a"), 3).await;
    let mut subscription = log.subscribe_all(log.head().await.unwrap(), vec![mine.clone()]);
    assert!(until_caught_up(&mut subscription).await.0.is_empty());
    let (new, _) = grow(&log, &(mine + "b"), 1).await;
    assert_eq!(next_event(&mut subscription).await.id, new[0]);
}

/// Who follows a few streams learns how far the log has been looked through.
pub(crate) async fn checkpoints(log: Log) {
    let (mine, others) = (prefix(), prefix());
    let mut subscription = log.subscribe_all(0, vec![mine.clone()]);
    until_caught_up(&mut subscription).await;
    let mut told = 0;
    for _ in 0..3 {
        let (_, passed) = grow(&log, &others, 200).await;
        while told < passed.position {
            match subscription.next().await.unwrap() {
                SubscriptionEvent::Checkpoint { position } | SubscriptionEvent::CaughtUp { position } => {
                    assert!(position > told);
                    told = position;
                }
                SubscriptionEvent::Event(event) => panic!("{event:?}"),
            }
        }
    }
    let (new, _) = grow(&log, &mine, 1).await;
    let event = next_event(&mut subscription).await;
    assert_eq!(event.id, new[0]);
    assert!(event.position > told);
}

/// A reader that does not come for a long time loses nothing, and is told again when it has caught up.
pub(crate) async fn behind_and_again(log: Log) {
    let mine = prefix();
    let stream = mine.clone() + "a";
    let mut subscription = log.subscribe_all(log.head().await.unwrap(), vec![mine]);
    until_caught_up(&mut subscription).await;
    let mut written = Vec::new();
    for _ in 0..20 {
        written.extend(grow(&log, &stream, 100).await.0);
    }
    let (events, _) = until_caught_up(&mut subscription).await;
    assert_eq!(ids(&events), written);
}

/// Futures of `next` that are dropped at any moment lose nothing.
pub(crate) async fn cancelled(log: Log) {
    const EVENTS: usize = 600;
    let mine = prefix();
    let mut subscription = log.subscribe_all(0, vec![mine.clone()]);
    let writer = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let mut written = Vec::new();
            for number in 0..EVENTS / 4 {
                written.extend(grow(&log, &format!("{mine}{}", number % 7), 4).await.0);
            }
            written
        }
    });
    let mut read = Vec::new();
    for turn in 0.. {
        if read.len() == EVENTS {
            break;
        }
        // Every eighth may take its time, so that a slow machine gets on as well.
        let patience = if turn % 8 == 0 { PATIENCE } else { Duration::from_micros(turn * 37 % 400) };
        if let Ok(next) = tokio::time::timeout(patience, subscription.next()).await
            && let SubscriptionEvent::Event(event) = next.unwrap()
        {
            read.push(event.id);
        }
    }
    assert_eq!(read, writer.await.unwrap());
}

/// Writers and subscribers side by side, the subscribers starting at different times: each sees every event after
/// its start once and in order, and a slow one holds nobody up.
pub(crate) async fn under_writers(log: Log) {
    const WRITERS: usize = 8;
    const APPENDS: usize = 200;
    const SUBSCRIBERS: usize = 4;
    let mine = prefix();
    let done = Arc::new(AtomicUsize::new(0));
    let mut idle = log.subscribe_all(0, vec![mine.clone()]);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (log, stream, done) = (Arc::clone(&log), format!("{mine}{writer}"), Arc::clone(&done));
        writers.spawn(async move {
            let mut positions = Vec::with_capacity(APPENDS);
            for _ in 0..APPENDS {
                positions.push(grow(&log, &stream, 1).await.1.position);
                done.fetch_add(1, Ordering::Relaxed);
            }
            positions
        });
    }
    let mut subscribers = JoinSet::new();
    for subscriber in 0..SUBSCRIBERS {
        let (log, mine, done) = (Arc::clone(&log), mine.clone(), Arc::clone(&done));
        subscribers.spawn(async move {
            while done.load(Ordering::Relaxed) < subscriber * WRITERS * APPENDS / SUBSCRIBERS {
                tokio::task::yield_now().await;
            }
            let start = if subscriber % 2 == 0 { log.head().await.unwrap() } else { 0 };
            let mut subscription = log.subscribe_all(start, vec![mine]);
            let mut seen = Vec::new();
            loop {
                let event = next_event(&mut subscription).await;
                seen.push(event.position);
                if event.stream.ends_with("end") {
                    return (start, seen);
                }
                if subscriber == 1 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    let mut written = writers.join_all().await.concat();
    written.sort_unstable();
    written.push(grow(&log, &(mine + "end"), 1).await.1.position);
    for (start, seen) in subscribers.join_all().await {
        let expected: Vec<_> = written.iter().copied().filter(|position| *position > start).collect();
        assert_eq!(seen, expected, "after {start}");
    }
    let mut slow = Vec::new();
    while slow.len() < written.len() {
        slow.push(next_event(&mut idle).await.position);
    }
    assert_eq!(slow, written);
}

pub(crate) async fn closed(log: Log) {
    let mine = prefix();
    let (written, _) = grow(&log, &mine, 3).await;
    let mut subscription = log.subscribe_all(0, vec![mine]);
    log.close().await;
    let mut read = Vec::new();
    let error = loop {
        match subscription.next().await {
            Ok(SubscriptionEvent::Event(event)) => read.push(event.id),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ReadError::Closed), "{error:?}");
    assert_eq!(read, written);
}
