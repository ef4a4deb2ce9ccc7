//! The head is turned as far as the mesh says, and not foreshortened as a bent picture is that was turned much further.
//!
//! Unit: degrees of yaw beyond the angle of foreshortening, mean of both sides. Source: own measurement (docs/adr/0004): a
//! picture bent around a cylinder -14 to -7, heads -4 to +14. Fails on a bend that is much tighter than a face.

use super::ramp::Ramp;
use super::sides::of_sides;
use super::{Found, Signal};
use crate::verdict::Evidence;

const RAMP: Ramp = Ramp { zero: -7.0, one: -4.5 };

pub(super) const SIGNAL: Signal =
    Signal { name: "relief", weight: 1.0, doubt: 1.0, reason: "bent_surface", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let neutral = evidence.neutral();
    let [left, right] = of_sides(evidence, |face| {
        let by_eyes = foreshortening(face.eyes_over_nose, neutral.eyes_over_nose)?;
        let by_outline = foreshortening(face.width_over_height, neutral.width_over_height)?;
        Some(evidence.turned(face).abs() - (by_eyes + by_outline) / 2.0)
    })?;
    Some(Found::ramped((left + right) / 2.0, &RAMP))
}

/// The angle, in degrees, at which a plane looks narrower by the ratio of these two proportions.
fn foreshortening(turned: f64, ahead: f64) -> Option<f64> {
    (ahead > 0.0).then(|| (turned / ahead).clamp(0.0, 1.0).acos().to_degrees())
}
