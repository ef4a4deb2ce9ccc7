use super::{Unreadable, body, unknown, version, versioned};
use crate::Timestamp;
use crate::lease::LeaseTaken;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct LeaseTakenV1 {
    at: Timestamp,
    node: Uuid,
    until: Timestamp,
}

const TAKEN: &str = "LeaseTaken";

pub(super) fn encode(event: &LeaseTaken) -> Result<(&'static str, Bytes), serde_json::Error> {
    let LeaseTaken { at, node, until } = *event;
    versioned(TAKEN, 1, &LeaseTakenV1 { at, node, until })
}

pub(super) fn decode(event_type: &str, data: &[u8]) -> Result<LeaseTaken, Unreadable> {
    match (event_type, version(event_type, data)?) {
        (TAKEN, 1) => {
            let LeaseTakenV1 { at, node, until } = body(event_type, data)?;
            Ok(LeaseTaken { at, node, until })
        }
        (_, version) => Err(unknown(event_type, version)),
    }
}
