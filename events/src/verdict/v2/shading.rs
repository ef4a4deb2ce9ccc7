//! The screen lights the face and hardly what is behind it.
//!
//! Unit: how strongly the background answers the shown colours, over how strongly the skin does. Source: the light of a
//! screen falls with the square of the distance, so a wall as far behind the face as the face is from the screen gets a
//! quarter. Own measurement with `tests/attacks`: colour that software lays over a whole picture gives 0.9 to 1.1. Missing
//! where the light was not followed, or nothing of the background is in view or it is black. Fails on people who lean against a white
//! wall, and says nothing against software that knows where the face is, or that tints a picture before black.

use super::ramp::Ramp;
use super::response::{Lit, SKIN};
use super::{Found, Signal};
use crate::verdict::Evidence;

/// A wall a third of the screen's distance behind the face gets 0.56.
const RAMP: Ramp = Ramp { zero: 0.85, one: 0.6 };
/// Correlation from which there is an answer that can be compared.
const CLEAR: f64 = 0.65;
/// What is behind the face, and what is nearer around it: the one that answers less counts, for hair and shoulders are
/// as near as the face.
const BEHIND: [&str; 2] = ["background", "surround"];

pub(super) const SIGNAL: Signal =
    Signal { name: "shading", weight: 0.8, doubt: 0.0, reason: "light_on_everything", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let lit = Lit::of(evidence)?;
    let skin = lit.response(&SKIN).filter(|skin| skin.correlation >= CLEAR)?;
    let behind = BEHIND.iter().filter_map(|region| lit.response_at(|cues| cues.get(region), skin.delay));
    let ratio = behind.map(|behind| behind.slope / skin.slope).min_by(f64::total_cmp)?;
    Some(Found::ramped(ratio, &RAMP))
}
