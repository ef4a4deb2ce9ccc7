//! Reads that end by themselves, page by page.
//!
//! What is appended after a read began is not part of it, so that it ends however fast the log grows.

use super::super::answer::{IdForm, message, read_event, stream_identifier};
use super::super::fault::Fault;
use super::super::filter::Filtered;
use super::super::limits::{ALL_PAGE, STREAM_PAGE};
use super::super::outlet::Sink;
use super::super::protocol::streams::ReadResp;
use super::super::protocol::streams::read_resp::{Content, StreamNotFound};
use super::request::{AllFrom, Read, Source};
use crate::event_log::{Direction, EventLog, Position, RecordedEvent, StreamFrom};

pub(super) async fn run(
    log: &dyn EventLog,
    sink: &Sink<ReadResp>,
    read: Read,
    ids: IdForm,
) -> Result<(), Fault> {
    let mut answer = Answer { sink, ids, left: read.count };
    match (read.source, read.direction) {
        (Source::Stream { name, from }, direction) => stream(log, &mut answer, name, direction, from).await,
        (Source::All { from, filtered }, Direction::Forwards) => {
            all_forwards(log, &mut answer, from, filtered.as_ref()).await
        }
        (Source::All { from, filtered }, Direction::Backwards) => {
            all_backwards(log, &mut answer, from, filtered.as_ref()).await
        }
    }
}

/// What has still to be told.
struct Answer<'a> {
    sink: &'a Sink<ReadResp>,
    ids: IdForm,
    left: u64,
}

impl Answer<'_> {
    async fn send(&mut self, events: impl IntoIterator<Item = RecordedEvent>) -> Result<(), Fault> {
        let mut batch = Vec::new();
        for event in events {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            batch.push(message(Content::Event(read_event(event, self.ids))));
        }
        self.sink.send(batch).await
    }

    /// Events to fetch next: a page, or what is left.
    fn page(&self, most: usize) -> usize {
        usize::try_from(self.left).map_or(most, |left| left.min(most))
    }
}

async fn stream(
    log: &dyn EventLog,
    answer: &mut Answer<'_>,
    name: String,
    direction: Direction,
    from: StreamFrom,
) -> Result<(), Fault> {
    let last = log.read_stream(&name, Direction::Backwards, StreamFrom::End, 1).await?;
    let Some(last) = last.first().map(|event| event.revision) else {
        let not_found = StreamNotFound { stream_identifier: Some(stream_identifier(name)) };
        return answer.sink.send(vec![message(Content::StreamNotFound(not_found))]).await;
    };
    let mut next = match (from, direction) {
        (StreamFrom::Start, _) => Some(0),
        (StreamFrom::End, Direction::Forwards) => None,
        (StreamFrom::End, Direction::Backwards) => Some(last),
        (StreamFrom::Revision(revision), Direction::Forwards) => (revision <= last).then_some(revision),
        (StreamFrom::Revision(revision), Direction::Backwards) => Some(revision.min(last)),
    };
    while let Some(from) = next
        && answer.left > 0
    {
        let max = answer.page(STREAM_PAGE);
        let page = log.read_stream(&name, direction, StreamFrom::Revision(from), max).await?;
        next = page.last().and_then(|event| match direction {
            Direction::Forwards => event.revision.checked_add(1).filter(|next| *next <= last),
            Direction::Backwards => event.revision.checked_sub(1),
        });
        answer.send(page.into_iter().filter(|event| event.revision <= last)).await?;
    }
    Ok(())
}

async fn all_forwards(
    log: &dyn EventLog,
    answer: &mut Answer<'_>,
    from: AllFrom,
    filtered: Option<&Filtered>,
) -> Result<(), Fault> {
    let head = log.head().await?;
    let mut after = match from {
        AllFrom::Start => 0,
        AllFrom::End => head,
        AllFrom::Position(position) => position.saturating_sub(1),
    };
    let prefixes = prefixes(filtered);
    while after < head && answer.left > 0 {
        let page = log.read_all(after, &prefixes, page_size(answer, filtered)).await?;
        let events = page.events.into_iter().filter(|event| event.position <= head);
        answer.send(wanted(events, filtered)?).await?;
        after = page.next;
        if page.end {
            break;
        }
    }
    Ok(())
}

async fn all_backwards(
    log: &dyn EventLog,
    answer: &mut Answer<'_>,
    from: AllFrom,
    filtered: Option<&Filtered>,
) -> Result<(), Fault> {
    let mut before = match from {
        AllFrom::Start => 0,
        AllFrom::End => Position::MAX,
        AllFrom::Position(position) => position,
    };
    let prefixes = prefixes(filtered);
    while before > 0 && answer.left > 0 {
        let page = log.read_all_backwards(before, &prefixes, page_size(answer, filtered)).await?;
        answer.send(wanted(page.events.into_iter(), filtered)?).await?;
        before = page.next;
        if page.end {
            break;
        }
    }
    Ok(())
}

fn prefixes(filtered: Option<&Filtered>) -> Vec<String> {
    filtered.map(|filtered| filtered.filter.prefixes()).unwrap_or_default()
}

/// No more than the client wants, where the log itself finds what it wants.
fn page_size(answer: &Answer<'_>, filtered: Option<&Filtered>) -> usize {
    match filtered {
        Some(filtered) if filtered.filter.prefixes().is_empty() => ALL_PAGE,
        _ => answer.page(ALL_PAGE),
    }
}

fn wanted(
    events: impl Iterator<Item = RecordedEvent>,
    filtered: Option<&Filtered>,
) -> Result<Vec<RecordedEvent>, Fault> {
    let mut wanted = Vec::new();
    for event in events {
        if filtered.map_or(Ok(true), |filtered| filtered.filter.admits(&event))? {
            wanted.push(event);
        }
    }
    Ok(wanted)
}
