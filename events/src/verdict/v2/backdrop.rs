//! What is behind the face stays where it is while the face comes nearer or moves away.
//!
//! Unit: share of the face's growth by which its surround grew, median over the frames at another distance than the
//! reference: 0 stands still, 1 grows with the face. Source: the pinhole camera, and own measurement with the cue of
//! `models/src/backdrop.rs` (docs/accuracy.md). A wall close behind the head grows too when the phone is moved and not the
//! head: at 30 cm behind a face that comes from 40 to 30 cm by 0.54 of it, at a metre by 0.26.
//! Fails on pictures whose own surround is not seen, before a room that stands still: a face that fills a print, the frame
//! of a screen, one that is cut out, a head that is rendered. An even wall is missing. Says nothing of a video in which a
//! person came nearer.

use super::ramp::{Ramp, median};
use super::{Found, Signal};
use crate::verdict::{Asked, Evidence, Seen};

const RAMP: Ramp = Ramp { zero: 0.9, one: 0.65 };
/// Correlation, and by how much it exceeds that of the contrary, from which a frame tells: of real people's frames that
/// do, fewer than one in a hundred are on the wrong side.
const LEAST_FIT: f64 = 0.8;
const LEAST_MARGIN: f64 = 0.05;
/// Frames whose median tells.
const LEAST_FRAMES: usize = 3;

pub(super) const SIGNAL: Signal =
    Signal { name: "backdrop", weight: 0.9, doubt: 0.02, reason: "background_moves_with_face", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    // Before a distance was asked for, and in turns, the mesh's size changes more with the pose than with the distance.
    let steps = evidence.asked().skip_while(|asked| !asked.issued.step.is_distance());
    let steps = steps.filter(|asked| asked.issued.step.turn().is_none());
    let shares: Vec<f64> = steps.flat_map(told).collect();
    if shares.len() < LEAST_FRAMES { None } else { Some(Found::ramped(median(shares)?, &RAMP)) }
}

/// The shares of a step's frames that tell.
fn told(asked: Asked<'_>) -> impl Iterator<Item = f64> {
    let cues = asked.frames.iter().filter(|seen| seen.only_face().is_some()).map(Seen::cues);
    let is_clear = |[_, fit, margin]: &[f64; 3]| *fit >= LEAST_FIT && *margin >= LEAST_MARGIN;
    cues.filter_map(|cues| cues.get("backdrop")).filter(is_clear).map(|[share, ..]| share)
}
