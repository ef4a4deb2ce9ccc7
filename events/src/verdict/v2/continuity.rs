//! One stream from a camera, without a cut and without a frame that comes again.
//!
//! Unit: the second largest sudden change of the face's place and tilt from one frame to the next, in units of a fifth of
//! its width or 4 degrees of roll, beyond what it moves before and after. Source: a head that moves has to gather speed and
//! lose it; a cut from clip to clip does neither. Own measurement (docs/accuracy.md): living people, moving fast, up to
//! 1.8; clips that are cut as they are needed 0.9 to 9. A frame whose bytes were seen before, with others between, is no
//! camera's: its noise never repeats. Fails on cuts between pictures that fit, and on people whose camera is knocked twice.

use super::ramp::Ramp;
use super::{Found, Signal};
use crate::measurement::Face;
use crate::verdict::{Evidence, Seen};
use std::collections::HashMap;
use std::time::Duration;

const RAMP: Ramp = Ramp { zero: 2.2, one: 1.6 };
/// Share of the face's width, and degrees, that count as one.
const PLACE: f64 = 0.2;
const ROLL: f64 = 4.0;
/// Which one of the largest changes counts: a camera may be knocked once.
const COUNTS: usize = 2;
/// Frames further apart say nothing about what happened between them.
const LONGEST: Duration = Duration::from_millis(250);
/// Changes that have to be seen.
const LEAST: usize = 20;

pub(super) const SIGNAL: Signal =
    Signal { name: "continuity", weight: 1.0, doubt: 0.0, reason: "stream_was_cut", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    if comes_again(evidence.frames()) {
        return Some(Found { value: RAMP.zero, score: 0.0, reason: Some("frame_repeated") });
    }
    let mut changes: Vec<f64> = evidence.frames().windows(4).filter_map(sudden_change).collect();
    if changes.len() < LEAST {
        return None;
    }
    changes.sort_by(|a, b| b.total_cmp(a));
    Some(Found::ramped(changes[COUNTS - 1], &RAMP))
}

/// Whether the bytes of a frame with a face come again after others. Twice in a row only says that the camera is slower
/// than the page.
fn comes_again(frames: &[Seen]) -> bool {
    let mut last_seen = HashMap::new();
    let mut faces = frames.iter().enumerate().filter(|(_, seen)| seen.only_face().is_some());
    faces.any(|(place, seen)| {
        let before = last_seen.insert(seen.frame.sha256, place);
        before.is_some_and(|before| before + 1 < place)
    })
}

/// How much more changes from the second frame to the third than before and after.
fn sudden_change(frames: &[Seen]) -> Option<f64> {
    let [first, second, third, fourth] = frames else { return None };
    let change = |a: &Seen, b: &Seen| {
        let prompt = b.at.since(a.at) <= LONGEST;
        let change = change(a.only_face()?, b.only_face()?, b);
        prompt.then_some(change)
    };
    let (before, now, after) = (change(first, second)?, change(second, third)?, change(third, fourth)?);
    Some((now - before.max(after)).max(0.0))
}

/// From one face to the next, in units of [`PLACE`] and [`ROLL`].
fn change(from: &Face, to: &Face, seen: &Seen) -> f64 {
    let ((x, y), (to_x, to_y)) = (from.bounds.centre(), to.bounds.centre());
    // Bounds are shares of the sides; the width is what both are held against.
    let upright = f64::from(seen.frame.height) / f64::from(seen.frame.width.max(1));
    let width = from.bounds.width.max(0.01);
    let place = (to_x - x).hypot((to_y - y) * upright) / width / PLACE;
    place.hypot((to.roll - from.roll) / ROLL)
}
