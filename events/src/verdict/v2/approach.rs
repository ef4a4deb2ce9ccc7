//! The face comes nearer and moves away when it is told to.
//!
//! Unit: share of the distances that were reached. Source: own choice: without it the way without light would be worth the 3.6
//! bits of its turns, and who does not come near would escape `backdrop`. Fails on people who cannot move. Says nothing
//! against a picture that is moved.

use super::ramp::Ramp;
use super::{Found, Signal};
use crate::session::guidance::is_distance_reached;
use crate::verdict::{Asked, Evidence, Seen};

const RAMP: Ramp = Ramp { zero: 0.0, one: 1.0 };

pub(super) const SIGNAL: Signal =
    Signal { name: "approach", weight: 0.6, doubt: 0.1, reason: "distance_not_changed", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let reached: Vec<bool> =
        evidence.asked().filter(|asked| asked.issued.step.is_distance()).map(is_reached).collect();
    let count = reached.iter().filter(|reached| **reached).count();
    (!reached.is_empty()).then(|| Found::ramped(count as f64 / reached.len() as f64, &RAMP))
}

fn is_reached(asked: Asked<'_>) -> bool {
    let reaches = |(place, seen): (usize, &Seen)| {
        seen.only_face().is_some_and(|face| is_distance_reached(asked.issued, &asked.frames[..place], face))
    };
    asked.frames.iter().enumerate().any(reaches)
}
