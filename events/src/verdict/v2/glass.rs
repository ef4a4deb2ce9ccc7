//! Light comes back from skin and hair by what they reflect, and not from a pane of glass before them.
//!
//! Unit: the part of the skin's answer to the shown colours that the dark parts of the face give too, whatever they reflect: 0 where
//! all answer by their own brightness, 1 where a veil lies over a picture. Source: Lambert's law against a reflection that is
//! added; own measurement with the cue `dark` (docs/accuracy.md). Measured where the light was clearly followed, else
//! missing: what `light` doubts is doubted there. Fails on hair and brows that shine, on skin so dark that hair is hardly darker,
//! and on lenses that are lit by the screen; says nothing against a screen that has no gloss, or whose pictures are lit by software.

use super::ramp::Ramp;
use super::response::{Lit, SKIN};
use super::{Found, Signal};
use crate::verdict::Evidence;

/// Of people at most 0.24, of screens 0.45 at least.
const RAMP: Ramp = Ramp { zero: 0.5, one: 0.3 };
/// Correlation from which the light came back clearly: in weak light the part would be noise.
const CLEAR: f64 = 0.82;
/// How many times brighter the skin is than what is dark, in linear light, so that both can be told apart.
const DARKER: f64 = 2.0;
/// Exponent from a picture's values to linear light (sRGB, about).
const GAMMA: f64 = 2.2;

pub(super) const SIGNAL: Signal =
    Signal { name: "glass", weight: 0.6, doubt: 0.0, reason: "light_on_glass", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let lit = Lit::of(evidence)?;
    let skin = lit.response(&SKIN).filter(|skin| skin.correlation >= CLEAR)?;
    let dark = lit.response_at(&["dark"], skin.delay)?;
    let brighter = (GAMMA * (skin.level - dark.level)).exp();
    // Light that is reflected changes the chroma of both alike, a veil that of the dark by so many times more.
    let share = (dark.slope / skin.slope - 1.0) / (brighter - 1.0);
    (brighter >= DARKER).then(|| Found::ramped(share, &RAMP))
}
