//! The tables. A change here, or in what a fold makes of an event, is a new version: the views are then made anew.

use crate::ViewError;
use liveness_events::Timestamp;
use rusqlite::Connection;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// Version of the views.
const VERSION: i32 = 2;
/// How long a reader waits for a lock; writes of the views take milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Distinct statements of the views, kept prepared.
const STATEMENTS: usize = 48;

const TABLES: &str = "
    CREATE TABLE checkpoint (position INTEGER NOT NULL, first_id BLOB, first_position INTEGER);
    INSERT INTO checkpoint (position) VALUES (0);
    CREATE TABLE sessions (
        id BLOB PRIMARY KEY,
        token BLOB NOT NULL UNIQUE,
        capture_key BLOB NOT NULL UNIQUE,
        status TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        capturing_since INTEGER,
        images_since INTEGER,
        view TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX open_sessions ON sessions (expires_at) WHERE status IN ('pending', 'in_progress');
    CREATE INDEX captures ON sessions (capturing_since) WHERE capturing_since IS NOT NULL;
    CREATE INDEX kept_images ON sessions (images_since) WHERE images_since IS NOT NULL;
    CREATE TABLE deliveries (
        id BLOB PRIMARY KEY,
        session BLOB NOT NULL,
        notice TEXT NOT NULL,
        occurred_at INTEGER NOT NULL,
        url TEXT NOT NULL,
        state TEXT NOT NULL,
        due_at INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX deliveries_of_session ON deliveries (session);
    CREATE INDEX due_deliveries ON deliveries (due_at) WHERE due_at IS NOT NULL;
    CREATE TABLE tries (
        delivery BLOB NOT NULL,
        attempt INTEGER NOT NULL,
        at INTEGER NOT NULL,
        status INTEGER,
        why TEXT,
        PRIMARY KEY (delivery, attempt)
    ) WITHOUT ROWID;
    CREATE TABLE api_keys (
        hash BLOB PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        scopes TEXT NOT NULL,
        sandbox INTEGER NOT NULL,
        revoked_at INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE receipts_due (
        session BLOB PRIMARY KEY,
        revision INTEGER NOT NULL,
        since INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX oldest_receipts_due ON receipts_due (since);
    CREATE TABLE receipt_keys (
        key BLOB PRIMARY KEY,
        announced_at INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// Opens the views for writing; those of another version are dropped.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, ViewError> {
    let connection = open(path)?;
    // The log holds the truth and the views are rebuilt from it: they need not survive a power cut, only stay whole.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == VERSION {
        return Ok(connection);
    }
    if version != 0 {
        tracing::info!(found = version, wanted = VERSION, "views are of another version and are rebuilt");
    }
    reset(&connection)?;
    Ok(connection)
}

/// Drops all that was folded.
pub(crate) fn reset(connection: &Connection) -> Result<(), ViewError> {
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let drops: String = names.iter().map(|name| format!("DROP TABLE \"{name}\";")).collect();
    connection.execute_batch(&format!("BEGIN; {drops} {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    Ok(())
}

/// Opens the views for reading beside the writer.
pub(crate) fn open_for_reading(path: &Path) -> Result<Connection, ViewError> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, ViewError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// A moment as a column: milliseconds since the Unix epoch.
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

/// An id as a column: its 16 bytes.
pub(crate) struct Id(pub(crate) Uuid);

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Uuid::from_slice(value.as_blob()?).map(Self).map_err(FromSqlError::other)
    }
}
