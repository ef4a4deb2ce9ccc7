//! The face has no fine and regular pattern, as the dots of a print and the pixels of a screen are.
//!
//! Unit: decimal logarithm of the strongest frequency's power over that of its surroundings, of the cue `halftone`: the
//! greater of luma and colour, median over the frames from the first step on. Source: own measurement (docs/accuracy.md):
//! of 162 honest sessions at most 1.04, of simulated screens half above 1.2. Fails on screens and prints that are too fine for the camera or out
//! of focus, and on prints without dots: to have no pattern proves little.

use super::ramp::{Ramp, median};
use super::{Found, Signal};
use crate::verdict::{Evidence, Seen};

const RAMP: Ramp = Ramp { zero: 1.4, one: 1.1 };
/// Frames whose median tells: chance alone brings one in twenty to 1.05. A second of them.
const LEAST_FRAMES: usize = 8;

pub(super) const SIGNAL: Signal =
    Signal { name: "grain", weight: 0.5, doubt: 0.02, reason: "print_or_screen_pattern", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let patterns: Vec<f64> = evidence.frames_of_steps().iter().filter_map(pattern).collect();
    if patterns.len() < LEAST_FRAMES {
        return None;
    }
    Some(Found::ramped(median(patterns)?, &RAMP))
}

fn pattern(seen: &Seen) -> Option<f64> {
    seen.only_face()?;
    let [luma, colour] = seen.cues().get("halftone")?;
    Some(luma.max(colour))
}
