//! Random sequences of all that can happen, crashes included: nothing is lost, nothing settled comes again, the
//! checkpoint never passes an unsettled event, and the buffers stay within their bounds.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::tests::{event, settings};
use super::*;
use crate::event_log::wire::groups::settings::ConsumerStrategy;

const SLOTS: usize = 3;
const CONSUMERS: u64 = 3;
/// Events in the log, and which of them the filter drops.
const EVENTS: u64 = 40;
const DROPPED: u64 = 7;

#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    Dispatch(usize),
    /// An answer to one of those in flight (modulo their number); `None`: acknowledged.
    Answer(usize, Option<Refusal>),
    Join(u64),
    Leave(u64),
    Wait(u64),
    Replay(usize),
    Store,
    /// All but what was stored is forgotten.
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let answer = prop_oneof![
        4 => Just(None),
        1 => Just(Some(Refusal::Park)),
        2 => Just(Some(Refusal::Retry)),
        1 => Just(Some(Refusal::Skip)),
    ];
    let step = prop_oneof![
        4 => (1..6_usize).prop_map(Step::Read),
        5 => (1..6_usize).prop_map(Step::Dispatch),
        8 => (0..100_usize, answer).prop_map(|(which, answer)| Step::Answer(which, answer)),
        3 => (0..CONSUMERS).prop_map(Step::Join),
        1 => (0..CONSUMERS).prop_map(Step::Leave),
        1 => (0..1_500_u64).prop_map(Step::Wait),
        1 => (0..5_usize).prop_map(Step::Replay),
        2 => Just(Step::Store),
        1 => Just(Step::Crash),
    ];
    proptest::collection::vec(step, 1..200)
}

struct World {
    engine: Engine,
    settings: Settings,
    now: Moment,
    joined: BTreeSet<u64>,
    in_flight: Vec<(ConsumerId, Place)>,
    /// Acknowledged or skipped: ever, and since the last crash.
    settled: HashSet<Place>,
    settled_now: HashSet<Place>,
    stored_checkpoint: Place,
    /// In the order of parking.
    stored_parked: Vec<Uuid>,
}

impl World {
    fn new(strategy: ConsumerStrategy) -> Self {
        let settings = Settings { strategy, ..settings() };
        Self {
            engine: Engine::new(settings.clone(), 0, HashSet::new()),
            settings,
            now: Moment::ZERO,
            joined: BTreeSet::new(),
            in_flight: Vec::new(),
            settled: HashSet::new(),
            settled_now: HashSet::new(),
            stored_checkpoint: 0,
            stored_parked: Vec::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Read(count) => self.read(count),
            Step::Dispatch(count) => {
                for _ in 0..count {
                    self.dispatch();
                }
            }
            Step::Answer(which, refusal) => self.answer(which, refusal),
            Step::Join(who) if !self.joined.contains(&who) => {
                assert!(self.engine.join(ConsumerId(who), SLOTS));
                self.joined.insert(who);
            }
            Step::Join(_) => {}
            Step::Leave(who) => {
                self.engine.leave(ConsumerId(who));
                self.joined.remove(&who);
                self.in_flight.retain(|(consumer, _)| consumer.0 != who);
            }
            Step::Wait(millis) => {
                self.now += Moment::from_millis(millis);
                self.engine.expire(self.now);
            }
            Step::Replay(count) => self.replay(count),
            Step::Store => self.store(),
            Step::Crash => self.crash(),
        }
        self.check();
    }

    fn read(&mut self, count: usize) {
        for _ in 0..count {
            let place = self.engine.read;
            if place >= EVENTS || !self.engine.wants_new() {
                return;
            }
            if place.is_multiple_of(DROPPED) {
                self.engine.passed(place);
            } else {
                self.engine.offer(place, event(place));
            }
        }
    }

    fn dispatch(&mut self) -> bool {
        let Some(sent) = self.engine.dispatch(self.now, |_| true) else { return false };
        let place = sent.event.revision;
        assert!(!self.settled_now.contains(&place), "{place} was settled and came again");
        assert!(self.joined.contains(&sent.consumer.0));
        assert!(sent.retries <= self.settings.max_retries);
        self.in_flight.push((sent.consumer, place));
        true
    }

    /// Also late: those that timed out are still among `in_flight` here.
    fn answer(&mut self, which: usize, refusal: Option<Refusal>) {
        if self.in_flight.is_empty() {
            return;
        }
        let (consumer, place) = self.in_flight.swap_remove(which % self.in_flight.len());
        let id = event(place).id;
        let held = self.engine.held.get(id).map(|held| held.is_with(consumer));
        match refusal {
            None => self.engine.ack(id),
            Some(refusal) => self.engine.nack(consumer, id, refusal, ""),
        }
        // What was parked meanwhile is parked, whoever is late.
        if (refusal.is_none() && held.is_some()) || (refusal == Some(Refusal::Skip) && held == Some(true)) {
            self.settled.insert(place);
            self.settled_now.insert(place);
        }
    }

    fn replay(&mut self, count: usize) {
        for id in self.stored_parked.iter().take(count) {
            if self.engine.has_room() {
                self.engine.replay(event(u64::try_from(id.as_u128()).unwrap()));
            }
        }
    }

    fn store(&mut self) {
        let changes = self.engine.changes(self.now);
        self.apply(changes);
    }

    fn apply(&mut self, changes: Changes) {
        for parked in changes.parked {
            self.stored_parked.retain(|id| *id != parked.event);
            self.stored_parked.push(parked.event);
        }
        self.stored_parked.retain(|id| !changes.settled.contains(id));
        if let Some(checkpoint) = changes.checkpoint {
            assert!(checkpoint > self.stored_checkpoint);
            self.stored_checkpoint = checkpoint;
        }
    }

    fn crash(&mut self) {
        let parked = self.stored_parked.iter().copied().collect();
        self.engine = Engine::new(self.settings.clone(), self.stored_checkpoint, parked);
        self.now = Moment::ZERO;
        self.joined.clear();
        self.in_flight.clear();
        self.settled_now.clear();
    }

    fn check(&self) {
        for place in (0..self.stored_checkpoint).filter(|place| !place.is_multiple_of(DROPPED)) {
            let parked = self.stored_parked.contains(&event(place).id);
            assert!(parked || self.settled.contains(&place), "{place} lies before the checkpoint unsettled");
        }
        let counts = self.engine.counts();
        let in_flight = SLOTS * CONSUMERS as usize;
        assert!(counts.in_flight <= in_flight);
        assert!(counts.new + counts.again <= self.settings.buffer() + in_flight, "{counts:?}");
    }

    /// Goes on without mishaps until all is settled.
    fn finish(&mut self) {
        self.crash();
        self.take(&Step::Join(0));
        loop {
            self.read(1);
            self.replay(usize::MAX);
            let sent = self.dispatch();
            self.answer(0, None);
            if !sent && self.engine.read >= EVENTS {
                break;
            }
        }
        let changes = self.engine.all_changes(self.now);
        self.apply(changes);
        self.check();
        assert_eq!((self.stored_checkpoint, self.stored_parked.len()), (EVENTS, 0));
        assert_eq!(self.settled.len() as u64, EVENTS - EVENTS.div_ceil(DROPPED), "an event was lost");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_lost(steps in steps(), strategy in prop_oneof![
        Just(ConsumerStrategy::RoundRobin), Just(ConsumerStrategy::DispatchToSingle), Just(ConsumerStrategy::Pinned)
    ]) {
        let mut world = World::new(strategy);
        for step in &steps {
            world.take(step);
        }
        world.finish();
    }
}
