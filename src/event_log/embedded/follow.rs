//! Following the log: pages read by position, and the head to wait for between them.

use std::vec;

use async_trait::async_trait;
use tokio::sync::watch;

use super::reader;
use super::readers::Readers;
use crate::event_log::{Page, Position, ReadError, RecordedEvent, SubscriptionEvent, SubscriptionSource};

/// Events a subscription holds at most: enough that the way to a reader thread and back costs each of them little.
const PAGE_EVENTS: usize = 256;

/// A place in the log, and the page that begins there. Nothing changes but between two waits, so `next` may be
/// dropped at any of them.
#[derive(Debug)]
pub(super) struct Follow {
    readers: Readers,
    head: watch::Receiver<Position>,
    prefixes: Vec<String>,
    /// What has been read and not been delivered.
    page: vec::IntoIter<RecordedEvent>,
    /// Where the next page begins, excluded.
    next: Position,
    /// As far as the reader of this subscription knows to have come.
    told: Position,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// More was there when the page was read.
    Behind,
    /// The page reaches the end, which has not been told.
    Arriving,
    /// The end was reached and told, and no page since was too small for what had come.
    Live,
}

impl Follow {
    pub(super) fn new(
        readers: Readers,
        head: watch::Receiver<Position>,
        after: Position,
        prefixes: Vec<String>,
    ) -> Self {
        let page = Vec::new().into_iter();
        Self { readers, head, prefixes, page, next: after, told: after, state: State::Behind }
    }

    /// Takes what there is without waiting.
    fn ready(&mut self) -> Option<SubscriptionEvent> {
        if let Some(event) = self.page.next() {
            self.told = event.position;
            return Some(SubscriptionEvent::Event(event));
        }
        if self.state == State::Arriving {
            self.state = State::Live;
            self.told = self.next;
            return Some(SubscriptionEvent::CaughtUp { position: self.next });
        }
        if self.told < self.next {
            self.told = self.next;
            return Some(SubscriptionEvent::Checkpoint { position: self.next });
        }
        None
    }

    async fn read(&mut self) -> Result<(), ReadError> {
        if self.state == State::Live {
            let next = self.next;
            self.head.wait_for(|head| *head > next).await.map_err(|_| ReadError::Closed)?;
        }
        let (after, prefixes) = (self.next, self.prefixes.clone());
        let read = move |connection: &_| reader::read_all(connection, after, &prefixes, PAGE_EVENTS);
        let Page { events, next, end } = self.readers.read(read).await?;
        self.page = events.into_iter();
        self.next = next;
        self.state = match (end, self.state) {
            (true, State::Live) => State::Live,
            (true, _) => State::Arriving,
            (false, _) => State::Behind,
        };
        Ok(())
    }
}

#[async_trait]
impl SubscriptionSource for Follow {
    async fn next(&mut self) -> Result<SubscriptionEvent, ReadError> {
        loop {
            if let Some(event) = self.ready() {
                return Ok(event);
            }
            self.read().await?;
        }
    }
}
