//! Since when the store does not answer, and saying so once in a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fault::Fault;

/// How often a store that stays away is told of: often enough to be seen, too seldom to fill a disk.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// What the calls have met with.
#[derive(Debug)]
pub(super) struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Since when nothing was answered; `None` while all is.
    silent_since: Option<Instant>,
    told: Option<Instant>,
}

impl Health {
    /// Of a store that has not been asked yet.
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { silent_since: Some(Instant::now()), told: None }) }
    }

    pub(super) fn silent_for(&self) -> Duration {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.silent_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = state.silent_since.take();
        if let (Some(since), Some(_)) = (since, state.told.take()) {
            tracing::info!(after_secs = since.elapsed().as_secs(), "event store is back");
        }
    }

    pub(super) fn failed(&self, fault: &Fault) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = state.silent_since.get_or_insert_with(Instant::now).elapsed();
        if state.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
            state.told = Some(Instant::now());
            tracing::warn!(%fault, silent_secs = silent.as_secs(), "waiting for the event store");
        }
    }
}
