//! What a session's numbers mean: a pure, versioned function over what was recorded.
//!
//! Each policy is a file of its own and stays as it was once sessions were judged by it; a change of mind is a new policy. What
//! they share is in [`Evidence`], where a change is one of all of them.

mod evidence;
mod names;
mod v1;
mod v2;

pub use evidence::{Asked, Evidence, Issued, Neutral, Seen};
pub use names::{Reason, Signal};
pub use v1::REACHED_DEGREES;
pub use v2::{
    OTHER_FACE, SAME_FACE, has_jumped, is_distance_reached, is_too_slow, light_is_unclear,
    signals as signals_of_v2,
};

use crate::values::Threshold;
use serde::{Deserialize, Serialize};

/// Which policy judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum PolicyVersion {
    /// Head turns in a random order, depth by parallax, one face, the same face.
    V1,
    /// The same, with distance, coloured light and what a series of pictures betrays; what is missing widens the doubt.
    V2,
}

impl PolicyVersion {
    /// The one whose challenges are drawn, and which judges them.
    pub const CURRENT: Self = Self::V2;
}

impl From<PolicyVersion> for u32 {
    fn from(policy: PolicyVersion) -> Self {
        match policy {
            PolicyVersion::V1 => 1,
            PolicyVersion::V2 => 2,
        }
    }
}

impl TryFrom<u32> for PolicyVersion {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match number {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            other => Err(format!("policy {other} is not known to this version of liveness: use a newer one")),
        }
    }
}

/// What a policy found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether `confidence` is above the check's threshold.
    pub passed: bool,
    /// 0 to 100, one decimal: how sure the policy is that a living human was there.
    pub confidence: f64,
    /// The check's threshold.
    pub threshold: u8,
    /// What each signal contributed.
    pub signals: Vec<SignalScore>,
    /// Why the confidence is low; empty where nothing speaks against the person.
    pub reasons: Vec<Reason>,
}

/// One signal's part in a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalScore {
    /// Which signal.
    pub signal: Signal,
    /// What was measured, in the signal's own unit; none where nothing could be measured.
    pub value: Option<f64>,
    /// What it means, 0 (not alive) to 1; none where the policy knows it as missing.
    pub score: Option<f64>,
    /// Points of confidence that this signal alone took away, 0 to 100.
    pub lost: f64,
}

/// Judges the evidence of one attempt by one policy.
#[must_use]
pub fn judge(policy: PolicyVersion, evidence: &Evidence, threshold: Threshold) -> Verdict {
    match policy {
        PolicyVersion::V1 => v1::judge(evidence, threshold),
        PolicyVersion::V2 => v2::judge(evidence, threshold),
    }
}
