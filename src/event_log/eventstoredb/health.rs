//! Whether the store answers, and saying so once in a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::event_log::Availability;

/// How often a store that stays away is told of: often enough to be seen, too seldom to fill a disk.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// What the calls have met with.
#[derive(Debug)]
pub(super) struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    availability: Availability,
    told: Option<Instant>,
}

impl Health {
    pub(super) fn new() -> Self {
        let availability =
            Availability::Away { since: Instant::now(), why: "the event store has not answered yet".into() };
        Self { state: Mutex::new(State { availability, told: None }) }
    }

    pub(super) fn availability(&self) -> Availability {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).availability.clone()
    }

    pub(super) fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Availability::Away { since, .. } = state.availability {
            if state.told.take().is_some() {
                tracing::info!(after_secs = since.elapsed().as_secs(), "event store is back");
            }
            state.availability = Availability::Available;
        }
    }

    pub(super) fn failed(&self, fault: &Fault) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match state.availability {
            Availability::Away { since, .. } => since,
            Availability::Available => Instant::now(),
        };
        if state.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
            state.told = Some(Instant::now());
            tracing::warn!(%fault, since_secs = since.elapsed().as_secs(), "waiting for the event store");
        }
        state.availability = Availability::Away { since, why: fault.to_string().into() };
    }
}
