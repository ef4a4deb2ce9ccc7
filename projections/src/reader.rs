use crate::{DeliveryView, SessionView, Tally, ViewError, api_key, delivery, receipt, schema, session};
use liveness_events::api_key::ApiKey;
use liveness_events::receipt::PublicKey;
use liveness_events::{Digest, Timestamp};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Reads the views beside their writer. One connection each: give every thread its own, for a query takes microseconds
/// and a lock that is shared takes longer.
pub struct ViewReader {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl ViewReader {
    /// Opens views that a [`crate::Views`] has made.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, ViewError> {
        Ok(Self { connection: Mutex::new(schema::open_for_reading(path)?), path: path.into() })
    }

    /// Another reader of the same views.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn another(&self) -> Result<Self, ViewError> {
        Self::open(&self.path)
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, ViewError>) -> Result<T, ViewError> {
        read(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The session of this token's hash.
    ///
    /// # Errors
    /// When the database cannot be read; so for all that follow.
    pub fn session_by_token(&self, token: Digest) -> Result<Option<SessionView>, ViewError> {
        self.read(|connection| session::by_token(connection, token))
    }

    /// The session of this capture key's hash.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn session_by_capture_key(&self, key: Digest) -> Result<Option<SessionView>, ViewError> {
        self.read(|connection| session::by_capture_key(connection, key))
    }

    /// The session of this id.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn session(&self, id: Uuid) -> Result<Option<SessionView>, ViewError> {
        self.read(|connection| session::by_id(connection, id))
    }

    /// Some session and its token's hash, by which a master key can be told to be the right one.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn any_token(&self) -> Result<Option<(Uuid, Digest)>, ViewError> {
        self.read(session::any_token)
    }

    /// Open sessions whose link has ended by `now`, the oldest first.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn expired_by(&self, now: Timestamp, most: u32) -> Result<Vec<Uuid>, ViewError> {
        self.read(|connection| session::expired_by(connection, now, most))
    }

    /// When the next link ends.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn next_expiry(&self) -> Result<Option<Timestamp>, ViewError> {
        self.read(session::next_expiry)
    }

    /// Sessions whose attempt in progress began by `then`, the oldest first.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn capturing_since(&self, then: Timestamp, most: u32) -> Result<Vec<Uuid>, ViewError> {
        self.read(|connection| session::capturing_since(connection, then, most))
    }

    /// Sessions that were complete by `then` and whose images are still kept, the oldest first.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn images_since(&self, then: Timestamp, most: u32) -> Result<Vec<Uuid>, ViewError> {
        self.read(|connection| session::images_since(connection, then, most))
    }

    /// When the session was complete whose images have been kept longest.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn oldest_images(&self) -> Result<Option<Timestamp>, ViewError> {
        self.read(session::oldest_images)
    }

    /// Deliveries that are due by `now`, the longest due first.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn due_deliveries(&self, now: Timestamp, most: u32) -> Result<Vec<DeliveryView>, ViewError> {
        self.read(|connection| delivery::due_by(connection, now, most))
    }

    /// When the next delivery is due.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn next_delivery(&self) -> Result<Option<Timestamp>, ViewError> {
        self.read(delivery::next_due)
    }

    /// Deliveries of one session.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn deliveries(&self, session: Uuid) -> Result<Vec<DeliveryView>, ViewError> {
        self.read(|connection| delivery::of_session(connection, session))
    }

    /// The API key of this hash, unless it was revoked.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn api_key(&self, hash: Digest) -> Result<Option<ApiKey>, ViewError> {
        self.read(|connection| api_key::valid(connection, hash))
    }

    /// Sessions that lack a receipt, those first that have lacked it longest.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn receipts_due(&self, most: u32) -> Result<Vec<Uuid>, ViewError> {
        self.read(|connection| receipt::due(connection, most))
    }

    /// The public keys that receipts are checked with, the oldest first.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn receipt_keys(&self) -> Result<Vec<PublicKey>, ViewError> {
        self.read(receipt::keys)
    }

    /// Open sessions, counted.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn tally(&self) -> Result<Tally, ViewError> {
        self.read(session::tally)
    }

    /// A hash over all rows of all views: equal views have equal ones, however they came about.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn fingerprint(&self) -> Result<Digest, ViewError> {
        self.read(|connection| {
            let mut hasher = Sha256::new();
            for table in ["sessions", "deliveries", "tries", "api_keys", "receipts_due", "receipt_keys"] {
                let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
                let columns = statement.column_count();
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    for column in 0..columns {
                        hasher.update(format!("{table}.{column}={:?};", row.get_ref(column)?));
                    }
                }
            }
            Ok(Digest::of(&hasher.finalize()))
        })
    }
}
