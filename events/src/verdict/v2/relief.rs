//! The head is turned as far as the mesh says, and not foreshortened as a bent picture is that was turned much further.
//!
//! Unit: degrees of yaw beyond the angle of foreshortening, mean of both sides. A turn is held against the same face ahead, in
//! that turn and the look after it: nearer to the camera a head's proportions are others. Source: own measurement
//! (docs/adr/0004, docs/accuracy.md): pictures bent around a cylinder -23 to -7, heads -5 to +20. Fails on a bend that is
//! much tighter than a face.

use super::ramp::{Ramp, mean, median};
use super::{Found, Signal};
use crate::challenge::Turn;
use crate::measurement::Face;
use crate::verdict::{Asked, Evidence, Seen};

const RAMP: Ramp = Ramp { zero: -7.0, one: -4.5 };
/// Frames of a turn that count for its widest moment: enough to even out the mesh, few enough to be at the turn's end.
const WIDEST_FRAMES: usize = 2;
/// Degrees up to which a face looks ahead.
const AHEAD: f64 = 6.0;
/// Frames that look ahead by which a turn is measured; with fewer, by those before the first step.
const AHEAD_FRAMES: usize = 3;

pub(super) const SIGNAL: Signal =
    Signal { name: "relief", weight: 1.0, doubt: 1.0, reason: "bent_surface", measure };

/// None where a side was not asked for, or one of the values is not known.
fn measure(evidence: &Evidence) -> Option<Found> {
    let asked: Vec<Asked<'_>> = evidence.asked().collect();
    let of_side = |side: Turn| {
        let turns = (0..asked.len()).filter(|place| asked[*place].issued.step.turn() == Some(side));
        let values = turns.flat_map(|place| of_turn(evidence, &asked[place..], side));
        mean(values.collect::<Option<Vec<_>>>()?)
    };
    Some(Found::ramped((of_side(Turn::Left)? + of_side(Turn::Right)?) / 2.0, &RAMP))
}

/// Of the widest frames of the first of these steps, a turn to this side.
fn of_turn(evidence: &Evidence, asked: &[Asked<'_>], side: Turn) -> Vec<Option<f64>> {
    let ahead = Proportions::ahead(evidence, asked);
    let beyond = |face: &Face| {
        let by_eyes = foreshortening(face.eyes_over_nose, ahead.eyes_over_nose)?;
        let by_outline = foreshortening(face.width_over_height, ahead.width_over_height)?;
        Some(evidence.turned(face).abs() - (by_eyes + by_outline) / 2.0)
    };
    asked.first().map(|turn| widest(*turn, side)).unwrap_or_default().into_iter().map(beyond).collect()
}

/// Of a face that looks ahead.
struct Proportions {
    eyes_over_nose: f64,
    width_over_height: f64,
}

impl Proportions {
    /// In the first of these steps and the next one, or before any step.
    fn ahead(evidence: &Evidence, asked: &[Asked<'_>]) -> Self {
        let faces = asked.iter().take(2).flat_map(|asked| asked.frames).filter_map(Seen::only_face);
        let ahead: Vec<&Face> = faces.filter(|face| evidence.turned(face).abs() <= AHEAD).collect();
        let neutral = evidence.neutral();
        let of = |value: fn(&Face) -> f64, before: f64| {
            let enough = ahead.len() >= AHEAD_FRAMES;
            median(ahead.iter().map(|face| value(face))).filter(|_| enough).unwrap_or(before)
        };
        Self {
            eyes_over_nose: of(|face| face.eyes_over_nose, neutral.eyes_over_nose),
            width_over_height: of(|face| face.width_over_height, neutral.width_over_height),
        }
    }
}

/// The angle, in degrees, at which a plane looks narrower by the ratio of these two proportions.
fn foreshortening(turned: f64, ahead: f64) -> Option<f64> {
    (ahead > 0.0).then(|| (turned / ahead).clamp(0.0, 1.0).acos().to_degrees())
}

/// The faces that are turned furthest to a side.
fn widest(asked: Asked<'_>, side: Turn) -> Vec<&Face> {
    let mut faces: Vec<&Face> = asked.frames.iter().filter_map(Seen::only_face).collect();
    faces.sort_by(|a, b| (b.yaw * side.sign()).total_cmp(&(a.yaw * side.sign())));
    faces.truncate(WIDEST_FRAMES);
    faces
}
