use super::{Unreadable, body, unknown, version, versioned};
use crate::api_key::{ApiKey, ApiKeyEvent, Scope};
use crate::{Digest, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct ApiKeyCreatedV1 {
    at: Timestamp,
    id: Uuid,
    name: String,
    key_sha256: Digest,
    scopes: BTreeSet<Scope>,
    sandbox: bool,
}

#[derive(Serialize, Deserialize)]
struct ApiKeyRevokedV1 {
    at: Timestamp,
    id: Uuid,
}

pub(super) fn encode(event: &ApiKeyEvent) -> Result<(&'static str, Bytes), serde_json::Error> {
    match event.clone() {
        ApiKeyEvent::Created(ApiKey { at, id, name, hash, scopes, sandbox }) => versioned(
            "ApiKeyCreated",
            1,
            &ApiKeyCreatedV1 { at, id, name, key_sha256: hash, scopes, sandbox },
        ),
        ApiKeyEvent::Revoked { at, id } => versioned("ApiKeyRevoked", 1, &ApiKeyRevokedV1 { at, id }),
    }
}

pub(super) fn decode(event_type: &str, data: &[u8]) -> Result<ApiKeyEvent, Unreadable> {
    match (event_type, version(event_type, data)?) {
        ("ApiKeyCreated", 1) => {
            let ApiKeyCreatedV1 { at, id, name, key_sha256, scopes, sandbox } = body(event_type, data)?;
            Ok(ApiKeyEvent::Created(ApiKey { at, id, name, hash: key_sha256, scopes, sandbox }))
        }
        ("ApiKeyRevoked", 1) => {
            let ApiKeyRevokedV1 { at, id } = body(event_type, data)?;
            Ok(ApiKeyEvent::Revoked { at, id })
        }
        (_, version) => Err(unknown(event_type, version)),
    }
}
