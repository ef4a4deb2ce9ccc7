//! The consumers of a group, and which of them gets an event.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::super::settings::ConsumerStrategy;
use crate::event_log::RecordedEvent;

/// Names a consumer; later ones have greater numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct ConsumerId(pub(in super::super) u64);

#[derive(Debug, Default)]
struct Consumer {
    /// Most events that it has at a time.
    slots: usize,
    in_flight: usize,
    sent: u64,
}

/// How a consumer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct ConsumerCounts {
    pub(in super::super) free: usize,
    pub(in super::super) in_flight: usize,
    pub(in super::super) sent: u64,
}

/// All of them, and who had the last event.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    consumers: BTreeMap<ConsumerId, Consumer>,
    last: Option<ConsumerId>,
}

impl Consumers {
    pub(super) fn len(&self) -> usize {
        self.consumers.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.consumers.is_empty()
    }

    pub(super) fn add(&mut self, id: ConsumerId, slots: usize) {
        self.consumers.insert(id, Consumer { slots, ..Consumer::default() });
    }

    pub(super) fn remove(&mut self, id: ConsumerId) {
        self.consumers.remove(&id);
    }

    pub(super) fn sent(&mut self, id: ConsumerId) {
        self.last = Some(id);
        if let Some(consumer) = self.consumers.get_mut(&id) {
            consumer.in_flight += 1;
            consumer.sent += 1;
        }
    }

    /// An event that it had is gone from it.
    pub(super) fn freed(&mut self, id: ConsumerId) {
        if let Some(consumer) = self.consumers.get_mut(&id) {
            consumer.in_flight = consumer.in_flight.saturating_sub(1);
        }
    }

    pub(super) fn counts(&self, id: ConsumerId) -> Option<ConsumerCounts> {
        let Consumer { slots, in_flight, sent } = self.consumers.get(&id)?;
        Some(ConsumerCounts { free: slots.saturating_sub(*in_flight), in_flight: *in_flight, sent: *sent })
    }

    /// Those that can take an event now, in the order of their coming.
    pub(super) fn able(&self, ready: impl Fn(ConsumerId) -> bool) -> Vec<ConsumerId> {
        let free = self.consumers.iter().filter(|(_, consumer)| consumer.in_flight < consumer.slots);
        free.map(|(id, _)| *id).filter(|id| ready(*id)).collect()
    }

    /// Chooses among those that are `able`; `None` when the event has to wait, while others after it need not.
    pub(super) fn choose(
        &self,
        strategy: ConsumerStrategy,
        able: &[ConsumerId],
        event: &RecordedEvent,
    ) -> Option<ConsumerId> {
        match strategy {
            ConsumerStrategy::RoundRobin => self.after_last(able),
            ConsumerStrategy::DispatchToSingle => {
                self.last.filter(|last| able.contains(last)).or_else(|| self.after_last(able))
            }
            ConsumerStrategy::Pinned => self.pinned(able, &event.stream),
            ConsumerStrategy::PinnedByCorrelation => {
                self.pinned(able, &correlation(event).unwrap_or_else(|| event.stream.clone()))
            }
        }
    }

    fn after_last(&self, able: &[ConsumerId]) -> Option<ConsumerId> {
        able.iter().find(|id| self.last.is_none_or(|last| **id > last)).or(able.first()).copied()
    }

    /// The highest of the consumers' hashes with the key: when one comes or goes, only its own keys move.
    fn pinned(&self, able: &[ConsumerId], key: &str) -> Option<ConsumerId> {
        if able.is_empty() {
            return None;
        }
        let weight = |id: &ConsumerId| {
            let mut hasher = DefaultHasher::new();
            (id, key).hash(&mut hasher);
            hasher.finish()
        };
        self.consumers.keys().copied().max_by_key(weight).filter(|chosen| able.contains(chosen))
    }
}

/// What the event's metadata says it belongs to.
fn correlation(event: &RecordedEvent) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        #[serde(rename = "$correlationId")]
        correlation: String,
    }
    serde_json::from_slice::<Metadata>(&event.metadata).ok().map(|metadata| metadata.correlation)
}
