//! The poses do not fit a flat surface.
//!
//! Unit: root mean square residual of the best homography between the mesh of a turned face and the reference, in
//! distances between the eyes, at the widest moment: the lower of both sides. Source: planar homography (Hartley and
//! Zisserman, Multiple View Geometry, 2nd ed., 4.1), own measurement: flat photos at most 0.025 (0.046 at 40 degrees, 28
//! cm), heads 0.036 to 0.14. Fails on pictures bent around a cylinder; `relief` is for these.

use super::ramp::Ramp;
use super::sides::of_sides;
use super::{Found, Signal};
use crate::verdict::Evidence;

const RAMP: Ramp = Ramp { zero: 0.022, one: 0.034 };

pub(super) const SIGNAL: Signal =
    Signal { name: "depth", weight: 1.0, doubt: 1.0, reason: "flat_surface", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let [left, right] = of_sides(evidence, |face| Some(face.compared?.planarity))?;
    Some(Found::ramped(left.min(right), &RAMP))
}
