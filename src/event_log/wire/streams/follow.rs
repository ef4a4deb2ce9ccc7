//! Subscriptions: what is there, then what comes. They never end well: only a status ends them.

use std::pin::pin;

use chrono::Utc;
use futures::{Stream, StreamExt as _, stream};
use uuid::Uuid;

use super::super::answer::{IdForm, message, position, read_event, timestamp};
use super::super::fault::Fault;
use super::super::filter::Filtered;
use super::super::limits::{ALL_PAGE, BEHIND, STREAM_PAGE};
use super::super::outlet::Sink;
use super::super::protocol::streams::ReadResp;
use super::super::protocol::streams::read_resp::{
    CaughtUp, Checkpoint, Content, FellBehind, SubscriptionConfirmation,
};
use super::request::{AllFrom, Follow};
use crate::event_log::{
    Direction, EventLog, Position, ReadError, RecordedEvent, StreamFrom, Subscription, SubscriptionEvent,
};

pub(super) async fn run(
    log: &dyn EventLog,
    sink: &Sink<ReadResp>,
    follow: Follow,
    ids: IdForm,
) -> Result<(), Fault> {
    // First of all, even where there is nothing to follow yet.
    let confirmation = SubscriptionConfirmation { subscription_id: Uuid::new_v4().to_string() };
    sink.send(vec![message(Content::Confirmation(confirmation))]).await?;
    match follow {
        Follow::Stream { name, from } => {
            // Before the stream is read: what is appended meanwhile is seen by both, and told once.
            let head = log.head().await?;
            let (next, prefix) = (first_revision(log, &name, from).await?, name.clone());
            let mut follower = Follower::new(log, sink, ids, Keep::Stream { name, next });
            follower.read_stream().await?;
            follower.go_live(head, vec![prefix]).await
        }
        Follow::All { from, filtered } => {
            let after = match from {
                AllFrom::Start => 0,
                AllFrom::End => log.head().await?,
                AllFrom::Position(position) => position,
            };
            let prefixes = filtered.as_ref().map(|filtered| filtered.filter.prefixes()).unwrap_or_default();
            let mut follower = Follower::new(log, sink, ids, Keep::All { filtered, checkpoint: after });
            follower.place = after;
            follower.go_live(after, prefixes).await
        }
    }
}

/// The first revision that a subscription of one stream tells.
async fn first_revision(log: &dyn EventLog, name: &str, from: StreamFrom) -> Result<u64, Fault> {
    match from {
        StreamFrom::Start => Ok(0),
        StreamFrom::Revision(revision) => Ok(revision.saturating_add(1)),
        StreamFrom::End => {
            let last = log.read_stream(name, Direction::Backwards, StreamFrom::End, 1).await?;
            Ok(last.first().map_or(0, |event| event.revision + 1))
        }
    }
}

/// What a subscription tells.
enum Keep {
    /// The events of one stream from revision `next` on.
    Stream { name: String, next: u64 },
    /// Those that pass, and where the last checkpoint was.
    All { filtered: Option<Filtered>, checkpoint: Position },
}

/// One subscription on its way.
struct Follower<'a> {
    log: &'a dyn EventLog,
    sink: &'a Sink<ReadResp>,
    ids: IdForm,
    keep: Keep,
    /// Everything up to here has been told.
    place: Position,
    pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// On the way to the end for the first time.
    CatchingUp,
    /// The client knows that it has all there is.
    Live,
    /// The client knows that it does not; told again when this place is reached.
    Behind(Position),
}

impl<'a> Follower<'a> {
    fn new(log: &'a dyn EventLog, sink: &'a Sink<ReadResp>, ids: IdForm, keep: Keep) -> Self {
        Self { log, sink, ids, keep, place: 0, pace: Pace::CatchingUp }
    }

    /// Tells what one stream has, by its own index instead of a search through the log.
    async fn read_stream(&mut self) -> Result<(), Fault> {
        loop {
            let Keep::Stream { name, next } = &self.keep else { return Ok(()) };
            let from = StreamFrom::Revision(*next);
            let page = self.log.read_stream(name, Direction::Forwards, from, STREAM_PAGE).await?;
            let last = page.len() < STREAM_PAGE;
            let mut batch = Vec::new();
            for event in page {
                self.take(event, &mut batch)?;
            }
            if last {
                self.caught_up(&mut batch);
            }
            self.sink.send(batch).await?;
            if last {
                return Ok(());
            }
        }
    }

    /// Tells what the log has behind `after`, for ever.
    async fn go_live(&mut self, after: Position, prefixes: Vec<String>) -> Result<(), Fault> {
        // What is ready at once goes together; what is being read is not thrown away for it.
        let mut chunks = pin!(events(self.log.subscribe_all(after, prefixes)).ready_chunks(ALL_PAGE));
        while let Some(chunk) = chunks.next().await {
            // One event alone is what a client that keeps up gets.
            let (several, mut batch) = (chunk.len() > 1, Vec::new());
            for event in chunk {
                match event? {
                    SubscriptionEvent::Event(event) => self.take(event, &mut batch)?,
                    SubscriptionEvent::Checkpoint { position } => self.pass(position, &mut batch),
                    SubscriptionEvent::CaughtUp { position } => {
                        self.pass(position, &mut batch);
                        self.caught_up(&mut batch);
                    }
                }
            }
            self.keep_pace(several, &mut batch).await?;
            self.sink.send(batch).await?;
        }
        Err(Fault::GoingAway)
    }

    /// Tells an event that is wanted.
    fn take(&mut self, event: RecordedEvent, batch: &mut Vec<ReadResp>) -> Result<(), Fault> {
        let position = event.position;
        let wanted = match &mut self.keep {
            Keep::Stream { name, next } => {
                let wanted = event.stream == *name && event.revision >= *next;
                if wanted {
                    *next = event.revision + 1;
                }
                wanted
            }
            Keep::All { filtered: None, .. } => true,
            Keep::All { filtered: Some(filtered), .. } => filtered.filter.admits(&event)?,
        };
        if wanted {
            batch.push(message(Content::Event(read_event(event, self.ids))));
        }
        self.pass(position, batch);
        Ok(())
    }

    /// Notes that all up to `position` has been told, and says so where a filter leaves enough out. Positions count as
    /// events here: every event has one, and only few have none.
    fn pass(&mut self, position: Position, batch: &mut Vec<ReadResp>) {
        self.place = self.place.max(position);
        if let Keep::All { filtered: Some(filtered), checkpoint } = &mut self.keep
            && self.place.saturating_sub(*checkpoint) >= filtered.checkpoint_interval
        {
            *checkpoint = self.place;
            batch.push(message(Content::Checkpoint(Checkpoint {
                commit_position: self.place,
                prepare_position: self.place,
                timestamp: Some(timestamp(Utc::now())),
            })));
        }
    }

    fn caught_up(&mut self, batch: &mut Vec<ReadResp>) {
        if self.pace == Pace::Live {
            return;
        }
        self.pace = Pace::Live;
        let (stream_revision, position) = self.resume();
        let timestamp = Some(timestamp(Utc::now()));
        batch.push(message(Content::CaughtUp(CaughtUp { timestamp, stream_revision, position })));
    }

    /// A client that reads slowly is not hurried; it is told that it fell behind, and when it has caught up again.
    async fn keep_pace(&mut self, several: bool, batch: &mut Vec<ReadResp>) -> Result<(), Fault> {
        let look = match self.pace {
            Pace::CatchingUp => false,
            Pace::Live => several,
            Pace::Behind(goal) => self.place >= goal,
        };
        if !look {
            return Ok(());
        }
        let head = self.log.head().await?;
        let behind = head.saturating_sub(self.place) > BEHIND;
        match (self.pace, behind) {
            (Pace::Behind(_), true) => self.pace = Pace::Behind(head),
            (Pace::Behind(_), false) => self.caught_up(batch),
            (_, true) => {
                self.pace = Pace::Behind(head);
                let (stream_revision, position) = self.resume();
                let timestamp = Some(timestamp(Utc::now()));
                batch.push(message(Content::FellBehind(FellBehind { timestamp, stream_revision, position })));
            }
            (_, false) => {}
        }
        Ok(())
    }

    /// Where the client may go on later: a revision for one stream, a position for the whole log.
    fn resume(&self) -> (Option<i64>, Option<super::super::protocol::streams::read_resp::Position>) {
        match &self.keep {
            Keep::Stream { next, .. } => {
                (next.checked_sub(1).and_then(|last| i64::try_from(last).ok()), None)
            }
            Keep::All { .. } => (None, position(self.place)),
        }
    }
}

fn events(subscription: Subscription) -> impl Stream<Item = Result<SubscriptionEvent, ReadError>> {
    stream::unfold(subscription, |mut subscription| async move {
        let event = subscription.next().await;
        Some((event, subscription))
    })
}
