//! The bare counterpart of the POSTs: rows of the same kind, committed in groups by one thread.

use crate::clients::POSTING;
use crate::process::scratch;
use rusqlite::Connection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The tables of the event log, with their indices.
const TABLES: &str = "
    CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        stream   INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        id       BLOB NOT NULL UNIQUE,
        type     TEXT NOT NULL,
        data     BLOB NOT NULL,
        metadata BLOB NOT NULL,
        created  INTEGER NOT NULL,
        UNIQUE (stream, revision)
    ) STRICT;
";
/// How long a group waits to become as large as the one before: the bare loop is given what makes it fast, too.
const LINGER: Duration = Duration::from_micros(200);

/// What a POST writes.
pub(crate) struct Row {
    pub(crate) event_type: String,
    pub(crate) data: Vec<u8>,
    pub(crate) metadata: Vec<u8>,
}

/// A writer that waits for its row to be durable.
struct Waiting(SyncSender<()>);

/// Rows a second of as many writers as there are clients, each of which writes again when its row is durable.
pub(crate) fn rows_a_second(row: &Row, within: Duration) -> anyhow::Result<f64> {
    let folder = scratch()?;
    let connection = Connection::open(folder.path().join("bare.db"))?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    connection.execute_batch(TABLES)?;
    let (queue, rows) = sync_channel::<Waiting>(POSTING);
    let (done, started) = (AtomicUsize::new(0), Instant::now());
    thread::scope(|scope| {
        for _ in 0..POSTING {
            let (queue, done) = (queue.clone(), &done);
            scope.spawn(move || {
                let (durable, answer) = sync_channel(1);
                // Where the committing thread has failed, it tells why.
                while started.elapsed() < within
                    && queue.send(Waiting(durable.clone())).is_ok()
                    && answer.recv().is_ok()
                {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        drop(queue);
        commit_all(&connection, rows, row)
    })?;
    Ok(done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

fn commit_all(connection: &Connection, rows: Receiver<Waiting>, row: &Row) -> anyhow::Result<()> {
    let mut before = 1;
    while let Ok(first) = rows.recv() {
        let mut group = vec![first];
        let until = Instant::now() + LINGER;
        loop {
            let next = match rows.try_recv() {
                Ok(next) => Some(next),
                Err(_) if group.len() >= before => None,
                Err(_) => rows.recv_timeout(until.saturating_duration_since(Instant::now())).ok(),
            };
            match next {
                Some(next) => group.push(next),
                None => break,
            }
        }
        before = group.len();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in &group {
            insert(connection, row)?;
        }
        connection.execute_batch("COMMIT")?;
        for Waiting(durable) in group {
            // One whose time is over does not listen any more.
            let _ = durable.send(());
        }
    }
    Ok(())
}

fn insert(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let name = format!("liveness-{}", Uuid::new_v4());
    connection.prepare_cached("INSERT INTO streams (name) VALUES (?1)")?.execute([&name])?;
    let stream = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "INSERT INTO events (stream, revision, id, type, data, metadata, created)
             VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            stream,
            Uuid::new_v4().as_bytes(),
            &row.event_type,
            &row.data,
            &row.metadata,
            chrono::Utc::now().timestamp_micros(),
        ))?;
    Ok(())
}
