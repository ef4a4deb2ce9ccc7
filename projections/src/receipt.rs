use crate::ViewError;
use crate::schema::Id;
use liveness_events::receipt::{KeyAnnounced, PublicKey, SignedReceipt, is_due};
use liveness_events::session::SessionEvent;
use rusqlite::{Connection, params};
use uuid::Uuid;

/// Notes that a session's event calls for a receipt, where it does.
pub(crate) fn call_for(
    connection: &Connection,
    session: Uuid,
    revision: u64,
    event: &SessionEvent,
) -> Result<(), ViewError> {
    if is_due(event) {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO receipts_due (session, revision, since) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![session.as_bytes(), column(revision), event.at().as_millis()])?;
    }
    Ok(())
}

/// Folds a receipt: what it covers is no longer due.
pub(crate) fn fold(connection: &Connection, signed: &SignedReceipt) -> Result<(), ViewError> {
    let receipt = &signed.receipt;
    connection
        .prepare_cached("DELETE FROM receipts_due WHERE session = ?1 AND revision <= ?2")?
        .execute(params![receipt.session.as_bytes(), column(receipt.revision)])?;
    Ok(())
}

pub(crate) fn fold_key(connection: &Connection, event: &KeyAnnounced) -> Result<(), ViewError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO receipt_keys (key, announced_at) VALUES (?1, ?2)")?
        .execute(params![event.key.as_bytes(), event.at.as_millis()])?;
    Ok(())
}

pub(crate) fn due(connection: &Connection, most: u32) -> Result<Vec<Uuid>, ViewError> {
    let mut statement =
        connection.prepare_cached("SELECT session FROM receipts_due ORDER BY since LIMIT ?1")?;
    let rows = statement.query_map([most], |row| row.get::<_, Id>(0))?;
    Ok(rows.map(|id| id.map(|id| id.0)).collect::<Result<_, _>>()?)
}

pub(crate) fn keys(connection: &Connection) -> Result<Vec<PublicKey>, ViewError> {
    let mut statement =
        connection.prepare_cached("SELECT key FROM receipt_keys ORDER BY announced_at, key")?;
    let rows = statement.query_map([], |row| row.get::<_, [u8; 32]>(0))?;
    Ok(rows.map(|key| key.map(PublicKey::new)).collect::<Result<_, _>>()?)
}

/// The nearest number that a column holds: no revision is above it.
fn column(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}
