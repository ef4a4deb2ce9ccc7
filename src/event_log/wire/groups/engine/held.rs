//! The events that a group holds, and in which order they go out.

use std::collections::{BTreeSet, HashMap, VecDeque};

use uuid::Uuid;

use super::{ConsumerId, Moment, Place};
use crate::event_log::RecordedEvent;

/// An event on its way.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) event: RecordedEvent,
    /// Where it was read; `None` for one that is replayed, which no longer holds up the checkpoint.
    pub(super) place: Option<Place>,
    pub(super) retries: u32,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Never sent.
    New,
    /// To be sent once more.
    Again,
    /// With a consumer, until the deadline.
    InFlight { consumer: ConsumerId, deadline: Option<Moment> },
}

impl Held {
    pub(super) fn is_with(&self, who: ConsumerId) -> bool {
        matches!(self.state, State::InFlight { consumer, .. } if consumer == who)
    }

    fn bytes(&self) -> usize {
        self.event.data.len() + self.event.metadata.len()
    }
}

/// All of them, by id: ids are unique in a log.
#[derive(Debug, Default)]
pub(super) struct HeldEvents {
    events: HashMap<Uuid, Held>,
    /// Those in [`State::Again`], in the order of going out.
    again: VecDeque<Uuid>,
    /// Those in [`State::New`], in the order of reading.
    new: VecDeque<Uuid>,
    places: BTreeSet<Place>,
    deadlines: BTreeSet<(Moment, Uuid)>,
    bytes: usize,
}

impl HeldEvents {
    /// Adds an event that waits; one that is held already stays as it is.
    pub(super) fn add(&mut self, held: Held) {
        let id = held.event.id;
        if self.events.contains_key(&id) {
            return;
        }
        match held.state {
            State::New => self.new.push_back(id),
            State::Again => self.again.push_back(id),
            State::InFlight { .. } => {}
        }
        self.places.extend(held.place);
        self.bytes += held.bytes();
        self.events.insert(id, held);
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&Held> {
        self.events.get(&id)
    }

    pub(super) fn remove(&mut self, id: Uuid) -> Option<Held> {
        let held = self.events.remove(&id)?;
        self.leave_state(id, held.state);
        if let Some(place) = held.place {
            self.places.remove(&place);
        }
        self.bytes -= held.bytes();
        Some(held)
    }

    /// Marks a waiting event as sent.
    pub(super) fn send(&mut self, id: Uuid, consumer: ConsumerId, deadline: Option<Moment>) -> Option<&Held> {
        let before = self.events.get(&id)?.state;
        self.leave_state(id, before);
        self.deadlines.extend(deadline.map(|deadline| (deadline, id)));
        let held = self.events.get_mut(&id)?;
        held.state = State::InFlight { consumer, deadline };
        Some(held)
    }

    /// Puts an event that was sent among those to be sent once more.
    pub(super) fn take_back(&mut self, id: Uuid) {
        let Some(before) = self.events.get(&id).map(|held| held.state) else { return };
        self.leave_state(id, before);
        self.again.push_back(id);
        if let Some(held) = self.events.get_mut(&id) {
            held.retries = held.retries.saturating_add(1);
            held.state = State::Again;
        }
    }

    /// Those that wait, in the order of going out.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Held> {
        self.again.iter().chain(&self.new).filter_map(|id| self.events.get(id))
    }

    /// Ids of what a consumer has, in the order of reading.
    pub(super) fn of(&self, consumer: ConsumerId) -> Vec<Uuid> {
        let mut held: Vec<&Held> = self.events.values().filter(|held| held.is_with(consumer)).collect();
        held.sort_by_key(|held| held.event.position);
        held.into_iter().map(|held| held.event.id).collect()
    }

    /// One whose deadline has come.
    pub(super) fn overdue(&self, now: Moment) -> Option<Uuid> {
        self.deadlines.first().filter(|(deadline, _)| *deadline <= now).map(|(_, id)| *id)
    }

    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn first_place(&self) -> Option<Place> {
        self.places.first().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn new_events(&self) -> usize {
        self.new.len()
    }

    pub(super) fn again_events(&self) -> usize {
        self.again.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.new.len() + self.again.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn leave_state(&mut self, id: Uuid, state: State) {
        match state {
            State::New => remove_from(&mut self.new, id),
            State::Again => remove_from(&mut self.again, id),
            State::InFlight { deadline: Some(deadline), .. } => {
                self.deadlines.remove(&(deadline, id));
            }
            State::InFlight { deadline: None, .. } => {}
        }
    }
}

/// Nearly always the first; the queues are bounded.
fn remove_from(queue: &mut VecDeque<Uuid>, id: Uuid) {
    if let Some(index) = queue.iter().position(|queued| *queued == id) {
        queue.remove(index);
    }
}
