use crate::ViewError;
use crate::schema::Id;
use liveness_events::session::{CancelledBy, ExpiredBecause, KeptImage, MAX_ATTEMPTS, SessionEvent};
use liveness_events::verdict::Verdict;
use liveness_events::{Digest, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session as readers see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// API key that asked for it.
    pub owner: Uuid,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its link ends.
    pub expires_at: Timestamp,
    /// Where the person is sent at the end.
    pub return_url: String,
    /// Who is told of the end.
    pub webhook_url: Option<String>,
    /// Hash of the request's body where it came with an idempotency key.
    pub request: Option<Digest>,
    /// Attempts begun.
    pub attempts: u8,
    /// Where it stands.
    pub status: SessionStatus,
    /// When the attempt in progress began.
    pub capturing_since: Option<Timestamp>,
    /// What was found, once complete.
    pub verdict: Option<Verdict>,
    /// When it ended, in whatever way.
    pub ended_at: Option<Timestamp>,
    /// Images that are still kept, the probe first.
    pub images: Vec<KeptImage>,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Nobody has begun, or an attempt failed and another may follow.
    Pending,
    /// The camera is on.
    InProgress,
    /// There is a verdict.
    Complete,
    /// The link can no longer be used.
    Expired(ExpiredBecause),
    /// Somebody called it off.
    Cancelled(CancelledBy),
}

impl SessionStatus {
    const fn column(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Complete => "complete",
            Self::Expired(_) => "expired",
            Self::Cancelled(_) => "cancelled",
        }
    }
}

impl SessionView {
    /// Whether it has not ended yet.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, SessionStatus::Pending | SessionStatus::InProgress)
    }

    /// Attempts that may still be begun.
    #[must_use]
    pub const fn attempts_left(&self) -> u8 {
        MAX_ATTEMPTS.saturating_sub(self.attempts)
    }

    fn new(id: Uuid, event: &SessionEvent) -> Option<Self> {
        let SessionEvent::Created(created) = event else { return None };
        Some(Self {
            id,
            owner: created.owner,
            created_at: created.at,
            expires_at: created.expires_at,
            return_url: created.return_url.to_string(),
            webhook_url: created.webhook_url.as_ref().map(ToString::to_string),
            request: created.request,
            attempts: 0,
            status: SessionStatus::Pending,
            capturing_since: None,
            verdict: None,
            ended_at: None,
            images: Vec::new(),
        })
    }

    fn fold(mut self, event: &SessionEvent) -> Self {
        match event {
            SessionEvent::Created(_)
            | SessionEvent::FrameReceived { .. }
            | SessionEvent::StepIssued { .. } => {}
            SessionEvent::CaptureStarted { at, attempt, .. } => {
                self.attempts = *attempt;
                self.status = SessionStatus::InProgress;
                self.capturing_since = Some(*at);
            }
            SessionEvent::AttemptFailed { .. } => self.status = SessionStatus::Pending,
            SessionEvent::Completed { verdict, images, .. } => {
                self.status = SessionStatus::Complete;
                self.verdict = Some(verdict.clone());
                self.images.clone_from(images);
            }
            SessionEvent::Expired { because, .. } => self.status = SessionStatus::Expired(*because),
            SessionEvent::Cancelled { by, .. } => self.status = SessionStatus::Cancelled(*by),
            SessionEvent::ImagesErased { .. } => self.images.clear(),
        }
        if self.status != SessionStatus::InProgress {
            self.capturing_since = None;
        }
        if event.is_terminal() {
            self.ended_at = Some(event.at());
        }
        self
    }
}

/// Open sessions and those that ended, by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the statuses")]
pub struct Tally {
    pub pending: u64,
    pub in_progress: u64,
}

/// Folds one event into the row of its session and returns what it became; none where the event changes nothing there.
pub(crate) fn fold(
    connection: &Connection,
    id: Uuid,
    event: &SessionEvent,
) -> Result<Option<SessionView>, ViewError> {
    if matches!(event, SessionEvent::FrameReceived { .. } | SessionEvent::StepIssued { .. }) {
        return Ok(None);
    }
    if let SessionEvent::Created(created) = event {
        let Some(view) = SessionView::new(id, event) else { return Ok(None) };
        connection
            .prepare_cached(
                "INSERT INTO sessions (id, token, capture_key, status, expires_at, view)
                 VALUES (:id, :token, :capture_key, :status, :expires_at, :view)",
            )?
            .execute(named_params! {
                ":id": id.as_bytes(),
                ":token": created.token.as_bytes(),
                ":capture_key": created.capture_key.as_bytes(),
                ":status": view.status.column(),
                ":expires_at": view.expires_at.as_millis(),
                ":view": serde_json::to_string(&view)?,
            })?;
        return Ok(Some(view));
    }
    let Some(view) = by_id(connection, id)? else { return Ok(None) };
    let view = view.fold(event);
    let images_since = if view.images.is_empty() { None } else { view.ended_at.map(Timestamp::as_millis) };
    connection
        .prepare_cached(
            "UPDATE sessions SET status = ?2, capturing_since = ?3, images_since = ?4, view = ?5 WHERE id = ?1",
        )?
        .execute(params![
            id.as_bytes(),
            view.status.column(),
            view.capturing_since.map(Timestamp::as_millis),
            images_since,
            serde_json::to_string(&view)?
        ])?;
    Ok(Some(view))
}

pub(crate) fn by_id(connection: &Connection, id: Uuid) -> Result<Option<SessionView>, ViewError> {
    one(connection, "SELECT view FROM sessions WHERE id = ?1", id.as_bytes())
}

pub(crate) fn by_token(connection: &Connection, token: Digest) -> Result<Option<SessionView>, ViewError> {
    one(connection, "SELECT view FROM sessions WHERE token = ?1", token.as_bytes())
}

pub(crate) fn by_capture_key(connection: &Connection, key: Digest) -> Result<Option<SessionView>, ViewError> {
    one(connection, "SELECT view FROM sessions WHERE capture_key = ?1", key.as_bytes())
}

fn one(connection: &Connection, query: &str, key: &[u8]) -> Result<Option<SessionView>, ViewError> {
    let text: Option<String> =
        connection.prepare_cached(query)?.query_row([key], |row| row.get(0)).optional()?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

pub(crate) fn any_token(connection: &Connection) -> Result<Option<(Uuid, Digest)>, ViewError> {
    let found: Option<(Id, [u8; 32])> = connection
        .prepare_cached("SELECT id, token FROM sessions LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.map(|(id, token)| (id.0, Digest::from_bytes(token))))
}

/// Open sessions whose link has ended by `now`, the oldest first.
pub(crate) fn expired_by(connection: &Connection, now: Timestamp, most: u32) -> Result<Vec<Uuid>, ViewError> {
    ids(
        connection,
        "SELECT id FROM sessions WHERE status IN ('pending', 'in_progress') AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
        params![now.as_millis(), most],
    )
}

/// Sessions whose attempt in progress began by `then`, the oldest first.
pub(crate) fn capturing_since(
    connection: &Connection,
    then: Timestamp,
    most: u32,
) -> Result<Vec<Uuid>, ViewError> {
    ids(
        connection,
        "SELECT id FROM sessions WHERE capturing_since IS NOT NULL AND capturing_since <= ?1 ORDER BY capturing_since LIMIT ?2",
        params![then.as_millis(), most],
    )
}

/// Sessions that ended by `then` and whose images are still kept, the oldest first.
pub(crate) fn images_since(
    connection: &Connection,
    then: Timestamp,
    most: u32,
) -> Result<Vec<Uuid>, ViewError> {
    ids(
        connection,
        "SELECT id FROM sessions WHERE images_since IS NOT NULL AND images_since <= ?1 ORDER BY images_since LIMIT ?2",
        params![then.as_millis(), most],
    )
}

pub(crate) fn next_expiry(connection: &Connection) -> Result<Option<Timestamp>, ViewError> {
    moment(connection, "SELECT MIN(expires_at) FROM sessions WHERE status IN ('pending', 'in_progress')")
}

pub(crate) fn oldest_images(connection: &Connection) -> Result<Option<Timestamp>, ViewError> {
    moment(connection, "SELECT MIN(images_since) FROM sessions WHERE images_since IS NOT NULL")
}

pub(crate) fn moment(connection: &Connection, query: &str) -> Result<Option<Timestamp>, ViewError> {
    let millis: Option<i64> = connection.prepare_cached(query)?.query_row([], |row| row.get(0))?;
    Ok(millis.map(Timestamp::from_millis))
}

fn ids(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Uuid>, ViewError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(parameters, |row: &Row<'_>| row.get::<_, Id>(0))?;
    Ok(rows.map(|id| id.map(|id| id.0)).collect::<Result<_, _>>()?)
}

pub(crate) fn tally(connection: &Connection) -> Result<Tally, ViewError> {
    let count = |status: &str| -> Result<u64, ViewError> {
        let count: i64 = connection
            .prepare_cached(
                "SELECT COUNT(*) FROM sessions WHERE status = ?1 AND status IN ('pending', 'in_progress')",
            )?
            .query_row([status], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    Ok(Tally { pending: count("pending")?, in_progress: count("in_progress")? })
}
