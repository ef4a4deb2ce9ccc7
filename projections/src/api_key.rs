use crate::ViewError;
use crate::schema::{Id, Moment};
use liveness_events::Digest;
use liveness_events::api_key::{ApiKey, ApiKeyEvent};
use rusqlite::{Connection, OptionalExtension as _, params};

pub(crate) fn fold(connection: &Connection, event: &ApiKeyEvent) -> Result<(), ViewError> {
    match event {
        ApiKeyEvent::Created(ApiKey { at, id, name, hash, scopes, sandbox }) => connection.execute(
            "INSERT OR IGNORE INTO api_keys (hash, id, name, created_at, scopes, sandbox) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                hash.as_bytes(),
                id.as_bytes(),
                name,
                at.as_millis(),
                serde_json::to_string(scopes)?,
                sandbox
            ],
        )?,
        ApiKeyEvent::Revoked { at, id } => connection
            .execute("UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1", params![id.as_bytes(), at.as_millis()])?,
    };
    Ok(())
}

/// The key of this hash, unless it was revoked.
pub(crate) fn valid(connection: &Connection, hash: Digest) -> Result<Option<ApiKey>, ViewError> {
    let row = connection
        .prepare_cached(
            "SELECT id, name, created_at, scopes, sandbox FROM api_keys WHERE hash = ?1 AND revoked_at IS NULL",
        )?
        .query_row([hash.as_bytes()], |row| {
            let scopes: String = row.get(3)?;
            Ok((row.get::<_, Id>(0)?.0, row.get(1)?, row.get::<_, Moment>(2)?.0, scopes, row.get(4)?))
        })
        .optional()?;
    let Some((id, name, at, scopes, sandbox)) = row else { return Ok(None) };
    Ok(Some(ApiKey { at, id, name, hash, scopes: serde_json::from_str(&scopes)?, sandbox }))
}
