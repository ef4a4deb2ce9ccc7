//! Appending, safe to repeat: what an answer leaves open is settled by reading the stream at the place.

use std::time::Duration;

use bytes::Bytes;
use eventstore::{AppendToStreamOptions, CurrentRevision, Error, EventData};
use serde_json::value::RawValue;
use tonic::Code;

use super::client::Clients;
use super::fault::Fault;
use super::read::{self, HIGHEST, is_placed};
use crate::event_log::{
    AppendError, Appended, Direction, ExpectedRevision, MAX_APPEND_BYTES, NewEvent, RecordedEvent,
    StreamFrom, limits,
};

/// How long an append may take with all its tries. Callers hold people up meanwhile.
const APPEND_LIMIT: Duration = Duration::from_secs(15);

/// Tries of one append; each is a repetition that the store, or the reading after it, tells from a second append.
const TRIES: u32 = 3;

/// Pause before the second try; it doubles. Together longer than a client's first pause.
const PAUSE: Duration = Duration::from_millis(100);

/// How often an append at any revision looks again for the stream's end while others move it.
const ROUNDS: usize = 32;

/// Events read at once in search of a former append.
const SEARCH_EVENTS: usize = 256;

pub(super) async fn append(
    clients: &Clients,
    stream: &str,
    expected: ExpectedRevision,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    let mut error = Fault::TimedOut(APPEND_LIMIT).into();
    let tries = async {
        for attempt in 0..TRIES {
            match attempt_at(clients, stream, expected, &events).await {
                Err(AppendError::Unavailable(cause)) => error = AppendError::Unavailable(cause),
                settled => return Some(settled),
            }
            if attempt + 1 < TRIES {
                tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
            }
        }
        None
    };
    let settled = tokio::time::timeout(APPEND_LIMIT, tries).await;
    settled.ok().flatten().unwrap_or(Err(error))
}

async fn attempt_at(
    clients: &Clients,
    stream: &str,
    expected: ExpectedRevision,
    events: &[NewEvent],
) -> Result<Appended, AppendError> {
    match expected {
        ExpectedRevision::Any => append_at_end(clients, stream, events).await,
        ExpectedRevision::NoStream => append_exactly(clients, stream, None, events).await,
        // No stream is there; the store takes such numbers for others.
        ExpectedRevision::Exact(revision) if revision >= HIGHEST => {
            let last = last_revision(clients, stream).await?;
            Err(AppendError::WrongExpectedRevision { expected, actual: last })
        }
        ExpectedRevision::Exact(revision) => append_exactly(clients, stream, Some(revision), events).await,
    }
}

/// Appends behind revision `last`, exactly.
async fn append_exactly(
    clients: &Clients,
    stream: &str,
    last: Option<u64>,
    events: &[NewEvent],
) -> Result<Appended, AppendError> {
    let first = last.map_or(0, |last| last + 1);
    let revision = first + events.len() as u64 - 1;
    let expected = last.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
    match write(clients, stream, last, events).await {
        Ok((told, position)) if told == revision && is_placed(position) => {
            Ok(Appended { revision, position })
        }
        // A repetition that the store knew, or an answer without its place.
        Ok(_) => repetition(clients, stream, first, events).await?.ok_or_else(|| {
            Fault::Broken("the event store took an append and does not have it".to_owned()).into()
        }),
        Err(Fault::Told(Error::WrongExpectedVersion { current, .. })) => {
            let actual = match current {
                CurrentRevision::Current(revision) => Some(revision),
                CurrentRevision::NoStream => None,
            };
            let repeated = repetition(clients, stream, first, events).await?;
            repeated.ok_or(AppendError::WrongExpectedRevision { expected, actual })
        }
        Err(fault) => Err(refused(fault, events)),
    }
}

/// Appends wherever the stream ends. The store tells a repetition of such an append only while it remembers the ids, so
/// the stream is looked through first.
async fn append_at_end(
    clients: &Clients,
    stream: &str,
    events: &[NewEvent],
) -> Result<Appended, AppendError> {
    for _ in 0..ROUNDS {
        let last = match search(clients, stream, events).await? {
            Search::Found(first) => {
                let repeated = repetition(clients, stream, first, events).await?;
                return repeated.ok_or_else(|| id_conflict(events));
            }
            Search::EndsAt(last) => last,
        };
        match append_exactly(clients, stream, last, events).await {
            Err(AppendError::WrongExpectedRevision { .. }) => {}
            settled => return settled,
        }
    }
    Err(AppendError::Overloaded)
}

/// What a stream has of an append.
enum Search {
    /// Its first event, at this revision.
    Found(u64),
    /// Nothing; this is the last revision.
    EndsAt(Option<u64>),
}

/// Looks from the end for the first event of an append.
async fn search(clients: &Clients, stream: &str, events: &[NewEvent]) -> Result<Search, Fault> {
    let (mut from, mut last) = (StreamFrom::End, None);
    loop {
        let page = read::stream(clients, stream, Direction::Backwards, from, SEARCH_EVENTS).await?;
        last = last.or_else(|| page.first().map(|event| event.revision));
        let wanted = events.first().map(|event| event.id);
        if let Some(found) = page.iter().find(|event| Some(event.id) == wanted) {
            return Ok(Search::Found(found.revision));
        }
        match page.last().and_then(|event| event.revision.checked_sub(1)) {
            Some(before) => from = StreamFrom::Revision(before),
            None => return Ok(Search::EndsAt(last)),
        }
    }
}

/// The answer of the first time, when `events` stand in the stream from revision `first` on.
async fn repetition(
    clients: &Clients,
    stream: &str,
    first: u64,
    events: &[NewEvent],
) -> Result<Option<Appended>, Fault> {
    let from = StreamFrom::Revision(first);
    let stored = read::stream(clients, stream, Direction::Forwards, from, events.len()).await?;
    let same = |(stored, (event, revision)): (&RecordedEvent, (&NewEvent, u64))| {
        stored.id == event.id && stored.revision == revision
    };
    let repeated = stored.len() == events.len() && stored.iter().zip(events.iter().zip(first..)).all(same);
    let last = stored.last().filter(|_| repeated);
    Ok(last.map(|last| Appended { revision: last.revision, position: last.position }))
}

async fn last_revision(clients: &Clients, stream: &str) -> Result<Option<u64>, Fault> {
    let last = read::stream(clients, stream, Direction::Backwards, StreamFrom::End, 1).await?;
    Ok(last.first().map(|event| event.revision))
}

async fn write(
    clients: &Clients,
    stream: &str,
    last: Option<u64>,
    events: &[NewEvent],
) -> Result<(u64, u64), Fault> {
    let expected = last.map_or(eventstore::ExpectedRevision::NoStream, eventstore::ExpectedRevision::Exact);
    let options = AppendToStreamOptions::default().expected_revision(expected);
    let (stream, events): (_, Vec<EventData>) = (stream.to_owned(), events.iter().map(proposed).collect());
    clients
        .call(async move |client| match client.append_to_stream(stream, &options, events).await {
            Ok(written) => Ok((written.next_expected_version, written.position.commit)),
            Err(Error::ResourceNotFound) => Err(Fault::NotFoundStatus),
            Err(error) => Err(Fault::Told(error)),
        })
        .await
}

/// Marked as JSON where it is, byte by byte as it was handed in.
fn proposed(event: &NewEvent) -> EventData {
    let json = serde_json::from_slice::<&RawValue>(&event.data).ok();
    let json = json.filter(|text| text.get().len() == event.data.len());
    let data = json.and_then(|text| EventData::json(&event.event_type, &text).ok());
    data.unwrap_or_else(|| EventData::binary(&event.event_type, Bytes::clone(&event.data)))
        .id(event.id)
        .metadata(Bytes::clone(&event.metadata))
}

fn refused(fault: Fault, events: &[NewEvent]) -> AppendError {
    match &fault {
        Fault::Told(Error::ResourceDeleted) => {
            AppendError::Invalid("the stream was deleted in the event store")
        }
        Fault::Told(Error::Grpc { code: Code::ResourceExhausted, .. }) => AppendError::Overloaded,
        Fault::Told(Error::Grpc { code: Code::InvalidArgument | Code::OutOfRange, message }) => {
            // A store that keeps all ids, as the wire face's does, names the one that it refuses.
            let named = events.iter().find(|event| message.contains(&event.id.to_string()));
            match named {
                Some(event) => AppendError::IdConflict { id: event.id },
                None if is_too_large(message) => AppendError::TooLarge {
                    what: "append in bytes",
                    size: limits::append_bytes(events),
                    max: told_limit(message).unwrap_or(MAX_APPEND_BYTES),
                },
                None => fault.into(),
            }
        }
        _ => fault.into(),
    }
}

fn id_conflict(events: &[NewEvent]) -> AppendError {
    AppendError::IdConflict { id: events.first().map(|event| event.id).unwrap_or_default() }
}

/// The crate shows neither the trailer that names this refusal nor the one with the limit, only the text.
fn is_too_large(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("append size") || message.contains("message length too large")
}

/// The last number of the store's text.
fn told_limit(message: &str) -> Option<usize> {
    message.rsplit(|char: char| !char.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}
