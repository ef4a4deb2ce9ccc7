//! One append inside the writer's transaction: taken, answered as a repetition, or refused.

use rusqlite::{Connection, OptionalExtension};

use super::reader::{signed, unsigned};
use crate::event_log::{AppendError, Appended, ExpectedRevision, NewEvent, Position};

/// Where a stream is.
#[derive(Debug, Clone, Copy)]
struct Stream {
    id: i64,
    last: Option<u64>,
}

/// Where an event that is already in the log stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    stream: i64,
    revision: u64,
    position: Position,
}

/// Appends all `events` or none. The outer error means that the transaction cannot go on; the inner one is the
/// answer to this append alone, and nothing of it has been written then.
pub(super) fn append(
    connection: &Connection,
    name: &str,
    expected: ExpectedRevision,
    events: &[NewEvent],
    created: i64,
) -> rusqlite::Result<Result<Appended, AppendError>> {
    let stream = find_stream(connection, name)?;
    let places = events.iter().map(|event| find_event(connection, event)).collect::<Result<Vec<_>, _>>()?;
    if let Some(appended) = stream.and_then(|stream| repetition(stream, expected, &places)) {
        return Ok(Ok(appended));
    }
    let actual = stream.and_then(|stream| stream.last);
    if !expected.admits(actual) {
        return Ok(Err(AppendError::WrongExpectedRevision { expected, actual }));
    }
    if let Some((event, _)) = events.iter().zip(&places).find(|(_, place)| place.is_some()) {
        return Ok(Err(AppendError::IdConflict { id: event.id }));
    }
    let stream = match stream {
        Some(stream) => stream,
        None => create_stream(connection, name)?,
    };
    insert(connection, stream, events, created).map(Ok)
}

/// The answer of the first time, when all the events stand in `stream` in their order, at the expected place.
fn repetition(stream: Stream, expected: ExpectedRevision, places: &[Option<Place>]) -> Option<Appended> {
    let places = places.iter().copied().collect::<Option<Vec<_>>>()?;
    let first = match expected {
        ExpectedRevision::NoStream => 0,
        ExpectedRevision::Exact(revision) => revision.checked_add(1)?,
        ExpectedRevision::Any => places.first()?.revision,
    };
    let follows = places.iter().zip(0..).all(|(place, offset)| {
        place.stream == stream.id && place.revision.checked_sub(first) == Some(offset)
    });
    let last = places.last().filter(|_| follows)?;
    Some(Appended { revision: last.revision, position: last.position })
}

fn find_stream(connection: &Connection, name: &str) -> rusqlite::Result<Option<Stream>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, coalesce((SELECT max(revision) FROM events WHERE stream = streams.id), -1)
         FROM streams WHERE name = ?1",
    )?;
    let stream = |row: &rusqlite::Row<'_>| {
        Ok(Stream { id: row.get(0)?, last: u64::try_from(row.get::<_, i64>(1)?).ok() })
    };
    statement.query_row([name], stream).optional()
}

fn find_event(connection: &Connection, event: &NewEvent) -> rusqlite::Result<Option<Place>> {
    let mut statement =
        connection.prepare_cached("SELECT stream, revision, position FROM events WHERE id = ?1")?;
    let place = |row: &rusqlite::Row<'_>| {
        Ok(Place { stream: row.get(0)?, revision: unsigned(row, 1)?, position: unsigned(row, 2)? })
    };
    statement.query_row([event.id.as_bytes()], place).optional()
}

fn create_stream(connection: &Connection, name: &str) -> rusqlite::Result<Stream> {
    connection.prepare_cached("INSERT INTO streams (name) VALUES (?1)")?.execute([name])?;
    Ok(Stream { id: connection.last_insert_rowid(), last: None })
}

fn insert(
    connection: &Connection,
    stream: Stream,
    events: &[NewEvent],
    created: i64,
) -> rusqlite::Result<Appended> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO events (stream, revision, id, type, data, metadata, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let first = stream.last.map_or(0, |last| last + 1);
    let mut revision = first;
    for (event, next) in events.iter().zip(first..) {
        revision = next;
        statement.execute((
            stream.id,
            signed(revision),
            event.id.as_bytes(),
            &event.event_type,
            &event.data[..],
            &event.metadata[..],
            created,
        ))?;
    }
    Ok(Appended { revision, position: connection.last_insert_rowid().unsigned_abs() })
}
