//! The contract, and what only a file can do.

mod files;
mod groups;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::reader::{PAGE_BYTES, SCAN_POSITIONS};
use super::{EmbeddedLog, QUEUE_APPENDS, QUEUE_BYTES};
use crate::event_log::contract::{
    Log, PATIENCE, event, event_log_contract, events, grow, ids, next_event, until_caught_up,
};
use crate::event_log::{
    AppendError, Appended, Direction, EventLog, ExpectedRevision, MAX_APPEND_BYTES, MAX_EVENT_BYTES,
    NewEvent, StreamFrom,
};

use ExpectedRevision::{Any, Exact};

event_log_contract!(super::opened);

async fn opened() -> (Log, TempDir) {
    let folder = TempDir::new().unwrap();
    let log = open(&folder.path().join("events.db"));
    (log, folder)
}

fn open(path: &Path) -> Log {
    Arc::new(EmbeddedLog::open(path).unwrap())
}

async fn length(log: &dyn EventLog, stream: &str) -> usize {
    log.read_stream(stream, Direction::Forwards, StreamFrom::Start, usize::MAX).await.unwrap().len()
}

#[tokio::test]
async fn an_empty_log_has_its_head_at_zero() {
    let (log, _keep) = opened().await;
    assert_eq!(log.head().await.unwrap(), 0);
    let page = log.read_all(0, &[], 9).await.unwrap();
    assert_eq!((page.events.len(), page.next, page.end), (0, 0, true));
    let page = log.read_all_backwards(u64::MAX, &[], 9).await.unwrap();
    assert_eq!((page.events.len(), page.end), (0, true));
    let (events, position) = until_caught_up(&mut log.subscribe_all(0, vec![])).await;
    assert_eq!((events.len(), position), (0, 0));
}

#[tokio::test]
async fn a_closed_log_takes_nothing_and_opens_again_with_all_that_it_took() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let log = open(&path);
    let (written, last) = grow(&log, "a", 3).await;
    log.close().await;
    log.close().await;
    let late = log.append("a", Any, events(1)).await.unwrap_err();
    assert!(matches!(late, AppendError::Unavailable(_)), "{late:?}");
    // All is in the one file now.
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    for path in [path, copy] {
        let log = open(&path);
        let read = log.read_stream("a", Direction::Forwards, StreamFrom::Start, 9).await.unwrap();
        assert_eq!(ids(&read), written);
        assert_eq!(log.head().await.unwrap(), last.position);
        let next = log.append("a", Exact(2), events(1)).await.unwrap();
        assert_eq!(next, Appended { revision: 3, position: last.position + 1 });
        log.close().await;
    }
}

#[tokio::test]
async fn a_dropped_log_writes_what_it_has_taken() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let log = EmbeddedLog::open(&path).unwrap();
    for _ in 0..50 {
        // Polled once, which hands it to the writer; then forgotten.
        let _ = tokio::time::timeout(Duration::ZERO, log.append("a", Any, events(1))).await;
    }
    let mut head = log.head.clone();
    drop(log);
    while head.changed().await.is_ok() {}
    assert_eq!(length(&*open(&path), "a").await, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_logs_on_one_file_see_each_other() {
    const EACH: usize = 100;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let logs = [open(&path), open(&path)];
    let mut followers = JoinSet::new();
    let mut writers = JoinSet::new();
    for (number, log) in logs.iter().enumerate() {
        let mut subscription = log.subscribe_all(0, vec![]);
        followers.spawn(async move {
            let mut positions = Vec::new();
            while positions.len() < 2 * EACH {
                positions.push(next_event(&mut subscription).await.position);
            }
            positions
        });
        let log = Arc::clone(log);
        writers.spawn(async move {
            for turn in 0..EACH {
                // Half of them to one stream from both sides.
                let stream = if turn % 2 == 0 { "both".to_owned() } else { format!("{number}") };
                grow(&log, &stream, 1).await;
            }
        });
    }
    tokio::time::timeout(PATIENCE, writers.join_all()).await.unwrap();
    for positions in tokio::time::timeout(PATIENCE, followers.join_all()).await.unwrap() {
        assert_eq!(positions, (1..=2 * EACH as u64).collect::<Vec<_>>());
    }
    // What one wrote, the other expects at once.
    let appended = logs[0].append("both", Exact(EACH as u64 - 1), events(1)).await.unwrap();
    assert_eq!(logs[1].head().await.unwrap(), appended.position);
    let stale = logs[1].append("both", Exact(EACH as u64 - 1), events(1)).await.unwrap_err();
    assert!(matches!(stale, AppendError::WrongExpectedRevision { .. }), "{stale:?}");
    assert_eq!(logs[1].append("both", Exact(appended.revision), events(1)).await.unwrap().revision, 101);
}

#[tokio::test]
async fn an_idle_log_notices_what_another_appends() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let (idle, other) = (open(&path), open(&path));
    let mut subscription = idle.subscribe_all(0, vec![]);
    until_caught_up(&mut subscription).await;
    for _ in 0..2 {
        let (written, _) = grow(&other, "a", 1).await;
        let event = tokio::time::timeout(PATIENCE, next_event(&mut subscription)).await.unwrap();
        assert_eq!(event.id, written[0]);
    }
}

#[tokio::test]
async fn a_rare_prefix_is_found_beyond_what_one_page_looks_at() {
    let (log, _keep) = opened().await;
    let (mut rare, prefixes) = (Vec::new(), ["rare".to_owned()]);
    for _ in 0..3 {
        rare.extend(grow(&log, "rare", 1).await.0);
        for _ in 0..(2 * SCAN_POSITIONS).div_ceil(250) {
            grow(&log, "many", 250).await;
        }
    }
    let mut subscription = log.subscribe_all(0, prefixes.to_vec());
    let (events, position) = until_caught_up(&mut subscription).await;
    assert_eq!((ids(&events), position), (rare.clone(), log.head().await.unwrap()));
    let mut found = Vec::new();
    let mut page = log.read_all_backwards(u64::MAX, &prefixes, 9).await.unwrap();
    assert!(!page.end && page.events.is_empty());
    while !page.end {
        page = log.read_all_backwards(page.next, &prefixes, 9).await.unwrap();
        found.extend(ids(&page.events));
    }
    rare.reverse();
    assert_eq!(found, rare);
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_large_for_memory() {
    let (log, _keep) = opened().await;
    let large = NewEvent { data: Bytes::from(vec![b' '; MAX_EVENT_BYTES - 100]), ..event() };
    let mut written = Vec::new();
    for _ in 0..2 * PAGE_BYTES / MAX_EVENT_BYTES + 3 {
        let event = NewEvent { id: event().id, ..large.clone() };
        written.push(event.id);
        log.append("a", Any, vec![event]).await.unwrap();
    }
    let page = log.read_all(0, &[], usize::MAX).await.unwrap();
    assert!(!page.end && page.events.len() <= PAGE_BYTES / MAX_EVENT_BYTES + 1);
    let (events, _) = until_caught_up(&mut log.subscribe_all(0, vec![])).await;
    assert_eq!(ids(&events), written);
    // A stream is given whole, however large.
    assert_eq!(length(&*log, "a").await, written.len());
}

/// Keeps the writer from committing, until it is dropped.
fn stall(path: &Path) -> Connection {
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_and_recovers() {
    let large = || NewEvent { data: Bytes::from(vec![b' '; 500_000 - 10]), ..event() };
    for (most, append) in [
        (QUEUE_APPENDS + 300, Box::new(|| events(1)) as Box<dyn Fn() -> Vec<NewEvent>>),
        (QUEUE_BYTES / MAX_APPEND_BYTES + 2, Box::new(|| vec![large(), large()])),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("events.db");
        let log = open(&path);
        let stalled = stall(&path);
        let mut appends = JoinSet::new();
        for _ in 0..most {
            let (log, events) = (Arc::clone(&log), append());
            appends.spawn(async move {
                let count = events.len();
                log.append("a", Any, events).await.map(|_| count)
            });
        }
        // The first answer can only be a refusal.
        let first = tokio::time::timeout(PATIENCE, appends.join_next()).await.unwrap().unwrap().unwrap();
        assert!(matches!(first, Err(AppendError::Overloaded)), "{first:?}");
        drop(stalled);
        let mut taken = 0;
        for answer in tokio::time::timeout(PATIENCE, appends.join_all()).await.unwrap() {
            match answer {
                Ok(count) => taken += count,
                Err(AppendError::Overloaded) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(length(&*log, "a").await, taken);
        grow(&log, "a", 1).await;
    }
}
