//! Following a log by pages that are read by position: no subscription of a store below can lose or double an event,
//! because none is asked for events.

use std::vec;

use async_trait::async_trait;

use super::{Page, Position, ReadError, RecordedEvent, SubscriptionEvent, SubscriptionSource};

/// Where the pages come from.
#[async_trait]
pub(super) trait Pages: Send {
    /// Reads the page after `after`; its size is the source's choice.
    async fn read(&mut self, after: Position) -> Result<Page, ReadError>;

    /// Waits, cancel-safe, until there may be more than what the last page up to `next` had.
    ///
    /// # Errors
    ///
    /// [`ReadError::Closed`] when nothing more will come.
    async fn wait(&mut self, next: Position) -> Result<(), ReadError>;
}

/// A place in the log, and the page that begins there. Nothing changes but between two waits, so `next` may be
/// dropped at any of them.
#[derive(Debug)]
pub(super) struct Follow<P> {
    pages: P,
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

impl<P: Pages> Follow<P> {
    pub(super) fn new(pages: P, after: Position) -> Self {
        Self { pages, page: Vec::new().into_iter(), next: after, told: after, state: State::Behind }
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
            self.pages.wait(self.next).await?;
        }
        let Page { events, next, end } = self.pages.read(self.next).await?;
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
impl<P: Pages> SubscriptionSource for Follow<P> {
    async fn next(&mut self) -> Result<SubscriptionEvent, ReadError> {
        loop {
            if let Some(event) = self.ready() {
                return Ok(event);
            }
            self.read().await?;
        }
    }
}
