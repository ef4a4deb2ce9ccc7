//! Light comes back from skin and hair by what they reflect, and not from a pane of glass before them.
//!
//! Unit: the part of the skin's answer to the shown colours that what is dark beside it gives too: 0 where each answers by
//! its own brightness, 1 where a veil lies over both. Source: Lambert's law against a reflection that is added; own measurement
//! with the cue `dark` (docs/accuracy.md), in which people, screens and their glass are lit by software. Missing where
//! the light was not clearly followed, or nothing in the face is dark. Fails on hair and brows that shine, on hard
//! shadows, and on spectacles that mirror the screen; says nothing against a screen without gloss, one whose pictures are lit by
//! software, and one whose black is grey.

use super::light::FOLLOWED;
use super::ramp::Ramp;
use super::response::{Lit, SKIN};
use super::{Found, Signal};
use crate::verdict::Evidence;

/// Of people at most 0.29, of screens 0.53 at least.
const RAMP: Ramp = Ramp { zero: 0.55, one: 0.35 };
/// Exponent from a picture's values to linear light (sRGB, about).
const GAMMA: f64 = 2.2;
/// How many times brighter what is around must be, in linear light: below, the part is as uncertain as the slopes are.
const BRIGHTER: f64 = 2.0;

pub(super) const SIGNAL: Signal =
    Signal { name: "glass", weight: 0.5, doubt: 0.0, reason: "light_on_glass", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let lit = Lit::of(evidence)?;
    let skin = lit.response(&SKIN).filter(|skin| skin.correlation >= FOLLOWED)?;
    let response_of = |colour: fn([f64; 6]) -> [f64; 3]| {
        lit.response_at(|cues| Some(colour(cues.get("dark")?)), skin.delay)
            .filter(|response| response.correlation >= FOLLOWED)
    };
    let dark = response_of(|[red, green, blue, ..]| [red, green, blue])?;
    let around = response_of(|[.., red, green, blue]| [red, green, blue])?;
    let brighter = (GAMMA * (around.level - dark.level)).exp();
    if brighter < BRIGHTER {
        return None;
    }
    // What is reflected changes the chroma of both alike, a veil that of the dark by so many times more.
    Some(Found::ramped((dark.slope / around.slope - 1.0) / (brighter - 1.0), &RAMP))
}
