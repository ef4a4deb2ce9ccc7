//! Shared background work: one node at a time does each piece of it, by a lease that lives in the log.
//!
//! A lease is asked for only where there is something to do, so that an idle service writes nothing. It is a courtesy,
//! not a lock: what must not happen twice is decided by expected revisions, and a webhook may be sent twice at worst.

use crate::clock::Clock;
use crate::event_log::{AppendError, Direction, EventLog, StreamFrom};
use crate::journal::{self, WriteError};
use liveness_events::lease::LeaseTaken;
use liveness_events::metadata;
use liveness_events::stored::Stored as _;
use liveness_events::{Timestamp, stream};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a node works before it must take its lease again. After a node died, its work lies still for so long.
pub const TERM: Duration = Duration::from_secs(10);
/// What must be left of the term when work begins; with less, the lease is taken again first.
const LEAST_LEFT: Duration = Duration::from_secs(4);
/// How far the clocks of two nodes may be apart: so much later than its end a lease is taken from another node.
pub const CLOCK_SKEW: Duration = Duration::from_secs(1);

/// The right to do a piece of work.
pub struct Turn(Option<Lease>);

impl Turn {
    /// For a service that has its log to itself.
    #[must_use]
    pub const fn always() -> Self {
        Self(None)
    }

    /// For a node among others; `work` names the lease.
    #[must_use]
    pub fn shared(log: Arc<dyn EventLog>, clock: Clock, node: Uuid, work: &str) -> Self {
        Self(Some(Lease { log, clock, node, stream: stream::lease(work), last: None }))
    }

    /// Whether the service has its log to itself.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this node may do the work now. Asked for before each round in which there is some.
    ///
    /// # Errors
    /// When the log cannot be read or written; nobody need do the work then.
    pub async fn is_ours(&mut self) -> anyhow::Result<bool> {
        match &mut self.0 {
            None => Ok(true),
            Some(lease) => lease.hold().await,
        }
    }
}

struct Lease {
    log: Arc<dyn EventLog>,
    clock: Clock,
    node: Uuid,
    stream: String,
    /// The lease as it was last seen.
    last: Option<Seen>,
}

struct Seen {
    taken: LeaseTaken,
    head: journal::Head,
}

impl Lease {
    async fn hold(&mut self) -> anyhow::Result<bool> {
        let now = self.clock.now();
        if self.last.as_ref().is_none_or(|seen| !self.is_settled(&seen.taken, now)) {
            self.last = self.look().await?;
        }
        match &self.last {
            Some(seen) if self.is_settled(&seen.taken, now) => Ok(seen.taken.node == self.node),
            _ => self.take(now).await,
        }
    }

    /// Whether nothing need be asked: it is ours for a while, or another node's.
    fn is_settled(&self, taken: &LeaseTaken, now: Timestamp) -> bool {
        if taken.until > now.plus(TERM + CLOCK_SKEW) {
            // No clock that agrees with this one gave it: that node's is ahead, or this one's was.
            return false;
        }
        if taken.node == self.node {
            now.plus(LEAST_LEFT) < taken.until
        } else {
            now < taken.until.plus(CLOCK_SKEW)
        }
    }

    async fn look(&self) -> anyhow::Result<Option<Seen>> {
        let last = self.log.read_stream(&self.stream, Direction::Backwards, StreamFrom::End, 1).await?;
        let Some(event) = last.first() else { return Ok(None) };
        let head = journal::Head {
            revision: Some(event.revision),
            hash: Some(metadata::hash_of(event)?),
            position: event.position,
        };
        Ok(Some(Seen { taken: LeaseTaken::decode_recorded(event)?, head }))
    }

    /// Takes the lease, unless another node is faster.
    async fn take(&mut self, now: Timestamp) -> anyhow::Result<bool> {
        let head = self.last.take().map(|seen| seen.head).unwrap_or_default();
        let taken = LeaseTaken { at: now, node: self.node, until: now.plus(TERM) };
        let events = std::slice::from_ref(&taken);
        match journal::append(&*self.log, &self.stream, head, Uuid::nil(), self.node, events).await {
            Ok(head) => {
                self.last = Some(Seen { taken, head });
                Ok(true)
            }
            Err(WriteError::Append(AppendError::WrongExpectedRevision { .. })) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
