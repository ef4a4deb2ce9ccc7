//! One face is in view all the while.
//!
//! Unit: share of the frames from the first step on. Source: own choice: a passer-by may look in for a moment. Fails where
//! the detector takes a picture on the wall for a face.

use super::ramp::Ramp;
use super::{Found, Signal};
use crate::verdict::Evidence;

const RAMP: Ramp = Ramp { zero: 0.75, one: 0.92 };

pub(super) const SIGNAL: Signal =
    Signal { name: "one_face", weight: 1.0, doubt: 1.0, reason: "not_one_face", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let frames = evidence.frames_of_steps();
    let single = frames.iter().filter(|seen| seen.only_face().is_some()).count();
    (!frames.is_empty()).then(|| Found::ramped(single as f64 / frames.len() as f64, &RAMP))
}
