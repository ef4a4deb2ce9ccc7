//! The texts of `liveness.v1`.

use super::limits::{MAX_CAMERA_SIDE, MAX_FRAME_RATE, MAX_LABEL_CHARS};
use liveness_events::challenge::Way;
use liveness_events::session::{CameraReport, CancelledBy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the page sends as text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Said {
    /// Begin an attempt.
    Start {
        #[serde(default)]
        way: Way,
        camera: Option<Camera>,
    },
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

/// What the browser says of the camera, within bounds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "UncheckedCamera")]
pub(super) struct Camera(pub(super) CameraReport);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedCamera {
    label: String,
    width: u32,
    height: u32,
    /// Not every browser tells it.
    frame_rate: Option<f64>,
}

impl TryFrom<UncheckedCamera> for Camera {
    type Error = &'static str;

    fn try_from(camera: UncheckedCamera) -> Result<Self, Self::Error> {
        let UncheckedCamera { label, width, height, frame_rate } = camera;
        let frame_rate = frame_rate.unwrap_or(0.0);
        // Labels are shown on the terminals of auditors.
        if label.chars().count() > MAX_LABEL_CHARS || label.chars().any(char::is_control) {
            return Err("the label is too long, or no line of text");
        }
        if width.max(height) > MAX_CAMERA_SIDE || !(0.0..=MAX_FRAME_RATE).contains(&frame_rate) {
            return Err("there is no such camera");
        }
        Ok(Self(CameraReport { label, width, height, frame_rate }))
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
        /// What fills the screen, `#rrggbb`.
        colour: Option<&'static str>,
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
        Self::Guide { state: "framing", step: None, colour: None, hint: None, progress: 0.0 };
}
