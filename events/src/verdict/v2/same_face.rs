//! The same person is in view all the while.
//!
//! Unit: cosine of face descriptors against the reference, mean of the two lowest of all faces that were described: those that end a
//! step, and some that are drawn by chance, so that nobody knows which to show another face in.
//! Source: own measurement on nine people: the same one 0.57 to 1.00 in each described frame of a session; two different ones at most
//! 0.60 looking ahead, at most 0.55 where one is turned. Fails on siblings, and on strong changes of the light.

use super::ramp::{Ramp, mean};
use super::{Found, Signal};
use crate::challenge::Step;
use crate::measurement::Face;
use crate::verdict::{Asked, Evidence, Seen};

/// Similarity to the reference from which on a frame shows the same face for certain.
pub const SAME_FACE: f64 = 0.6;
/// Similarity up to which it shows another one.
pub const OTHER_FACE: f64 = 0.53;
/// Of 1,016 sessions of eight people one came to 0.561 and all others to 0.579 at least, of 14 in which the face changes none to more
/// than 0.45 (own measurement).
const RAMP: Ramp = Ramp { zero: OTHER_FACE, one: 0.58 };
/// Faces whose mean tells: one alone may be blurred, and a stranger cannot do with one.
const LOWEST_FACES: usize = 2;

pub(super) const SIGNAL: Signal =
    Signal { name: "same_face", weight: 1.0, doubt: 1.0, reason: "face_changed", measure };

/// None unless every turn and every look ahead has a face that was described.
fn measure(evidence: &Evidence) -> Option<Found> {
    let is_required = |step: Step| step.turn().is_some() || step == Step::Hold;
    let is_lacking =
        |asked: Asked<'_>| is_required(asked.issued.step) && similarities(asked).next().is_none();
    if evidence.asked().any(is_lacking) {
        return None;
    }
    let mut all: Vec<f64> = evidence.asked().flat_map(similarities).collect();
    all.sort_by(f64::total_cmp);
    Some(Found::ramped(mean(all.into_iter().take(LOWEST_FACES))?, &RAMP))
}

fn similarities(asked: Asked<'_>) -> impl Iterator<Item = f64> {
    asked.frames.iter().filter_map(Seen::only_face).filter_map(Face::similarity)
}
