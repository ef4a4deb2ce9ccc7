//! The head is turned as far as the mesh says, and not foreshortened as a bent picture is that was turned much further.
//!
//! Unit: degrees of yaw beyond the angle of foreshortening, mean of both sides. Source: own measurement (docs/adr/0004): a
//! picture bent around a cylinder -14 to -7, heads -5 to +20. Fails on a bend that is much tighter than a face.

use super::ramp::{Ramp, mean};
use super::{Found, Signal};
use crate::challenge::Turn;
use crate::measurement::Face;
use crate::verdict::{Asked, Evidence, Seen};

const RAMP: Ramp = Ramp { zero: -7.0, one: -4.5 };
/// Frames of a turn that count for its widest moment: enough to even out the mesh, few enough to be at the turn's end.
const WIDEST_FRAMES: usize = 2;

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

/// The mean over the widest frames of all turns to the left, and of all to the right; none where a side was not asked
/// for, or one of the values is not known.
fn of_sides(evidence: &Evidence, value: impl Fn(&Face) -> Option<f64>) -> Option<[f64; 2]> {
    let of_side = |side: Turn| {
        let turns = evidence.asked().filter(|asked| asked.issued.step.turn() == Some(side));
        let values = turns.flat_map(|asked| widest(asked, side)).map(&value).collect::<Option<Vec<_>>>()?;
        mean(values)
    };
    Some([of_side(Turn::Left)?, of_side(Turn::Right)?])
}

/// The faces that are turned furthest to a side.
fn widest(asked: Asked<'_>, side: Turn) -> Vec<&Face> {
    let mut faces: Vec<&Face> = asked.frames.iter().filter_map(Seen::only_face).collect();
    faces.sort_by(|a, b| (b.yaw * side.sign()).total_cmp(&(a.yaw * side.sign())));
    faces.truncate(WIDEST_FRAMES);
    faces
}
