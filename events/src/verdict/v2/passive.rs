//! Texture networks, where they are installed: skin, or print and screen.
//!
//! Unit: mean live probability over the frames from the first step on, 0 to 1. Source: the MiniFASNet pair (Silent-Face
//! Anti-Spoofing, minivision 2020); the ramp is own measurement: 17 live clips, median 0.61 to 1.00; prints 0.00 to 0.61.
//! Of eight people whose clips were played over the socket it took one for a picture, so that it alone does not refuse,
//! even where light, gaze, backdrop and grain are missing: 88.5 are left then, and 70.8 of them. Fails on pictures that are
//! injected instead of shown to a camera, and in light that it was not trained on.

use super::ramp::{Ramp, mean};
use super::{Found, Signal};
use crate::verdict::{Evidence, Seen};

const RAMP: Ramp = Ramp { zero: 0.2, one: 0.7 };

pub(super) const SIGNAL: Signal =
    Signal { name: "passive", weight: 0.2, doubt: 0.03, reason: "texture_not_alive", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let faces = evidence.frames_of_steps().iter().filter_map(Seen::only_face);
    Some(Found::ramped(mean(faces.filter_map(|face| face.texture))?, &RAMP))
}
