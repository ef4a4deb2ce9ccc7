//! What a session's numbers mean: a pure, versioned function over what was recorded.
//!
//! Each policy is a file of its own and stays as it was once sessions were judged by it; a change of mind is a new policy.

mod evidence;
mod v1;

pub use evidence::{Evidence, Issued, Neutral, Seen};
pub use v1::REACHED_DEGREES;

use crate::values::Threshold;
use serde::{Deserialize, Serialize};

/// Which policy judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum PolicyVersion {
    /// Head turns in a random order, depth by parallax, one face, the same face.
    V1,
}

impl PolicyVersion {
    /// The one that judges new sessions.
    pub const CURRENT: Self = Self::V1;
}

impl From<PolicyVersion> for u32 {
    fn from(policy: PolicyVersion) -> Self {
        match policy {
            PolicyVersion::V1 => 1,
        }
    }
}

impl TryFrom<u32> for PolicyVersion {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match number {
            1 => Ok(Self::V1),
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
    /// What it means, 0 (not alive) to 1.
    pub score: f64,
    /// Points of confidence that this signal alone took away, 0 to 100.
    pub lost: f64,
}

/// The signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Turns done as asked, in order and in time. Unit: share of the turns.
    Turn,
    /// Parallax between the poses. Unit: homography residual in distances between the eyes.
    Depth,
    /// One face in view all the while. Unit: share of the frames.
    OneFace,
    /// Turned as far as the mesh says, not foreshortened as a bent picture is that was turned much further. Unit: degrees.
    Relief,
    /// The same person all the while. Unit: cosine of face descriptors, mean of the two lowest steps.
    SameFace,
}

/// Why a confidence is low. Codes for the integrator, never shown to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A turn was not done.
    TurnMissing,
    /// The head turned to the other side than asked.
    TurnedWrongWay,
    /// The poses fit a flat surface.
    FlatSurface,
    /// The face is foreshortened like a bent surface.
    BentSurface,
    /// More than one face, or none, was in view for too long.
    NotOneFace,
    /// The face was not the same all the while.
    FaceChanged,
}

/// Judges the evidence of one attempt by one policy.
#[must_use]
pub fn judge(policy: PolicyVersion, evidence: &Evidence, threshold: Threshold) -> Verdict {
    match policy {
        PolicyVersion::V1 => v1::judge(evidence, threshold),
    }
}
