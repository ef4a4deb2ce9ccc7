use crate::schema::Id;
use crate::{ViewError, ViewReader, api_key, delivery, receipt, schema, session};
use liveness_events::api_key::ApiKeyEvent;
use liveness_events::delivery::DeliveryTried;
use liveness_events::receipt::{KeyAnnounced, SignedReceipt};
use liveness_events::session::SessionEvent;
use liveness_events::stored::{Stored as _, Unreadable};
use liveness_events::{RecordedEvent, stream};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The views, as their one writer holds them.
pub struct Views {
    connection: Connection,
    path: PathBuf,
}

/// Why one event could not be folded.
enum Unfoldable {
    Event(Unreadable),
    View(ViewError),
}

impl From<Unreadable> for Unfoldable {
    fn from(error: Unreadable) -> Self {
        Self::Event(error)
    }
}

impl From<ViewError> for Unfoldable {
    fn from(error: ViewError) -> Self {
        Self::View(error)
    }
}

impl Views {
    /// Opens the views, makes them where there are none, and makes them anew where they are of another version.
    ///
    /// # Errors
    /// When the file cannot be opened or is no database.
    pub fn open(path: &Path) -> Result<Self, ViewError> {
        Ok(Self { connection: schema::open_for_writing(path)?, path: path.into() })
    }

    /// A reader beside this writer.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn reader(&self) -> Result<ViewReader, ViewError> {
        ViewReader::open(&self.path)
    }

    /// Position of the last event that was folded; 0 where none was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn checkpoint(&self) -> Result<u64, ViewError> {
        let position: i64 = self
            .connection
            .prepare_cached("SELECT position FROM checkpoint")?
            .query_row([], |row| row.get(0))?;
        Ok(u64::try_from(position).unwrap_or(0))
    }

    /// The first event that was folded and its position: whose log these views are of. None where none was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn origin(&self) -> Result<Option<(Uuid, u64)>, ViewError> {
        let (id, position): (Option<Id>, Option<i64>) = self
            .connection
            .prepare_cached("SELECT first_id, first_position FROM checkpoint")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let position = position.and_then(|position| u64::try_from(position).ok());
        Ok(id.map(|id| id.0).zip(position))
    }

    /// Forgets all, so that the log is folded from its beginning.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn reset(&mut self) -> Result<(), ViewError> {
        schema::reset(&self.connection)
    }

    /// Folds events, in the order of the log, and the position of the last one, in one transaction. Events up to the
    /// checkpoint were folded before and are passed over. One that cannot be read is logged and passed over: it must
    /// not keep all that come after it from being seen.
    ///
    /// # Errors
    /// When the database cannot be written; nothing was folded then.
    pub fn apply(&mut self, events: &[RecordedEvent]) -> Result<(), ViewError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let checkpoint = self.checkpoint()?;
        let transaction = self.connection.transaction()?;
        for event in events.iter().filter(|event| event.position > checkpoint) {
            match fold(&transaction, event) {
                Ok(()) => {}
                Err(Unfoldable::View(error)) => return Err(error),
                Err(Unfoldable::Event(error)) => {
                    tracing::error!(event.stream, event.revision, %error, "event cannot be read and is passed over");
                }
            }
        }
        transaction
            .prepare_cached(
                "UPDATE checkpoint SET position = ?1, first_id = coalesce(first_id, ?2),
                     first_position = coalesce(first_position, ?3)",
            )?
            .execute(params![
                column(last.position.max(checkpoint)),
                first.id.as_bytes(),
                column(first.position)
            ])?;
        transaction.commit()?;
        Ok(())
    }
}

/// A position as a column.
fn column(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn fold(connection: &Connection, recorded: &RecordedEvent) -> Result<(), Unfoldable> {
    let name = recorded.stream.as_str();
    if let Some(id) = stream::session_id(name) {
        let event = SessionEvent::decode_recorded(recorded)?;
        if let Some(view) = session::fold(connection, id, &event)? {
            delivery::schedule(connection, recorded.id, &event, &view)?;
            receipt::call_for(connection, id, recorded.revision, &event)?;
        }
    } else if stream::delivery_session_id(name).is_some() {
        delivery::fold(connection, &DeliveryTried::decode_recorded(recorded)?)?;
    } else if stream::receipt_session_id(name).is_some() {
        receipt::fold(connection, &SignedReceipt::decode_recorded(recorded)?)?;
    } else if name == stream::API_KEYS {
        api_key::fold(connection, &ApiKeyEvent::decode_recorded(recorded)?)?;
    } else if name == stream::RECEIPT_KEYS {
        receipt::fold_key(connection, &KeyAnnounced::decode_recorded(recorded)?)?;
    }
    Ok(())
}
