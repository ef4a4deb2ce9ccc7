//! The face comes nearer and moves away when it is told to.
//!
//! Unit: share of the distances that were reached. Source: own choice: without it the way without light would be worth the 4.8
//! bits of its turns, and who does not come near would escape `backdrop`. Fails on people who cannot move. Says nothing
//! against a picture that is moved: that is for `backdrop`, which the first distance is far enough for.

use super::ramp::Ramp;
use super::{Found, Signal};
use crate::challenge::Step;
use crate::measurement::Face;
use crate::verdict::{Asked, Evidence, Issued, Seen};

const RAMP: Ramp = Ramp { zero: 0.0, one: 1.0 };
/// How much larger a face is that came nearer, and how much smaller one that moved away.
const NEARER: f64 = 1.15;
const FARTHER: f64 = 0.87;
/// By how much the outline may be wider over its height than at the look ahead, where it is nearer, and narrower, where it is
/// farther, as a natural logarithm: a picture that is stretched in width alone has come no nearer, and a face that comes nearer
/// looks narrower. Of 50 people (own measurement) none came to more than 0.061 either way.
const STRETCHED: f64 = 0.1;
/// How much larger a face is at the first distance than at the framing, where it came nearer, and how much smaller, where it
/// moved away, as a natural logarithm of the root of width times height. `backdrop` tells from 0.113 on, and would be
/// blind to a picture that goes back a little before it comes nearer.
const SINCE_FRAMING: f64 = 0.13;
/// Frames in a row at the distance that was asked for: one alone may be a slip of the mesh, or a picture that was slipped in,
/// and `backdrop` needs three.
const RUN: usize = 3;

pub(super) const SIGNAL: Signal =
    Signal { name: "approach", weight: 0.6, doubt: 0.1, reason: "distance_not_changed", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let reached: Vec<bool> = evidence
        .asked()
        .filter(|asked| asked.issued.step.is_distance())
        .map(|asked| is_reached(evidence, asked))
        .collect();
    let count = reached.iter().filter(|reached| **reached).count();
    (!reached.is_empty()).then(|| Found::ramped(count as f64 / reached.len() as f64, &RAMP))
}

/// Whether a face has the distance that was asked for, measured against the size that it had when it was asked, or
/// since then: the way of the step before may have gone on for a while. The first distance is measured against the framing
/// too. Faces that are turned are narrower, and count not, nor do those that are stretched.
#[must_use]
pub fn is_distance_reached(evidence: &Evidence, issued: &Issued, before: &[Seen], face: &Face) -> bool {
    let wider = (face.width_over_height / evidence.neutral().width_over_height).ln();
    let grown = since_framing(evidence, issued, face);
    let faces = before.iter().filter_map(Seen::only_face).filter(|face| evidence.is_ahead(face));
    let sizes = faces.map(|face| face.size);
    evidence.is_ahead(face)
        && match issued.step {
            Step::Nearer => {
                wider <= STRETCHED
                    && grown.is_none_or(|grown| grown >= SINCE_FRAMING)
                    && face.size >= NEARER * sizes.fold(issued.size, f64::min)
            }
            Step::Farther => {
                wider >= -STRETCHED
                    && grown.is_none_or(|grown| grown <= -SINCE_FRAMING)
                    && face.size <= FARTHER * sizes.fold(issued.size, f64::max)
            }
            _ => false,
        }
}

/// Growth since the framing, for the first distance of an attempt.
fn since_framing(evidence: &Evidence, issued: &Issued, face: &Face) -> Option<f64> {
    let framed = evidence.framed_before_distance(issued.frames_before)?;
    let extent = |face: &Face| face.size / face.width_over_height.sqrt();
    Some((extent(face) / extent(framed)).ln())
}

fn is_reached(evidence: &Evidence, asked: Asked<'_>) -> bool {
    let reaches = |(place, seen): (usize, &Seen)| {
        let before = &asked.frames[..place];
        seen.only_face().is_some_and(|face| is_distance_reached(evidence, asked.issued, before, face))
    };
    let reached: Vec<bool> = asked.frames.iter().enumerate().map(reaches).collect();
    reached.windows(RUN).any(|run| run.iter().all(|reached| *reached))
}
