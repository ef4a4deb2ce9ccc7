//! Reads what a group is to give out, in order and from a given place on, for ever.

use std::collections::VecDeque;
use std::sync::Arc;

use super::definition::{Definition, Source};
use super::engine::Place;
use crate::event_log::wire::fault::Fault;
use crate::event_log::wire::filter::Filter;
use crate::event_log::{
    Direction, EventLog, Position, RecordedEvent, StreamFrom, Subscription, SubscriptionEvent,
};

/// What was read.
#[derive(Debug)]
pub(super) enum Read {
    /// An event that the group wants.
    Event(Place, RecordedEvent),
    /// All up to this place, this included, was looked at.
    Passed(Place),
    /// All that there was has been read.
    CaughtUp,
}

/// Reads for one group. Nothing changes but between two waits, so `next` may be dropped at any of them.
pub(super) struct Reader {
    log: Arc<dyn EventLog>,
    wants: Wants,
    way: Way,
}

enum Wants {
    All(Option<Filter>),
    /// The events of one stream, by revision.
    Stream {
        name: String,
        next: Place,
    },
}

/// How the log is read now.
enum Way {
    /// One stream page by page, by its own index. `head` was the log's before the first page.
    Pages { head: Option<Position>, page: VecDeque<RecordedEvent>, size: usize },
    /// By following the whole log.
    Following(Subscription),
}

impl Reader {
    /// Reads `definition`'s events from `from` on, this included.
    ///
    /// # Errors
    ///
    /// As [`Filter::new`].
    pub(super) fn new(log: Arc<dyn EventLog>, definition: &Definition, from: Place) -> Result<Self, Fault> {
        let (wants, way) = match &definition.key.source {
            Source::Stream(name) => {
                let size = definition.settings.read_batch as usize;
                let way = Way::Pages { head: None, page: VecDeque::new(), size };
                (Wants::Stream { name: name.clone(), next: from }, way)
            }
            Source::All => {
                let filter = definition.filter.as_ref().map(|text| text.filter()).transpose()?;
                let prefixes = filter.as_ref().map(Filter::prefixes).unwrap_or_default();
                let way = Way::Following(log.subscribe_all(from.saturating_sub(1), prefixes));
                (Wants::All(filter), way)
            }
        };
        Ok(Self { log, wants, way })
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] may pass: the next call goes on at the same place. Others are final.
    pub(super) async fn next(&mut self) -> Result<Read, Fault> {
        loop {
            let event = match &mut self.way {
                Way::Following(subscription) => subscription.next().await?,
                Way::Pages { page, .. } => match page.pop_front() {
                    Some(event) => SubscriptionEvent::Event(event),
                    None => {
                        self.read_page().await?;
                        continue;
                    }
                },
            };
            if let Some(read) = self.wants.take(event)? {
                return Ok(read);
            }
        }
    }

    /// Reads the stream's next page; after the last one goes over to following the log.
    async fn read_page(&mut self) -> Result<(), Fault> {
        let (Way::Pages { head, page, size }, Wants::Stream { name, next }) = (&mut self.way, &self.wants)
        else {
            return Ok(());
        };
        // Before the page is read: what is appended meanwhile is seen by both, and taken once.
        let before = match *head {
            Some(before) => before,
            None => *head.insert(self.log.head().await?),
        };
        let from = StreamFrom::Revision(*next);
        let read = self.log.read_stream(name, Direction::Forwards, from, *size).await?;
        if read.is_empty() {
            self.way = Way::Following(self.log.subscribe_all(before, vec![name.clone()]));
        } else {
            *page = read.into();
            // The last page must be read after the head: one more is asked for, and the head anew.
            *head = None;
        }
        Ok(())
    }
}

impl Wants {
    fn take(&mut self, event: SubscriptionEvent) -> Result<Option<Read>, Fault> {
        match (self, event) {
            (_, SubscriptionEvent::CaughtUp { .. }) => Ok(Some(Read::CaughtUp)),
            (Self::All(_), SubscriptionEvent::Checkpoint { position }) => Ok(Some(Read::Passed(position))),
            (Self::All(filter), SubscriptionEvent::Event(event)) => {
                let wanted = filter.as_ref().map_or(Ok(true), |filter| filter.admits(&event))?;
                let place = event.position;
                Ok(Some(if wanted { Read::Event(place, event) } else { Read::Passed(place) }))
            }
            (Self::Stream { name, next }, SubscriptionEvent::Event(event)) => {
                if event.stream != *name || event.revision < *next {
                    return Ok(None);
                }
                *next = event.revision + 1;
                Ok(Some(Read::Event(event.revision, event)))
            }
            // Positions say nothing about the revisions of one stream.
            (Self::Stream { .. }, SubscriptionEvent::Checkpoint { .. }) => Ok(None),
        }
    }
}

/// The place behind the last event that there is now.
pub(super) async fn end(log: &dyn EventLog, source: &Source) -> Result<Place, Fault> {
    Ok(match source {
        Source::All => log.head().await?.saturating_add(1),
        Source::Stream(name) => {
            let last = log.read_stream(name, Direction::Backwards, StreamFrom::End, 1).await?;
            last.first().map_or(0, |event| event.revision.saturating_add(1))
        }
    })
}
