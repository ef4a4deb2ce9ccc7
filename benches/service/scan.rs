//! The bare loops over a log's tables: all columns of all rows, in the order of the log.

use anyhow::{Context as _, ensure};
use liveness_events::metadata;
use rusqlite::{Connection, OpenFlags, Row};
use sha2::{Digest as _, Sha256};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

const ROWS: &str = "SELECT e.position, s.name, e.revision, e.id, e.type, e.data, e.metadata, e.created
                    FROM events e CROSS JOIN streams s ON s.id = e.stream ORDER BY e.position";

/// Reads the rows alone.
pub(crate) fn read(log: &Path, events: u64) -> anyhow::Result<Duration> {
    scan(log, events, |row| {
        for column in 0..8 {
            black_box(row.get_ref(column)?);
        }
        Ok(())
    })
}

/// Reads the rows and computes the hash of each event as the format defines it.
pub(crate) fn read_and_hash(log: &Path, events: u64) -> anyhow::Result<Duration> {
    scan(log, events, |row| {
        let (stream, event_type) = (row.get_ref(1)?.as_str()?, row.get_ref(4)?.as_str()?);
        let (data, metadata) = (row.get_ref(5)?.as_blob()?, row.get_ref(6)?.as_blob()?);
        let (revision, id): (i64, _) = (row.get(2)?, Uuid::from_bytes(row.get(3)?));
        black_box(metadata::hash(stream, u64::try_from(revision)?, id, event_type, data, metadata)?);
        Ok(())
    })
}

/// Reads the rows and takes the SHA-256 of each one's data and metadata as they are.
pub(crate) fn read_and_hash_bytes(log: &Path, events: u64) -> anyhow::Result<Duration> {
    scan(log, events, |row| {
        let mut hash = Sha256::new();
        for column in [5, 6] {
            hash.update(row.get_ref(column)?.as_blob()?);
        }
        black_box(hash.finalize());
        Ok(())
    })
}

fn scan(
    log: &Path,
    events: u64,
    mut take: impl FnMut(&Row<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let connection = Connection::open_with_flags(log, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(ROWS)?;
    let (mut rows, mut count) = (statement.query([])?, 0);
    while let Some(row) = rows.next()? {
        take(row).context("a row of the log")?;
        count += 1;
    }
    ensure!(count == events, "the log has {count} rows, not {events}");
    Ok(started.elapsed())
}
