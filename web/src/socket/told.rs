//! The texts of `liveness.v1`.

use liveness_events::session::CancelledBy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the page sends as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    /// Begin an attempt.
    Start,
    /// The person leaves for good.
    Cancel {
        #[serde(default)]
        reason: CancelReason,
    },
}

impl Said {
    /// Reads a text; none where it is no message. Only objects are: serde would take `["start"]` too.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_str(text).ok()?;
        serde_json::from_value(fields.into()).ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CancelReason {
    #[default]
    Cancelled,
    ConsentDeclined,
}

impl CancelReason {
    pub(super) const fn by(self) -> CancelledBy {
        match self {
            Self::Cancelled => CancelledBy::Person,
            Self::ConsentDeclined => CancelledBy::ConsentDeclined,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::ConsentDeclined => "consent_declined",
        }
    }
}

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Told {
    Guide {
        state: &'static str,
        step: Option<&'static str>,
        hint: Option<&'static str>,
        progress: f64,
    },
    AttemptFailed {
        reason: &'static str,
        attempts_left: u8,
    },
    End {
        outcome: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'static str>,
        return_to: Option<String>,
    },
    Busy {
        retry_after: u64,
    },
}

impl Told {
    /// What stands before anything was measured.
    pub(super) const FIRST_GUIDE: Self =
        Self::Guide { state: "framing", step: None, hint: None, progress: 0.0 };
}
