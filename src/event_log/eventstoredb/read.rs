//! Reading streams and `$all`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use eventstore::{
    Error, Position as StorePosition, ReadAllOptions, ReadStream, ReadStreamOptions, StreamPosition,
};

use super::client::{CALL_LIMIT, Clients};
use super::fault::Fault;
use crate::event_log::{Direction, Page, Position, RecordedEvent, StreamFrom};

/// Events that one call asks for.
const CALL_EVENTS: usize = 512;

/// Bytes of events that one call keeps: a page of large events is cut here and read on by the next call.
const CALL_BYTES: usize = 8 * 1024 * 1024;

/// Revisions and positions above are none to the store, and -1 to some of its versions.
pub(super) const HIGHEST: u64 = i64::MAX as u64;

/// What one call gave.
struct Chunk {
    events: Vec<RecordedEvent>,
    /// Nothing was left in this direction.
    end: bool,
}

/// Reads a stream, by as many calls as it takes.
pub(super) async fn stream(
    clients: &Clients,
    stream: &str,
    direction: Direction,
    from: StreamFrom,
    max: usize,
) -> Result<Vec<RecordedEvent>, Fault> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    let Some(mut from) = first(direction, from) else { return Ok(events) };
    loop {
        let left = max - events.len();
        if left == 0 {
            break;
        }
        let chunk = stream_chunk(clients, stream, direction, from, left.min(CALL_EVENTS)).await?;
        events.extend(chunk.events);
        let Some(last) = events.last().filter(|_| !chunk.end) else { break };
        let next = match direction {
            Direction::Forwards => last.revision.checked_add(1),
            Direction::Backwards => last.revision.checked_sub(1),
        };
        let Some(next) = next else { break };
        from = StreamPosition::Position(next);
    }
    place(clients, stream, &mut events).await?;
    Ok(events)
}

/// Where the store begins to read; `None` where there is nothing.
fn first(direction: Direction, from: StreamFrom) -> Option<StreamPosition<u64>> {
    match (direction, from) {
        (Direction::Forwards, StreamFrom::End) => None,
        (_, StreamFrom::Start) => Some(StreamPosition::Position(0)),
        (Direction::Backwards, StreamFrom::End) => Some(StreamPosition::End),
        (_, StreamFrom::Revision(revision)) if revision < HIGHEST => Some(StreamPosition::Position(revision)),
        (Direction::Forwards, StreamFrom::Revision(_)) => None,
        (Direction::Backwards, StreamFrom::Revision(_)) => Some(StreamPosition::End),
    }
}

async fn stream_chunk(
    clients: &Clients,
    stream: &str,
    direction: Direction,
    from: StreamPosition<u64>,
    max: usize,
) -> Result<Chunk, Fault> {
    let options = ReadStreamOptions::default().position(from).max_count(max);
    let options = match direction {
        Direction::Forwards => options.forwards(),
        Direction::Backwards => options.backwards(),
    };
    let stream = stream.to_owned();
    clients
        .call(async move |client| {
            let reading = client.read_stream(stream, &options).await.map_err(opening)?;
            match collect(reading, max).await {
                // The message that says so, not a status: there is no such stream.
                Err(Fault::Told(Error::ResourceNotFound | Error::ResourceDeleted)) => {
                    Ok(Chunk { events: Vec::new(), end: true })
                }
                chunk => chunk,
            }
        })
        .await
}

/// A read that fails before its first message has met a status of the server.
fn opening(error: Error) -> Fault {
    match error {
        Error::ResourceNotFound => Fault::NotFoundStatus,
        error => Fault::Told(error),
    }
}

async fn collect(mut reading: ReadStream, max: usize) -> Result<Chunk, Fault> {
    let (mut events, mut bytes, mut seen) = (Vec::new(), 0, 0);
    while let Some(resolved) = reading.next().await? {
        seen += 1;
        // Links are not followed, and so the event is always there.
        let Some(event) = resolved.event else { continue };
        bytes += event.data.len() + event.custom_metadata.len();
        events.push(recorded(event));
        if bytes >= CALL_BYTES {
            return Ok(Chunk { events, end: false });
        }
    }
    Ok(Chunk { events, end: seen < max })
}

fn recorded(event: eventstore::RecordedEvent) -> RecordedEvent {
    RecordedEvent {
        position: event.position.commit,
        stream: event.stream_id,
        revision: event.revision,
        id: event.id,
        event_type: event.event_type,
        data: event.data,
        metadata: event.custom_metadata,
        created: event.metadata.get("created").and_then(|ticks| created(ticks)).unwrap_or(event.created),
    }
}

/// The store's ticks of 100 ns since 1970; the crate cuts them to seconds.
fn created(ticks: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(ticks.parse::<i64>().ok()? / 10)
}

/// Whether the store said where in the whole log an event stands.
pub(super) const fn is_placed(position: Position) -> bool {
    0 < position && position < HIGHEST
}

/// Finds where events of one stream stand in the whole log: before 22.6 the store does not say it when a stream is read.
async fn place(clients: &Clients, stream: &str, events: &mut [RecordedEvent]) -> Result<(), Fault> {
    let mut unplaced = events.iter().filter(|event| !is_placed(event.position)).count();
    let (prefixes, mut before) = ([stream.to_owned()], Position::MAX);
    while unplaced > 0 {
        let page = all_backwards(clients, before, &prefixes, CALL_EVENTS).await?;
        for found in page.events.iter().filter(|found| found.stream == stream) {
            for event in events.iter_mut().filter(|event| event.revision == found.revision) {
                unplaced -= usize::from(!is_placed(event.position));
                event.position = found.position;
            }
        }
        before = page.next;
        if page.end {
            break;
        }
    }
    Ok(())
}

/// Reads a page of the whole log forwards. The store includes the position that it is given, and we do not.
pub(super) async fn all(
    clients: &Clients,
    after: Position,
    prefixes: &[String],
    max: usize,
) -> Result<Page, Fault> {
    if max == 0 {
        return Ok(Page { events: Vec::new(), next: after, end: false });
    }
    if after >= HIGHEST {
        return Ok(Page { events: Vec::new(), next: after, end: true });
    }
    let from = if after == 0 { StreamPosition::Start } else { place_of(after) };
    let options = ReadAllOptions::default().position(from).forwards();
    let chunk = all_chunk(clients, CALL_LIMIT, options, asked(prefixes, max) + 1).await?;
    Ok(keep(chunk, after, prefixes, max, |event| event.position > after))
}

/// Reads a page of the whole log backwards; here the store excludes the position as well.
pub(super) async fn all_backwards(
    clients: &Clients,
    before: Position,
    prefixes: &[String],
    max: usize,
) -> Result<Page, Fault> {
    if max == 0 || before == 0 {
        return Ok(Page { events: Vec::new(), next: before, end: before == 0 });
    }
    let from = if before >= HIGHEST { StreamPosition::End } else { place_of(before) };
    let options = ReadAllOptions::default().position(from).backwards();
    let chunk = all_chunk(clients, CALL_LIMIT, options, asked(prefixes, max)).await?;
    Ok(keep(chunk, before, prefixes, max, |event| event.position < before))
}

/// Tells where the last event of all stands.
pub(super) async fn head(clients: &Clients) -> Result<Position, Fault> {
    head_within(clients, CALL_LIMIT).await
}

pub(super) async fn head_within(clients: &Clients, limit: Duration) -> Result<Position, Fault> {
    let options = ReadAllOptions::default().position(StreamPosition::End).backwards();
    let chunk = all_chunk(clients, limit, options, 1).await?;
    Ok(chunk.events.first().map_or(0, |event| event.position))
}

const fn place_of(position: Position) -> StreamPosition<StorePosition> {
    StreamPosition::Position(StorePosition { commit: position, prepare: position })
}

/// How many events to ask for: the crate cannot filter, and so more than are wanted where some are left out.
fn asked(prefixes: &[String], max: usize) -> usize {
    if prefixes.is_empty() { max.min(CALL_EVENTS) } else { CALL_EVENTS }
}

async fn all_chunk(
    clients: &Clients,
    limit: Duration,
    options: ReadAllOptions,
    max: usize,
) -> Result<Chunk, Fault> {
    let options = options.max_count(max);
    clients
        .call_within(limit, async move |client| {
            collect(client.read_all(&options).await.map_err(opening)?, max).await
        })
        .await
}

/// Keeps what is wanted of a chunk; the store's own events (`$...`) never are.
fn keep(
    chunk: Chunk,
    from: Position,
    prefixes: &[String],
    max: usize,
    beyond: impl Fn(&RecordedEvent) -> bool,
) -> Page {
    let mut page = Page { events: Vec::new(), next: from, end: chunk.end };
    for event in chunk.events.into_iter().filter(beyond) {
        if page.events.len() == max {
            page.end = false;
            break;
        }
        page.next = event.position;
        let wanted = prefixes.is_empty() || prefixes.iter().any(|prefix| event.stream.starts_with(prefix));
        if wanted && !event.stream.starts_with('$') {
            page.events.push(event);
        }
    }
    page
}
