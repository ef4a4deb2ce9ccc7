//! The contract through a proxy that cuts, delays and doubles connections at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::proxy::Proxy;
use super::repeating::Repeating;
use super::{open, wire};
use crate::event_log::contract::{Log, PATIENCE, event, event_log_contract, next_event};
use crate::event_log::wire::WireServer;
use crate::event_log::{Direction, ExpectedRevision, StreamFrom};

event_log_contract!(super::opened);

/// How many faults there have to be before all is compared.
const FAULTS: usize = 300;

type Keep = (Proxy, WireServer, TempDir);

async fn opened() -> (Log, Keep) {
    static SEED: AtomicU64 = AtomicU64::new(1);
    through_chaos(SEED.fetch_add(1, Ordering::Relaxed)).await
}

async fn through_chaos(seed: u64) -> (Log, Keep) {
    let (face, folder) = wire::face().await;
    let proxy = Proxy::chaos(face.address(), seed).await;
    let log = Arc::new(Repeating::new(open(&proxy.connection_string())));
    (log, (proxy, face, folder))
}

/// Writers that know what they wrote, and a follower who sees it: all of it, once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_some_hundreds_of_faults() {
    const WRITERS: u64 = 8;
    let (log, (proxy, _face, _folder)) = through_chaos(4).await;
    let proxy = Arc::new(proxy);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (log, proxy) = (Arc::clone(&log), Arc::clone(&proxy));
        writers.spawn(async move {
            let (stream, mut written) = (format!("s{writer}"), Vec::new());
            while proxy.faults() < FAULTS {
                let last = (written.len() as u64).checked_sub(1);
                let expected = last.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
                let event = event();
                let appended = log.append(&stream, expected, vec![event.clone()]).await.unwrap();
                assert_eq!(appended.revision, written.len() as u64);
                written.push((appended.position, event.id));
            }
            written
        });
    }
    let mut following = log.subscribe_all(0, vec!["s".to_owned()]);
    let all = async {
        let mut written = writers.join_all().await.concat();
        written.sort_unstable();
        written
    };
    let seen = async {
        let mut seen = Vec::new();
        loop {
            let event = next_event(&mut following).await;
            if event.stream == "send" {
                return seen;
            }
            seen.push((event.position, event.id));
        }
    };
    let written = async {
        let written = all.await;
        log.append("send", ExpectedRevision::NoStream, vec![event()]).await.unwrap();
        written
    };
    let both = async { tokio::join!(written, seen) };
    // A guard against hanging; nothing waits for it.
    let (written, seen) = tokio::time::timeout(PATIENCE * 2, both).await.unwrap();
    assert_eq!(seen, written);
    for writer in 0..WRITERS {
        let stream = format!("s{writer}");
        let read =
            log.read_stream(&stream, Direction::Forwards, StreamFrom::Start, usize::MAX).await.unwrap();
        assert!(read.iter().all(|event| written.contains(&(event.position, event.id))));
    }
}
