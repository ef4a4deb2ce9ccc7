//! The file: its tables, its version, and every way in which it can be refused.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::StoreError;

/// Marks the file as ours among SQLite files ("livg").
const APPLICATION_ID: i32 = 0x6c69_7667;

/// The version of the tables that this code writes.
const SCHEMA_VERSION: i32 = 1;

/// How SQLite names what is in no file.
const IN_MEMORY: &str = ":memory:";

/// A checkpoint is a place: everything before it is settled or parked.
const TABLES: &str = "
    CREATE TABLE groups (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        definition TEXT NOT NULL,           -- JSON
        checkpoint INTEGER
    ) STRICT;
    CREATE TABLE parked (
        number   INTEGER PRIMARY KEY AUTOINCREMENT,
        of_group INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        event    BLOB NOT NULL,             -- the 16 bytes of the UUID
        stream   TEXT NOT NULL,
        revision INTEGER NOT NULL,
        reason   TEXT NOT NULL,
        parked   INTEGER NOT NULL,          -- microseconds since the Unix epoch
        UNIQUE (of_group, event)
    ) STRICT;
    CREATE INDEX parked_in_order ON parked (of_group, number);
";

/// Why the file of the groups could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be created.
    #[error("cannot open the persistent subscriptions {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("another process serves the persistent subscriptions {}: stop it first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or of a version that is not known here.
    #[error("{} does not hold persistent subscriptions of a version known here: move it away", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// SQLite refused for another reason.
    #[error("cannot open the persistent subscriptions {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl OpenError {
    /// The file was opened, but what it holds cannot be read.
    pub(in super::super) fn unreadable(path: Option<&Path>, error: StoreError) -> Self {
        let path = path.unwrap_or(Path::new(IN_MEMORY)).to_owned();
        match error {
            StoreError::Database(source) => Self::Database { path, source },
            StoreError::Definition(_) => Self::NotOurs { path },
        }
    }
}

/// Opens the file for this process alone.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, OpenError> {
    let Some(path) = path else {
        let opened = Connection::open_in_memory().and_then(prepare);
        return opened.map_err(|error| OpenError::unreadable(None, error.into()));
    };
    create_private(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, access).and_then(prepare).map_err(|error| {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse { path },
            Some(ErrorCode::NotADatabase) => OpenError::NotOurs { path },
            _ if matches!(error, rusqlite::Error::InvalidQuery) => OpenError::NotOurs { path },
            _ => OpenError::Database { path, source: error },
        }
    })
}

/// [`rusqlite::Error::InvalidQuery`] stands for a file that is not ours.
fn prepare(mut connection: Connection) -> rusqlite::Result<Connection> {
    // Whoever holds the file holds it for long: there is nothing to wait for.
    connection.busy_timeout(Duration::ZERO)?;
    // Exclusive: two processes that shared a group would send its events twice. The system lets the lock go with the
    // process, however that ends. FULL flushes at every commit, as the log does.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON;",
    )?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    let number = |pragma: &str| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    match (number("application_id")?, number("user_version")?) {
        (0, 0)
            if transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)) == Ok(0) =>
        {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        (APPLICATION_ID, SCHEMA_VERSION) => {}
        _ => return Err(rusqlite::Error::InvalidQuery),
    }
    transaction.commit()?;
    Ok(connection)
}

/// Creates the file for its owner alone; SQLite gives the files beside it the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
