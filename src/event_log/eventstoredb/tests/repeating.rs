//! A log that is asked again while it answers `Unavailable`, as the port says that is safe.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::event_log::contract::{Log, PATIENCE};
use crate::event_log::{
    AppendError, Appended, Direction, EventLog, ExpectedRevision, NewEvent, Page, Position, ReadError,
    RecordedEvent, StreamFrom, Subscription, SubscriptionEvent, SubscriptionSource,
};

/// A guard against hanging; nothing waits for it.
const LIMIT: Duration = PATIENCE.saturating_mul(2);

/// Repeats every call until it is answered.
pub(super) struct Repeating {
    log: Log,
    until: Instant,
}

impl Repeating {
    pub(super) fn new(log: Log) -> Self {
        Self { log, until: Instant::now() + LIMIT }
    }
}

struct RepeatingSource {
    subscription: Subscription,
    until: Instant,
}

macro_rules! until_answered {
    ($until:expr, $call:expr) => {
        loop {
            assert!(Instant::now() < $until, "no answer");
            match $call.await {
                Err(ReadError::Unavailable(_)) => tokio::task::yield_now().await,
                answered => break answered,
            }
        }
    };
}

#[async_trait]
impl EventLog for Repeating {
    async fn append(
        &self,
        stream: &str,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        loop {
            assert!(Instant::now() < self.until, "no answer");
            match self.log.append(stream, expected, events.clone()).await {
                Err(AppendError::Unavailable(_) | AppendError::Overloaded) => tokio::task::yield_now().await,
                answered => return answered,
            }
        }
    }

    async fn read_stream(
        &self,
        stream: &str,
        direction: Direction,
        from: StreamFrom,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        until_answered!(self.until, self.log.read_stream(stream, direction, from, max))
    }

    async fn read_all(&self, after: Position, prefixes: &[String], max: usize) -> Result<Page, ReadError> {
        until_answered!(self.until, self.log.read_all(after, prefixes, max))
    }

    async fn read_all_backwards(
        &self,
        before: Position,
        prefixes: &[String],
        max: usize,
    ) -> Result<Page, ReadError> {
        until_answered!(self.until, self.log.read_all_backwards(before, prefixes, max))
    }

    async fn head(&self) -> Result<Position, ReadError> {
        until_answered!(self.until, self.log.head())
    }

    fn subscribe_all(&self, after: Position, prefixes: Vec<String>) -> Subscription {
        let subscription = self.log.subscribe_all(after, prefixes);
        Subscription::new(RepeatingSource { subscription, until: self.until })
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

#[async_trait]
impl SubscriptionSource for RepeatingSource {
    async fn next(&mut self) -> Result<SubscriptionEvent, ReadError> {
        until_answered!(self.until, self.subscription.next())
    }
}
