//! The file: its tables, its version, and every way in which it can be refused.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

/// Marks the file as ours among SQLite files ("live").
const APPLICATION_ID: i32 = 0x6c69_7665;

/// The version of the tables that this code writes.
const SCHEMA_VERSION: i32 = 1;

/// How long to wait for another process that writes the same file; its transactions take milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause between attempts to switch a new file to WAL, for which SQLite does not wait by itself.
const WAL_RETRY: Duration = Duration::from_millis(5);

/// Statements kept prepared on each connection: all that there are, with room for several numbers of prefixes.
const STATEMENTS: usize = 32;

/// Events are never updated and never deleted. Positions are given out inside the write transaction, so they are
/// committed in their order. Names of streams stand once, which keeps the index over (stream, revision) small and
/// its new entries close together.
const TABLES: &str = "
    CREATE TABLE streams (
        id   INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        stream   INTEGER NOT NULL,          -- streams.id
        revision INTEGER NOT NULL,
        id       BLOB NOT NULL UNIQUE,      -- the 16 bytes of the UUID
        type     TEXT NOT NULL,
        data     BLOB NOT NULL,
        metadata BLOB NOT NULL,
        created  INTEGER NOT NULL,          -- microseconds since the Unix epoch
        UNIQUE (stream, revision)
    ) STRICT;
";

/// Why an event log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be created or its threads could not be started.
    #[error("cannot open the event log {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else than a SQLite database.
    #[error("{} is not an event log: it is not a SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a SQLite database, but of something else.
    #[error("{} is not an event log: it is another SQLite database", path.display())]
    NotAnEventLog {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version of this program.
    #[error("the event log {} has schema version {found}, but this program knows up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The latest version known here.
        known: i32,
    },
    /// The file is damaged.
    #[error("the event log {} is damaged: restore it from a backup", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file system cannot hold a write-ahead log, such as some network file systems.
    #[error("the event log {} is on a file system without support for a write-ahead log", path.display())]
    NoWriteAheadLog {
        /// The file.
        path: PathBuf,
    },
    /// SQLite refused for another reason.
    #[error("cannot open the event log {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    fn database(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, source },
            _ => Self::Database { path, source },
        }
    }
}

/// Opens the one connection that writes; creates the file and its tables when they are missing.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, OpenError> {
    create_private(path).map_err(|source| OpenError::io(path, source))?;
    let failed = |source| OpenError::database(path, source);
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    check(path, &connection)?;
    enter_wal(path, &connection)?;
    // FULL flushes the log at every commit: acknowledged means durable. The fullfsync pair does the same on macOS,
    // where an ordinary flush stops at the drive's cache; elsewhere it does nothing.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;")
        .map_err(failed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    if check(path, &transaction)? == 0 {
        transaction.execute_batch(TABLES).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
    }
    super::reader::head(&transaction).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

/// Opens a connection that only reads; the file must have been opened for writing before.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, OpenError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|source| OpenError::database(path, source))
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Creates the file for its owner alone; SQLite gives the files beside it the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives the version of the tables, 0 for an empty file; refuses what is not ours.
fn check(path: &Path, connection: &Connection) -> Result<i32, OpenError> {
    let failed = |source| OpenError::database(path, source);
    let (application, version, tables): (i32, i32, i64) = connection
        .query_row(
            "SELECT (SELECT application_id FROM pragma_application_id),
                    (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(failed)?;
    let path = path.to_owned();
    match (application, version) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, 1..=SCHEMA_VERSION) => Ok(version),
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => {
            Err(OpenError::Newer { path, found, known: SCHEMA_VERSION })
        }
        _ => Err(OpenError::NotAnEventLog { path }),
    }
}

/// Switches the file to WAL, where it stays. Two processes may do so to a new file at the same moment.
fn enter_wal(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let started = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(_) => return Err(OpenError::NoWriteAheadLog { path: path.to_owned() }),
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < BUSY_TIMEOUT =>
            {
                std::thread::sleep(WAL_RETRY);
            }
            Err(error) => return Err(OpenError::database(path, error)),
        }
    }
}
