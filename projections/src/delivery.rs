use crate::ViewError;
use crate::schema::{Id, Moment};
use crate::session::SessionView;
use liveness_events::Timestamp;
use liveness_events::delivery::{DeliveryTried, Notice, TryResult};
use liveness_events::session::{CancelledBy, SessionEvent};
use rusqlite::{Connection, Row, named_params, params};
use serde::Serialize;
use uuid::Uuid;

/// A webhook delivery as readers see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeliveryView {
    /// Its id: that of the event that it tells of, and the `Webhook-Id`.
    pub id: Uuid,
    /// The session.
    #[serde(skip)]
    pub session: Uuid,
    /// What it tells.
    pub event: Notice,
    /// When that happened.
    pub occurred_at: Timestamp,
    /// Where it goes.
    pub url: String,
    /// `pending`, `delivered` or `given_up`.
    pub state: String,
    /// When the next try is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    /// Tries so far.
    pub tries: Vec<Try>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Try {
    /// Number, from 1.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// HTTP status of the answer that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The end of a session of which its subscriber is told. A backend that cancels knows already.
fn notice(event: &SessionEvent) -> Option<Notice> {
    match event {
        SessionEvent::Completed { .. } => Some(Notice::Complete),
        SessionEvent::Expired { .. } => Some(Notice::Expired),
        SessionEvent::Cancelled { by: CancelledBy::Person | CancelledBy::ConsentDeclined, .. } => {
            Some(Notice::Expired)
        }
        _ => None,
    }
}

/// Makes the delivery that a session's event calls for.
pub(crate) fn schedule(
    connection: &Connection,
    event_id: Uuid,
    event: &SessionEvent,
    view: &SessionView,
) -> Result<(), ViewError> {
    let (Some(notice), Some(url)) = (notice(event), &view.webhook_url) else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO deliveries (id, session, notice, occurred_at, url, state, due_at)
             VALUES (:id, :session, :notice, :at, :url, 'pending', :at)",
        )?
        .execute(named_params! {
            ":id": event_id.as_bytes(),
            ":session": view.id.as_bytes(),
            ":notice": notice.code(),
            ":at": event.at().as_millis(),
            ":url": url,
        })?;
    Ok(())
}

/// Folds a try into its delivery.
pub(crate) fn fold(connection: &Connection, tried: &DeliveryTried) -> Result<(), ViewError> {
    let (state, due_at, status, why) = match &tried.result {
        TryResult::Delivered { status } => ("delivered", None, Some(*status), None),
        TryResult::Failed { why, next_at } => ("pending", Some(next_at.as_millis()), None, Some(why)),
        TryResult::GivenUp { why } => ("given_up", None, None, Some(why)),
    };
    connection
        .prepare_cached("UPDATE deliveries SET state = ?2, due_at = ?3 WHERE id = ?1")?
        .execute(params![tried.id.as_bytes(), state, due_at])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO tries (delivery, attempt, at, status, why) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![tried.id.as_bytes(), tried.attempt, tried.at.as_millis(), status, why])?;
    Ok(())
}

const COLUMNS: &str = "SELECT id, session, notice, occurred_at, url, state, due_at FROM deliveries";

/// Deliveries that are due by `now`, the longest due first.
pub(crate) fn due_by(
    connection: &Connection,
    now: Timestamp,
    most: u32,
) -> Result<Vec<DeliveryView>, ViewError> {
    let query = format!("{COLUMNS} WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2");
    select(connection, &query, params![now.as_millis(), most])
}

/// Deliveries of one session.
pub(crate) fn of_session(connection: &Connection, session: Uuid) -> Result<Vec<DeliveryView>, ViewError> {
    select(
        connection,
        &format!("{COLUMNS} WHERE session = ?1 ORDER BY occurred_at"),
        params![session.as_bytes()],
    )
}

pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, ViewError> {
    crate::session::moment(connection, "SELECT MIN(due_at) FROM deliveries WHERE due_at IS NOT NULL")
}

fn select(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<DeliveryView>, ViewError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(parameters, read_delivery)?;
    let mut deliveries = rows.collect::<Result<Vec<_>, _>>()?;
    for delivery in &mut deliveries {
        delivery.tries = tries(connection, delivery.id)?;
    }
    Ok(deliveries)
}

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryView> {
    let notice: String = row.get(2)?;
    Ok(DeliveryView {
        id: row.get::<_, Id>(0)?.0,
        session: row.get::<_, Id>(1)?.0,
        event: if notice == Notice::Complete.code() { Notice::Complete } else { Notice::Expired },
        occurred_at: row.get::<_, Moment>(3)?.0,
        url: row.get(4)?,
        state: row.get(5)?,
        next_try_at: row.get::<_, Option<Moment>>(6)?.map(|moment| moment.0),
        tries: Vec::new(),
    })
}

fn tries(connection: &Connection, delivery: Uuid) -> Result<Vec<Try>, ViewError> {
    let mut statement = connection
        .prepare_cached("SELECT attempt, at, status, why FROM tries WHERE delivery = ?1 ORDER BY attempt")?;
    let rows = statement.query_map([delivery.as_bytes()], |row| {
        Ok(Try {
            attempt: row.get(0)?,
            at: row.get::<_, Moment>(1)?.0,
            status: row.get(2)?,
            why: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
