//! How a group works, in numbers that have been checked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Most consumers of one group, whatever its settings allow: an auditor has a handful of programs.
pub(super) const MAX_CONSUMERS: usize = 64;

/// Most events that wait in a group. Twenty times the clients' default; beyond it a buffer saves nothing.
pub(super) const MAX_BUFFER: u32 = 10_000;

/// Most events that one consumer may have at a time; clients ask for 10 to 150.
pub(super) const MAX_SLOTS: u32 = 1_000;

/// EventStoreDB's own defaults, for buffers that a client leaves at 0.
pub(super) const DEFAULT_BUFFER: u32 = 500;
/// See [`DEFAULT_BUFFER`].
pub(super) const DEFAULT_READ_BATCH: u32 = 20;

/// Which consumer gets an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ConsumerStrategy {
    /// Each in its turn.
    RoundRobin,
    /// The same one until its slots are full, then the next.
    DispatchToSingle,
    /// Events of one stream to the same consumer, as long as it stays.
    Pinned,
    /// Events of one correlation id to the same consumer.
    PinnedByCorrelation,
}

impl ConsumerStrategy {
    /// The name that clients use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "RoundRobin",
            Self::DispatchToSingle => "DispatchToSingle",
            Self::Pinned => "Pinned",
            Self::PinnedByCorrelation => "PinnedByCorrelation",
        }
    }

    /// The strategy of that name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        [Self::RoundRobin, Self::DispatchToSingle, Self::Pinned, Self::PinnedByCorrelation]
            .into_iter()
            .find(|strategy| strategy.name() == name)
    }
}

/// The settings of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// Kept and told; the log has no links.
    pub(super) resolve_links: bool,
    /// Kept and told; no more is measured.
    pub(super) extra_statistics: bool,
    pub(super) strategy: ConsumerStrategy,
    /// An event that was sent once more so often is parked.
    pub(super) max_retries: u32,
    /// How long a consumer may take for an event; 0: for ever.
    pub(super) message_timeout_ms: u32,
    /// How old the stored checkpoint gets, when at least `min_checkpoint` events were settled since.
    pub(super) checkpoint_after_ms: u32,
    pub(super) min_checkpoint: u32,
    /// After so many settled events the checkpoint is stored at once.
    pub(super) max_checkpoint: u32,
    /// 0: as many as [`MAX_CONSUMERS`].
    pub(super) max_subscribers: u32,
    /// Events that wait in the group.
    pub(super) buffer: u32,
    /// Kept and told; the log is read on, never pushed, so there is one buffer.
    pub(super) live_buffer: u32,
    /// Events read at a time while the group catches up with a stream.
    pub(super) read_batch: u32,
}

impl Settings {
    pub(super) fn message_timeout(&self) -> Option<Duration> {
        (self.message_timeout_ms > 0).then(|| Duration::from_millis(self.message_timeout_ms.into()))
    }

    pub(super) fn checkpoint_after(&self) -> Duration {
        Duration::from_millis(self.checkpoint_after_ms.into())
    }

    pub(super) fn max_consumers(&self) -> usize {
        match self.max_subscribers {
            0 => MAX_CONSUMERS,
            max => MAX_CONSUMERS.min(max as usize),
        }
    }

    pub(super) fn buffer(&self) -> usize {
        self.buffer as usize
    }
}
