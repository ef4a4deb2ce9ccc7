//! The time, as the service sees it.

use chrono::Utc;
use liveness_events::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The system's clock, which tests can set forward: a link lives for five minutes at least.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicI64>,
}

impl Clock {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::from(Utc::now());
        Timestamp::from_millis(now.as_millis() + self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Sets this clock, and all its clones, forward.
    pub fn advance(&self, by: Duration) {
        self.ahead_millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// How long it is until `then`; nothing where that has passed.
    #[must_use]
    pub fn until(&self, then: Timestamp) -> Duration {
        then.since(self.now())
    }
}
