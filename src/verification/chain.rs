//! Puts the events of a broken stream into the order in which they were recorded, as far as hashes tell it.
//!
//! An event's hash covers its revision, and the next event names it. So an event can be found wherever it was moved to: by
//! the hash of the one that it follows, and by what the one that follows it says.

use crate::event_log::RecordedEvent;
use liveness_events::Digest;
use liveness_events::metadata::{self, Metadata};
use std::collections::{BTreeMap, HashMap};

/// Revisions beyond the expected one at which an event is tried, behind a break: so many removed events are counted.
const REACH: u64 = 64;
/// Revisions before the expected one at which it is tried: so many inserted events are noticed.
const REACH_BACK: u64 = 8;
/// Breaks after which an event is tried only where it should be: such a stream has no order to find.
const MAX_SEARCHES: usize = 64;

/// An event and where it stood when it was recorded.
pub(super) struct Placed<'a> {
    pub(super) event: &'a RecordedEvent,
    /// Its index among the events as they are now.
    pub(super) index: usize,
    /// Its revision when it was recorded.
    pub(super) original: u64,
    pub(super) hash: Option<Digest>,
}

/// A place where an event does not follow from the one before.
pub(super) struct Break {
    /// Revision that should come next.
    pub(super) expected: u64,
    /// Index, among the placed, of the event behind the break.
    pub(super) behind: usize,
    /// Whether another event, or a receipt, vouches for the place of the event behind the break.
    pub(super) vouched: bool,
}

/// The events of a stream in their original order.
#[derive(Default)]
pub(super) struct Order<'a> {
    pub(super) placed: Vec<Placed<'a>>,
    /// Events that no place was found for.
    pub(super) strangers: Vec<&'a RecordedEvent>,
    pub(super) breaks: Vec<Break>,
}

/// Finds the order. `anchors` are hashes that receipts vouch for, by revision.
pub(super) fn order<'a>(events: &'a [RecordedEvent], anchors: &BTreeMap<u64, Digest>) -> Order<'a> {
    let mut search = Search::new(events, anchors);
    let mut order = Order::default();
    let (mut before, mut expected) = (Named::First, 0);
    loop {
        let follower = search.follower(before, expected);
        let (index, original) = match follower {
            Some(index) => (index, expected),
            None => {
                let last = order.placed.last().map(|placed| placed.index);
                let Some(index) = search.unused_behind(last) else { break };
                let searched = order.breaks.len() < MAX_SEARCHES;
                let vouched = search.revision_of(index, expected, searched);
                let behind = order.placed.len();
                order.breaks.push(Break { expected, behind, vouched: vouched.is_some() });
                (index, vouched.unwrap_or_else(|| events[index].revision.max(expected)))
            }
        };
        search.used[index] = true;
        let event = &events[index];
        let hash = hash_at(event, original);
        order.placed.push(Placed { event, index, original, hash });
        before = hash.map_or(Named::Nothing, Named::Hash);
        expected = original.saturating_add(1);
    }
    order.strangers =
        events.iter().zip(&search.used).filter(|(_, used)| !**used).map(|(event, _)| event).collect();
    order
}

pub(super) fn hash_at(event: &RecordedEvent, revision: u64) -> Option<Digest> {
    let RecordedEvent { stream, id, event_type, data, metadata, .. } = event;
    metadata::hash(stream, revision, *id, event_type, data, metadata).ok()
}

/// What an event says that it follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    /// It is the first.
    First,
    Hash(Digest),
    /// Its metadata cannot be read.
    Nothing,
}

struct Search<'a> {
    events: &'a [RecordedEvent],
    anchors: &'a BTreeMap<u64, Digest>,
    by_named: HashMap<Named, Vec<usize>>,
    used: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(events: &'a [RecordedEvent], anchors: &'a BTreeMap<u64, Digest>) -> Self {
        let mut by_named: HashMap<Named, Vec<usize>> = HashMap::new();
        for (index, event) in events.iter().enumerate() {
            let named = match serde_json::from_slice::<Metadata>(&event.metadata) {
                Ok(Metadata { previous: Some(hash), .. }) => Named::Hash(hash),
                Ok(_) => Named::First,
                Err(_) => Named::Nothing,
            };
            by_named.entry(named).or_default().push(index);
        }
        Self { events, anchors, by_named, used: vec![false; events.len()] }
    }

    /// The event that follows `before`. Of several, the one that another event or a receipt vouches for; else the last,
    /// for nothing can be recorded in front of what is there.
    fn follower(&self, before: Named, revision: u64) -> Option<usize> {
        if before == Named::Nothing {
            return None;
        }
        let mut followers = self.by_named.get(&before)?.iter().copied().filter(|index| !self.used[*index]);
        let vouched = followers.clone().find(|index| self.is_vouched(*index, revision));
        vouched.or_else(|| followers.next_back())
    }

    fn unused_behind(&self, last: Option<usize>) -> Option<usize> {
        let from = last.map_or(0, |last| last + 1);
        (from..self.events.len()).find(|index| !self.used[*index])
    }

    /// The revision at which an event was recorded that does not follow from the one before.
    fn revision_of(&self, index: usize, expected: u64, searched: bool) -> Option<u64> {
        let (back, on) = if searched { (REACH_BACK, REACH) } else { (0, 0) };
        let behind = expected.saturating_add(1)..=expected.saturating_add(on);
        let before = (expected.saturating_sub(back)..expected).rev();
        let stored = [expected, self.events[index].revision].into_iter();
        stored.chain(behind).chain(before).find(|revision| self.is_vouched(index, *revision))
    }

    /// Whether another event, or a receipt, says that this one was recorded at this revision.
    fn is_vouched(&self, index: usize, revision: u64) -> bool {
        let Some(hash) = hash_at(&self.events[index], revision) else { return false };
        self.by_named.contains_key(&Named::Hash(hash)) || self.anchors.get(&revision) == Some(&hash)
    }
}
