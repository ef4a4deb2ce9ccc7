//! The same person is in view all the while.
//!
//! Unit: cosine of face descriptors against the reference, best of each step that was described, mean of the two lowest.
//! Source: own measurement on nine people: the same one 0.58 to 1.00 in each step of a session; two different ones at most 0.60 looking
//! ahead, at most 0.55 where one is turned. Fails on siblings, and on strong changes of the light.

use super::ramp::{Ramp, mean};
use super::{Found, Signal};
use crate::challenge::Step;
use crate::verdict::{Asked, Evidence, Seen};

/// Similarity to the reference from which on a frame shows the same face.
pub const SAME_FACE: f64 = 0.6;
const RAMP: Ramp = Ramp { zero: 0.53, one: SAME_FACE };
/// Steps whose mean tells: one alone may be blurred, and a stranger cannot do with one.
const LOWEST_STEPS: usize = 2;

pub(super) const SIGNAL: Signal =
    Signal { name: "same_face", weight: 1.0, doubt: 1.0, reason: "face_changed", measure };

/// None unless every turn and every look ahead has a face that was described.
fn measure(evidence: &Evidence) -> Option<Found> {
    let best_of_step = |asked: Asked<'_>| {
        let faces = asked.frames.iter().filter_map(Seen::only_face);
        faces.filter_map(|face| face.compared?.similarity).max_by(f64::total_cmp)
    };
    let told = evidence.asked().map(|asked| (asked.issued.step, best_of_step(asked)));
    let is_required = |step: Step| step.turn().is_some() || step == Step::Hold;
    let mut steps = told
        .filter(|(step, best)| is_required(*step) || best.is_some())
        .map(|(_, best)| best)
        .collect::<Option<Vec<f64>>>()?;
    steps.sort_by(f64::total_cmp);
    Some(Found::ramped(mean(steps.into_iter().take(LOWEST_STEPS))?, &RAMP))
}
