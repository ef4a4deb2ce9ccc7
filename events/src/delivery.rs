//! Deliveries of webhooks: every try is recorded, so that a crash repeats a delivery rather than loses it.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a subscriber is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A session has a verdict.
    Complete,
    /// A link ended without one.
    Expired,
}

impl Notice {
    /// The word in the body.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

/// How one try to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryTried {
    /// When it ended.
    pub at: Timestamp,
    /// Delivery: the id of the event that is told of, which is also the `Webhook-Id`.
    pub id: Uuid,
    /// Number of the try, from 1.
    pub attempt: u32,
    /// What came of it.
    pub result: TryResult,
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryResult {
    /// The subscriber took it.
    Delivered {
        /// HTTP status of its answer.
        status: u16,
    },
    /// It did not; another try follows.
    Failed {
        /// Why, in few words, without a secret or a body.
        why: String,
        /// When the next try is due.
        next_at: Timestamp,
    },
    /// It did not, and no other try follows by itself.
    GivenUp {
        /// Why.
        why: String,
    },
}
