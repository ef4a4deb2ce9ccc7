//! The reading queries.

use std::fmt::Write as _;

use bytes::Bytes;
use chrono::DateTime;
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use crate::event_log::{Direction, Page, Position, RecordedEvent, StreamFrom};

/// Most events in one page of the whole log, whatever was asked: a page is held in memory.
const PAGE_EVENTS: usize = 4096;

/// A page of the whole log ends with the event that reaches this many bytes, for the same reason.
pub(super) const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// How many positions one page looks at when it filters, so that a rare prefix does not hold a reader for long
/// (about a microsecond each).
pub(super) const SCAN_POSITIONS: u64 = 8192;

const COLUMNS: &str = "e.position, s.name, e.revision, e.id, e.type, e.data, e.metadata, e.created";

/// The position of the last event; 0 when there is none.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Position> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(position), 0) FROM events")?;
    statement.query_row([], |row| unsigned(row, 0))
}

/// See [`EventLog::read_stream`](crate::event_log::EventLog::read_stream).
pub(super) fn read_stream(
    connection: &Connection,
    stream: &str,
    direction: Direction,
    from: StreamFrom,
    max: usize,
) -> rusqlite::Result<Vec<RecordedEvent>> {
    let from = match from {
        StreamFrom::Start => 0,
        StreamFrom::End => i64::MAX,
        StreamFrom::Revision(revision) => signed(revision),
    };
    let (compare, order) = match direction {
        Direction::Forwards => (">=", "ASC"),
        Direction::Backwards => ("<=", "DESC"),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM streams s CROSS JOIN events e ON e.stream = s.id
         WHERE s.name = ?1 AND e.revision {compare} ?2 ORDER BY e.revision {order} LIMIT ?3"
    ))?;
    let rows = statement.query_map((stream, from, limit(max)), event)?;
    rows.collect()
}

/// See [`EventLog::read_all`](crate::event_log::EventLog::read_all).
pub(super) fn read_all(
    connection: &Connection,
    after: Position,
    prefixes: &[String],
    max: usize,
) -> rusqlite::Result<Page> {
    // What is committed up to the head stays as it is, so the head and the events need no common snapshot.
    let head = head(connection)?;
    if after >= head || max == 0 {
        return Ok(Page { events: Vec::new(), next: after, end: after >= head });
    }
    let last = if prefixes.is_empty() { head } else { head.min(after.saturating_add(SCAN_POSITIONS)) };
    let (events, cut) = scan(connection, "ASC", after.saturating_add(1), last, prefixes, max)?;
    let next = cut.unwrap_or(last);
    Ok(Page { events, next, end: next >= head })
}

/// See [`EventLog::read_all_backwards`](crate::event_log::EventLog::read_all_backwards).
pub(super) fn read_all_backwards(
    connection: &Connection,
    before: Position,
    prefixes: &[String],
    max: usize,
) -> rusqlite::Result<Page> {
    let last = before.saturating_sub(1).min(head(connection)?);
    if last == 0 || max == 0 {
        return Ok(Page { events: Vec::new(), next: before, end: last == 0 });
    }
    let first = if prefixes.is_empty() { 1 } else { last.saturating_sub(SCAN_POSITIONS - 1).max(1) };
    let (events, cut) = scan(connection, "DESC", first, last, prefixes, max)?;
    let next = cut.unwrap_or(first);
    Ok(Page { events, next, end: next <= 1 })
}

/// Reads the matching events at positions from `first` to `last`; tells where it stopped when the page was full.
fn scan(
    connection: &Connection,
    order: &str,
    first: Position,
    last: Position,
    prefixes: &[String],
    max: usize,
) -> rusqlite::Result<(Vec<RecordedEvent>, Option<Position>)> {
    let max = max.min(PAGE_EVENTS);
    // CROSS JOIN keeps the order of the loops: events by position, then the name of each.
    let mut sql = format!(
        "SELECT {COLUMNS} FROM events e CROSS JOIN streams s ON s.id = e.stream
         WHERE e.position BETWEEN ?1 AND ?2"
    );
    for index in 0..prefixes.len() {
        let (open, number) = (if index == 0 { "AND (" } else { "OR" }, index + 4);
        // Writing to a string cannot fail.
        let _ = write!(sql, " {open} substr(s.name, 1, length(?{number})) = ?{number}");
    }
    let close = if prefixes.is_empty() { "" } else { ")" };
    let _ = write!(sql, "{close} ORDER BY e.position {order} LIMIT ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let (first, last, limit) = (signed(first), signed(last), limit(max));
    let fixed: [&dyn ToSql; 3] = [&first, &last, &limit];
    let mut rows = statement
        .query(params_from_iter(fixed.into_iter().chain(prefixes.iter().map(|p| p as &dyn ToSql))))?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = event(row)?;
        let position = event.position;
        bytes += event.data.len() + event.metadata.len();
        events.push(event);
        if events.len() == max || bytes >= PAGE_BYTES {
            return Ok((events, Some(position)));
        }
    }
    Ok((events, None))
}

fn event(row: &Row<'_>) -> rusqlite::Result<RecordedEvent> {
    let created: i64 = row.get(7)?;
    Ok(RecordedEvent {
        position: unsigned(row, 0)?,
        stream: row.get(1)?,
        revision: unsigned(row, 2)?,
        id: Uuid::from_bytes(row.get(3)?),
        event_type: row.get(4)?,
        data: Bytes::from(row.get::<_, Vec<u8>>(5)?),
        metadata: Bytes::from(row.get::<_, Vec<u8>>(6)?),
        created: DateTime::from_timestamp_micros(created)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(7, created))?,
    })
}

/// SQLite's integers are signed, ours are not.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// The nearest signed number: no revision, position or limit above it exists.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
