use super::{Unreadable, body, unknown, version, versioned};
use crate::Timestamp;
use crate::delivery::{DeliveryTried, TryResult};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct DeliveryTriedV1 {
    at: Timestamp,
    id: Uuid,
    attempt: u32,
    result: TryResultV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TryResultV1 {
    Delivered { status: u16 },
    Failed { why: String, next_at: Timestamp },
    GivenUp { why: String },
}

const TRIED: &str = "DeliveryTried";

pub(super) fn encode(event: &DeliveryTried) -> Result<(&'static str, Bytes), serde_json::Error> {
    let DeliveryTried { at, id, attempt, result } = event.clone();
    let result = match result {
        TryResult::Delivered { status } => TryResultV1::Delivered { status },
        TryResult::Failed { why, next_at } => TryResultV1::Failed { why, next_at },
        TryResult::GivenUp { why } => TryResultV1::GivenUp { why },
    };
    versioned(TRIED, 1, &DeliveryTriedV1 { at, id, attempt, result })
}

pub(super) fn decode(event_type: &str, data: &[u8]) -> Result<DeliveryTried, Unreadable> {
    match (event_type, version(event_type, data)?) {
        (TRIED, 1) => {
            let DeliveryTriedV1 { at, id, attempt, result } = body(event_type, data)?;
            let result = match result {
                TryResultV1::Delivered { status } => TryResult::Delivered { status },
                TryResultV1::Failed { why, next_at } => TryResult::Failed { why, next_at },
                TryResultV1::GivenUp { why } => TryResult::GivenUp { why },
            };
            Ok(DeliveryTried { at, id, attempt, result })
        }
        (_, version) => Err(unknown(event_type, version)),
    }
}
