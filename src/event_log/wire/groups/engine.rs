//! Who of a group gets which event, and what is settled: a state machine without input, output or clock of its own.
//!
//! An event that the engine holds is *new* (read, never sent), *again* (to be sent once more) or *in flight* (with a
//! consumer). It leaves by being acknowledged, skipped or parked. The checkpoint is the first place that holds
//! something unsettled, so nothing is lost when all of this is forgotten: reading begins there anew.

mod consumers;
mod held;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::mem;
use std::time::Duration;

use uuid::Uuid;

use self::consumers::Consumers;
pub(super) use self::consumers::{ConsumerCounts, ConsumerId};
use self::held::{Held, HeldEvents, State};
use super::settings::Settings;
use crate::event_log::RecordedEvent;

/// Most parked events of one group. A place is kept free for each event that could still be parked, so parking never
/// fails: at the bound the group waits until parked events are replayed and settled.
pub(super) const MAX_PARKED: usize = 10_000;

/// Bytes of events that a group holds before it reads no more: a few of the largest events, hundreds of ours.
pub(super) const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// Where an event stands in what the group reads: its revision in a stream, its position in the whole log.
pub(super) type Place = u64;

/// Time since the group was started.
pub(super) type Moment = Duration;

/// What a consumer wants to become of an event that it does not acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Put it aside until parked events are replayed.
    Park,
    /// Send it again.
    Retry,
    /// Let it go.
    Skip,
}

/// An event for a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) consumer: ConsumerId,
    pub(super) event: RecordedEvent,
    /// How often it was sent before without being acknowledged.
    pub(super) retries: u32,
}

/// An event that was parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parked {
    pub(super) event: Uuid,
    pub(super) stream: String,
    pub(super) revision: u64,
    pub(super) reason: String,
}

/// What is to be stored, all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Newly parked, or parked again: then it moves to the end.
    pub(super) parked: Vec<Parked>,
    /// No longer parked.
    pub(super) settled: Vec<Uuid>,
    /// Everything before this place is settled or parked.
    pub(super) checkpoint: Option<Place>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How much the engine holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) new: usize,
    pub(super) again: usize,
    pub(super) in_flight: usize,
    pub(super) parked: usize,
    /// Everything ever sent.
    pub(super) sent: u64,
}

/// The state of one group.
#[derive(Debug)]
pub(super) struct Engine {
    settings: Settings,
    held: HeldEvents,
    consumers: Consumers,
    /// All that are parked, those that are being replayed included.
    parked: HashSet<Uuid>,
    /// Those parked before the start. Reading may come upon them once more, whatever has become of them by then.
    met_before: HashSet<Uuid>,
    /// All before it has been read.
    read: Place,
    /// What is stored, and when that came to be.
    checkpoint: Place,
    checkpoint_at: Moment,
    /// How many events were settled or passed over since; the thresholds of the settings count them.
    settled_since: u32,
    changes: Changes,
    sent: u64,
}

impl Engine {
    /// A group that goes on at `resume`, with what is `parked` already.
    pub(super) fn new(settings: Settings, resume: Place, parked: HashSet<Uuid>) -> Self {
        Self {
            settings,
            held: HeldEvents::default(),
            consumers: Consumers::default(),
            met_before: parked.clone(),
            parked,
            read: resume,
            checkpoint: resume,
            checkpoint_at: Moment::ZERO,
            settled_since: 0,
            changes: Changes::default(),
            sent: 0,
        }
    }

    /// Whether one more event may be offered: never without consumers, nor beyond the buffer.
    pub(super) fn wants_new(&self) -> bool {
        self.has_room() && self.parked.len() + self.held.len() < MAX_PARKED
    }

    /// Whether one more parked event may be replayed; it has its place among the parked.
    pub(super) fn has_room(&self) -> bool {
        !self.consumers.is_empty()
            && self.held.waiting() < self.settings.buffer()
            && self.held.bytes() < MAX_HELD_BYTES
    }

    /// Takes the event that was read at `place`.
    pub(super) fn offer(&mut self, place: Place, event: RecordedEvent) {
        self.read = self.read.max(place.saturating_add(1));
        if !self.met_before.contains(&event.id) {
            self.held.add(Held { event, place: Some(place), retries: 0, state: State::New });
        }
    }

    /// Notes that all up to `place`, this included, has been read.
    pub(super) fn passed(&mut self, place: Place) {
        self.read = self.read.max(place.saturating_add(1));
        self.settled_since = self.settled_since.saturating_add(1);
    }

    /// Takes a parked event back into delivery. It stays parked until it is settled.
    pub(super) fn replay(&mut self, event: RecordedEvent) {
        if self.parked.contains(&event.id) {
            self.held.add(Held { event, place: None, retries: 0, state: State::Again });
        }
    }

    /// Lets a consumer in that takes `slots` events at a time; `false` when there are as many as may be.
    pub(super) fn join(&mut self, consumer: ConsumerId, slots: usize) -> bool {
        let free = self.consumers.len() < self.settings.max_consumers();
        if free {
            self.consumers.add(consumer, slots);
        }
        free
    }

    /// Lets a consumer go. What it had is sent again, and counts as tried: an event that ends its consumers is
    /// parked one day.
    pub(super) fn leave(&mut self, consumer: ConsumerId) {
        for event in self.held.of(consumer) {
            self.again(event, "the consumer left too often");
        }
        self.consumers.remove(consumer);
    }

    /// How a consumer stands.
    pub(super) fn consumer(&self, consumer: ConsumerId) -> Option<ConsumerCounts> {
        self.consumers.counts(consumer)
    }

    /// Settles an event that was sent to somebody. Late is as good as in time; unknown ids are passed over.
    pub(super) fn ack(&mut self, event: Uuid) {
        if self.held.get(event).is_some_and(|held| held.state != State::New) {
            self.settle(event);
        }
    }

    /// Does as `consumer` wants with an event that it holds; passed over when it holds it no longer.
    pub(super) fn nack(&mut self, consumer: ConsumerId, event: Uuid, refusal: Refusal, reason: &str) {
        if !self.held.get(event).is_some_and(|held| held.is_with(consumer)) {
            return;
        }
        match refusal {
            Refusal::Park => self.park(event, reason),
            Refusal::Retry => self.again(event, "retried too often"),
            Refusal::Skip => self.settle(event),
        }
    }

    /// Takes back what was not answered in time.
    pub(super) fn expire(&mut self, now: Moment) {
        while let Some(event) = self.held.overdue(now) {
            self.again(event, "not answered in time too often");
        }
    }

    /// When [`expire`](Self::expire) or [`changes`](Self::changes) will have something to do.
    pub(super) fn next_moment(&self) -> Option<Moment> {
        self.held.next_deadline().into_iter().chain(self.due_at()).min()
    }

    /// Gives the next event to whom it belongs, among consumers that are `ready`; `None` when nobody can take any.
    pub(super) fn dispatch(&mut self, now: Moment, ready: impl Fn(ConsumerId) -> bool) -> Option<Delivery> {
        let able = self.consumers.able(ready);
        let (event, consumer) = self.held.in_order().find_map(|held| {
            Some((held.event.id, self.consumers.choose(self.settings.strategy, &able, &held.event)?))
        })?;
        let deadline = self.settings.message_timeout().map(|timeout| now.saturating_add(timeout));
        let held = self.held.send(event, consumer, deadline)?;
        self.consumers.sent(consumer);
        self.sent += 1;
        Some(Delivery { consumer, event: held.event.clone(), retries: held.retries })
    }

    /// Takes what is to be stored now. The checkpoint comes along with anything else, or by itself when it is due.
    pub(super) fn changes(&mut self, now: Moment) -> Changes {
        let due = self.due_at().is_some_and(|due| due <= now);
        if due || !self.changes.is_empty() { self.all_changes(now) } else { Changes::default() }
    }

    /// Takes what is to be stored before all else is forgotten.
    pub(super) fn all_changes(&mut self, now: Moment) -> Changes {
        let place = self.settled_place();
        let mut changes = mem::take(&mut self.changes);
        if place > self.checkpoint {
            changes.checkpoint = Some(place);
            self.checkpoint = place;
            self.checkpoint_at = now;
            self.settled_since = 0;
        }
        changes
    }

    /// How much is held now.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            new: self.held.new_events(),
            again: self.held.again_events(),
            in_flight: self.held.len() - self.held.waiting(),
            parked: self.parked.len(),
            sent: self.sent,
        }
    }

    /// When the checkpoint is to be stored; `None` while it does not move, or too little was settled.
    fn due_at(&self) -> Option<Moment> {
        let settings = &self.settings;
        if self.settled_place() <= self.checkpoint || self.settled_since < settings.min_checkpoint {
            return None;
        }
        let old_enough = self.checkpoint_at.saturating_add(settings.checkpoint_after());
        Some(if self.settled_since >= settings.max_checkpoint { Moment::ZERO } else { old_enough })
    }

    /// Everything before it is settled or parked.
    fn settled_place(&self) -> Place {
        self.held.first_place().unwrap_or(self.read)
    }

    fn settle(&mut self, event: Uuid) {
        let Some(held) = self.remove(event) else { return };
        if self.parked.remove(&held.event.id) {
            self.changes.parked.retain(|parked| parked.event != event);
            self.changes.settled.push(event);
        }
    }

    fn park(&mut self, event: Uuid, reason: &str) {
        let Some(held) = self.remove(event) else { return };
        self.parked.insert(event);
        self.changes.parked.push(Parked {
            event,
            stream: held.event.stream,
            revision: held.event.revision,
            reason: reason.to_owned(),
        });
    }

    fn again(&mut self, event: Uuid, why_parked: &str) {
        let Some(held) = self.held.get(event) else { return };
        if held.retries >= self.settings.max_retries {
            self.park(event, why_parked);
        } else if let State::InFlight { consumer, .. } = held.state {
            self.consumers.freed(consumer);
            self.held.take_back(event);
        }
    }

    fn remove(&mut self, event: Uuid) -> Option<Held> {
        let held = self.held.remove(event)?;
        if let State::InFlight { consumer, .. } = held.state {
            self.consumers.freed(consumer);
        }
        self.settled_since = self.settled_since.saturating_add(1);
        Some(held)
    }
}
