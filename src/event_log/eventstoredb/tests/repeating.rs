//! A log that is asked again while it answers `Unavailable`, as the port says that is safe.

use async_trait::async_trait;

use crate::event_log::contract::Log;
use crate::event_log::{
    AppendError, Appended, Direction, EventLog, ExpectedRevision, NewEvent, Page, Position, ReadError,
    RecordedEvent, StreamFrom, Subscription, SubscriptionEvent, SubscriptionSource,
};

/// Repeats every call until it is answered; the time of the test is the bound.
pub(super) struct Repeating(pub(super) Log);

struct RepeatingSource(Subscription);

macro_rules! until_answered {
    ($call:expr) => {
        loop {
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
            match self.0.append(stream, expected, events.clone()).await {
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
        until_answered!(self.0.read_stream(stream, direction, from, max))
    }

    async fn read_all(&self, after: Position, prefixes: &[String], max: usize) -> Result<Page, ReadError> {
        until_answered!(self.0.read_all(after, prefixes, max))
    }

    async fn read_all_backwards(
        &self,
        before: Position,
        prefixes: &[String],
        max: usize,
    ) -> Result<Page, ReadError> {
        until_answered!(self.0.read_all_backwards(before, prefixes, max))
    }

    async fn head(&self) -> Result<Position, ReadError> {
        until_answered!(self.0.head())
    }

    fn subscribe_all(&self, after: Position, prefixes: Vec<String>) -> Subscription {
        Subscription::new(RepeatingSource(self.0.subscribe_all(after, prefixes)))
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

#[async_trait]
impl SubscriptionSource for RepeatingSource {
    async fn next(&mut self) -> Result<SubscriptionEvent, ReadError> {
        until_answered!(self.0.next())
    }
}
