use super::binary::run;
use super::wait::eventually;
use liveness::clock::Clock;
use liveness::event_log::EventLog as _;
use liveness::event_log::embedded::EmbeddedLog;
use liveness::verification::{Kind, keys_of_log, verify_log};
use liveness_events::session::SessionEvent;
use liveness_events::stored::Stored as _;
use liveness_events::{RecordedEvent, stream};
use liveness_projections::{ViewReader, Views};
use std::collections::BTreeMap;
use std::path::Path;
use uuid::Uuid;

/// The events of each session.
pub(crate) type Recorded = BTreeMap<Uuid, Vec<SessionEvent>>;

/// Reads the log of a data directory, also of a service that runs.
pub(crate) async fn everything(dir: &Path) -> Vec<RecordedEvent> {
    let log = EmbeddedLog::open(dir.join("events.db")).unwrap();
    let (mut events, mut after) = (vec![], 0);
    loop {
        let page = log.read_all(after, &[], 1024).await.unwrap();
        events.extend(page.events);
        if page.end {
            log.close().await;
            return events;
        }
        after = page.next;
    }
}

/// Waits until a service that runs has signed all that has ended, before it is killed.
pub(crate) async fn await_receipts(dir: &Path) {
    let signed = async || {
        let log = EmbeddedLog::open(dir.join("events.db")).unwrap();
        let keys = keys_of_log(&log).await.unwrap();
        let report = verify_log(&log, &keys, Clock::default().now()).await.unwrap();
        log.close().await;
        let missing = report.findings.iter().any(|finding| finding.kind == Kind::ReceiptMissing);
        (report.receipts_awaited == 0 && !missing).then_some(())
    };
    eventually("all that has ended has its receipt", signed).await;
}

/// Sees that what a stopped service left is sound, and returns it: the chains hold, no session has two ends or anything
/// but the erasure of its images after its end, and the views are what the log makes of them.
pub(crate) async fn assert_sound(dir: &Path) -> Recorded {
    let verified = run(dir, &["verify"]);
    assert!(verified.status.success(), "{verified:?}");
    let events = everything(dir).await;
    let sessions = recorded(&events);
    for (id, events) in &sessions {
        let ends = events.iter().filter(|event| event.is_terminal()).count();
        assert!(ends <= 1, "session {id} has {ends} ends");
        let after = events.iter().skip_while(|event| !event.is_terminal()).skip(1);
        let erased = after.clone().filter(|event| matches!(event, SessionEvent::ImagesErased { .. })).count();
        assert_eq!(erased, after.count(), "session {id} goes on after its end");
        let left =
            [format!("image-keys/{id}.key"), format!("images/{id}")].map(|path| dir.join(path).exists());
        assert!(erased == 0 || left == [false, false], "session {id} was erased and has left {left:?}");
    }
    assert_views_are_rebuilt(dir, &events);
    sessions
}

/// Sees that the views of a stopped node are what the log in another directory makes of them.
pub(crate) async fn assert_views_follow(node: &Path, log: &Path) {
    assert_views_are_rebuilt(node, &everything(log).await);
}

/// The events of each session, also of a service that runs.
pub(crate) async fn recorded_in(dir: &Path) -> Recorded {
    recorded(&everything(dir).await)
}

fn recorded(events: &[RecordedEvent]) -> Recorded {
    let mut sessions = Recorded::new();
    for event in events {
        if let Some(id) = stream::session_id(&event.stream) {
            sessions.entry(id).or_default().push(SessionEvent::decode_recorded(event).unwrap());
        }
    }
    sessions
}

/// The service's views go on from where they were; others begin with the log's first event. They must meet.
fn assert_views_are_rebuilt(dir: &Path, events: &[RecordedEvent]) {
    let kept = dir.join("views.db");
    Views::open(&kept).unwrap().apply(events).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("views.db");
    let mut views = Views::open(&fresh).unwrap();
    for batch in events.chunks(7) {
        views.apply(batch).unwrap();
    }
    let fingerprint = |path: &Path| ViewReader::open(path).unwrap().fingerprint().unwrap();
    assert_eq!(fingerprint(&kept), fingerprint(&fresh), "the views are not what the log makes of them");
}
