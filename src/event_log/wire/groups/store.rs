//! What outlives the process: the groups, how far each has come, and what it has parked.
//!
//! It is a SQLite file of its own and no part of the log, which must not change because somebody reads it. One process
//! at a time holds the file. A transaction is a few rows, so whoever stores something waits for it.

mod schema;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Utc;
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

pub use self::schema::OpenError;
use super::definition::Definition;
use super::engine::{Changes, Place};

/// Names a group in the file.
pub(super) type GroupId = i64;

/// A group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredGroup {
    pub(super) id: GroupId,
    pub(super) definition: Definition,
}

/// How far a group has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// `None` until something was settled.
    pub(super) checkpoint: Option<Place>,
    /// All parked events, the oldest first.
    pub(super) parked: Vec<Uuid>,
}

/// Where a parked event is found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParkedAt {
    /// Rises with each parking.
    pub(super) number: i64,
    pub(super) stream: String,
    pub(super) revision: u64,
}

/// Why something could not be stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// SQLite refused.
    #[error("cannot read or write the persistent subscriptions")]
    Database(#[from] rusqlite::Error),
    /// A definition cannot be read.
    #[error("a persistent subscription is stored in a form that cannot be read")]
    Definition(#[from] serde_json::Error),
}

/// The open file.
#[derive(Debug, Clone)]
pub(super) struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the file at `path`, creating it (mode 0600) when there is none; without a path all is kept in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, OpenError> {
        Ok(Self { connection: Arc::new(Mutex::new(schema::open(path)?)) })
    }

    /// Runs `work` where it may wait for the disk. It happens even when the caller goes away.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.unwrap_or_else(|_| Err(rusqlite::Error::InvalidQuery.into()))
    }

    /// All groups, in the order of their creation.
    pub(super) async fn groups(&self) -> Result<Vec<StoredGroup>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare("SELECT id, definition FROM groups ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (id, definition) = row?;
                Ok(StoredGroup { id, definition: serde_json::from_str(&definition)? })
            })
            .collect()
        })
        .await
    }

    /// Adds a group. Its name must be free.
    pub(super) async fn create(&self, definition: &Definition) -> Result<GroupId, StoreError> {
        let definition = serde_json::to_string(definition)?;
        self.run(move |connection| {
            connection.execute("INSERT INTO groups (definition) VALUES (?1)", [definition])?;
            Ok(connection.last_insert_rowid())
        })
        .await
    }

    /// Gives a group another definition; how far it has come stays.
    pub(super) async fn update(&self, group: GroupId, definition: &Definition) -> Result<(), StoreError> {
        let definition = serde_json::to_string(definition)?;
        self.run(move |connection| {
            let update = "UPDATE groups SET definition = ?2 WHERE id = ?1";
            connection.execute(update, params![group, definition])?;
            Ok(())
        })
        .await
    }

    /// Forgets a group and all of it.
    pub(super) async fn delete(&self, group: GroupId) -> Result<(), StoreError> {
        self.run(move |connection| {
            connection.execute("DELETE FROM groups WHERE id = ?1", [group])?;
            Ok(())
        })
        .await
    }

    /// How far a group has come.
    pub(super) async fn progress(&self, group: GroupId) -> Result<Progress, StoreError> {
        self.run(move |connection| {
            let select = "SELECT checkpoint FROM groups WHERE id = ?1";
            let checkpoint: Option<i64> = connection.query_row(select, [group], |row| row.get(0))?;
            let mut statement =
                connection.prepare_cached("SELECT event FROM parked WHERE of_group = ?1 ORDER BY number")?;
            let parked = statement.query_map([group], |row| row.get::<_, [u8; 16]>(0))?;
            Ok(Progress {
                checkpoint: checkpoint.map(i64::cast_unsigned),
                parked: parked.map(|row| row.map(Uuid::from_bytes)).collect::<Result<_, _>>()?,
            })
        })
        .await
    }

    /// Stores what an engine settled, all or none of it.
    pub(super) async fn apply(&self, group: GroupId, changes: Changes) -> Result<(), StoreError> {
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            for event in &changes.settled {
                transaction
                    .prepare_cached("DELETE FROM parked WHERE of_group = ?1 AND event = ?2")?
                    .execute(params![group, event.as_bytes()])?;
            }
            for parked in &changes.parked {
                // Replacing gives it a new number: it is the last one now.
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO parked (of_group, event, stream, revision, reason, parked)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![
                        group,
                        parked.event.as_bytes(),
                        parked.stream,
                        parked.revision.cast_signed(),
                        parked.reason,
                        Utc::now().timestamp_micros(),
                    ])?;
            }
            if let Some(checkpoint) = changes.checkpoint {
                transaction
                    .prepare_cached("UPDATE groups SET checkpoint = ?2 WHERE id = ?1")?
                    .execute(params![group, checkpoint.cast_signed()])?;
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// The number of the event that was parked last, or the `count`th oldest; `None` when nothing is parked.
    pub(super) async fn parked_until(
        &self,
        group: GroupId,
        count: Option<u64>,
    ) -> Result<Option<i64>, StoreError> {
        let count = count.map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX));
        self.run(move |connection| {
            let select = "SELECT max(number) FROM
                          (SELECT number FROM parked WHERE of_group = ?1 ORDER BY number LIMIT ?2)";
            Ok(connection.query_row(select, params![group, count], |row| row.get(0)).optional()?.flatten())
        })
        .await
    }

    /// The first event parked after the one of that number.
    pub(super) async fn parked_after(
        &self,
        group: GroupId,
        number: i64,
    ) -> Result<Option<ParkedAt>, StoreError> {
        self.run(move |connection| {
            let select = "SELECT number, stream, revision FROM parked
                          WHERE of_group = ?1 AND number > ?2 ORDER BY number LIMIT 1";
            let found = connection.query_row(select, params![group, number], |row| {
                let revision: i64 = row.get(2)?;
                Ok(ParkedAt { number: row.get(0)?, stream: row.get(1)?, revision: revision.cast_unsigned() })
            });
            Ok(found.optional()?)
        })
        .await
    }
}
