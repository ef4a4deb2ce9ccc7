use crate::kit::{Api, Check, Recorded};
use liveness_events::Digest;
use liveness_events::session::SessionEvent;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tokio::sync::Notify;

/// What the service has acknowledged.
#[derive(Default)]
pub(crate) struct Ledger {
    checks: RefCell<BTreeMap<String, Entry>>,
    closed: Cell<bool>,
    /// Told of each acknowledgement.
    news: Notify,
}

/// What it has acknowledged of one check.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    check: Check,
    /// A 204 was answered to its cancellation.
    cancelled: bool,
    /// Frames that brought about another guide than the one before: no frame that was dropped does.
    frames: Vec<Digest>,
    /// Attempts of which the page was told that they failed.
    failed: usize,
    /// What the page was told at the end.
    end: Option<String>,
}

impl Ledger {
    /// No new checks from now on.
    pub(crate) fn close(&self) {
        self.closed.set(true);
    }

    /// Checks that were created.
    pub(crate) fn len(&self) -> usize {
        self.checks.borrow().len()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) fn created(&self, check: &Check) {
        let entry = Entry { check: check.clone(), cancelled: false, frames: vec![], failed: 0, end: None };
        let before = self.checks.borrow_mut().insert(check.uuid.clone(), entry);
        assert!(before.is_none(), "{} was created for two", check.uuid);
        self.news.notify_waiters();
    }

    fn note(&self, check: &Check, note: impl FnOnce(&mut Entry)) {
        note(self.checks.borrow_mut().get_mut(&check.uuid).unwrap());
        self.news.notify_waiters();
    }

    /// Waits until something is acknowledged.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    pub(crate) fn cancelled(&self, check: &Check) {
        self.note(check, |entry| entry.cancelled = true);
    }

    pub(crate) fn frame(&self, check: &Check, jpeg: &[u8]) {
        self.note(check, |entry| entry.frames.push(Digest::of(jpeg)));
    }

    pub(crate) fn failed(&self, check: &Check) {
        self.note(check, |entry| entry.failed += 1);
    }

    pub(crate) fn ended(&self, check: &Check, end: &str) {
        self.note(check, |entry| entry.end = Some(end.to_owned()));
    }

    /// Whether the page was told that the check is complete.
    pub(crate) fn is_complete(&self, check: &Check) -> bool {
        self.checks.borrow()[&check.uuid].end.as_deref() == Some("complete")
    }

    pub(crate) fn summary(&self) -> String {
        let checks = self.checks.borrow();
        let count = |what: fn(&Entry) -> usize| checks.values().map(what).sum::<usize>();
        format!(
            "{} checks: {} called off, {} told complete, {} told exhausted; {} failed attempts, {} frames",
            checks.len(),
            count(|entry| entry.cancelled.into()),
            count(|entry| (entry.end.as_deref() == Some("complete")).into()),
            count(|entry| (entry.end.as_deref() == Some("attempts_exhausted")).into()),
            count(|entry| entry.failed),
            count(|entry| entry.frames.len()),
        )
    }

    /// What GET answers now fits what was acknowledged.
    pub(crate) async fn assert_answers(&self, api: &Api) {
        let checks = self.checks.borrow().clone();
        for entry in checks.values() {
            let status = api.result(&entry.check).await.status;
            let complete = entry.end.as_deref() == Some("complete");
            assert!(
                if complete { status == 200 } else { matches!(status, 200 | 410) },
                "{status}: {entry:?}"
            );
        }
    }

    /// What was recorded holds all that was acknowledged.
    pub(crate) fn assert_recorded(&self, sessions: &Recorded) {
        for (uuid, entry) in self.checks.borrow().iter() {
            let events = sessions.get(&uuid.parse().unwrap()).unwrap_or_else(|| panic!("{uuid} is lost"));
            let end = events.iter().find(|event| event.is_terminal());
            let end = end.unwrap_or_else(|| panic!("the end of {uuid} is lost: {entry:?}"));
            match entry.end.as_deref() {
                Some("complete") => assert!(matches!(end, SessionEvent::Completed { .. }), "{uuid}: {end:?}"),
                Some("attempts_exhausted") => {
                    assert!(matches!(end, SessionEvent::Expired { .. }), "{uuid}: {end:?}")
                }
                Some(_) | None => {}
            }
            for frame in &entry.frames {
                let is_it = |event: &SessionEvent| matches!(event, SessionEvent::FrameReceived { frame: recorded, .. } if recorded.sha256 == *frame);
                assert_eq!(events.iter().filter(|event| is_it(event)).count(), 1, "frame {frame} of {uuid}");
            }
            let failed =
                events.iter().filter(|event| matches!(event, SessionEvent::AttemptFailed { .. })).count();
            assert!(
                failed >= entry.failed,
                "{uuid}: {} attempts were told to have failed, {failed} are recorded",
                entry.failed
            );
        }
    }
}
