//! One stream from a camera, without a cut and without a frame that comes again.
//!
//! Unit: sudden change of the face's place, width, height, tilt and turn from one face to the next, in units of a fifth of its
//! width, 6 % of its width and height, 4 degrees of roll or pitch or 16 of yaw in an eighth of a second, beyond what it moves in
//! 0.3 seconds before and after together; the mean of the second to the fourth largest. Source: a head that moves has
//! to gather speed and lose it; a cut from clip to clip does neither, to land on the same nod is hard, the mouth is
//! open otherwise, and a clip has the distance that it has. Own measurement (docs/accuracy.md): living people seldom above 0.4;
//! most clips that are cut as they are needed 0.8 and more. A frame whose bytes were seen before, with others between, is no
//! camera's: its noise never repeats.
//! Fails on cuts between pictures that fit, while the head turns or while the picture is shaken, and on people who move in jerks
//! and cameras that stutter. Of fewer than four cuts it says nothing: see [`has_jumped`].

use super::ramp::{Ramp, mean, median};
use super::{Found, Signal};
use crate::measurement::Face;
use crate::verdict::{Evidence, Seen};
use std::collections::HashMap;

const RAMP: Ramp = Ramp { zero: 0.6, one: 0.35 };
/// Share of the face's width, logarithm of its growth in width and in height, degrees of roll and of pitch, and of yaw, that count as one.
const PLACE: f64 = 0.2;
const SIZE: f64 = 0.06;
const TILT: f64 = 4.0;
const YAW: f64 = 16.0;
/// In so many seconds, the pace of the page. Where faces are further apart a change counts by so much less, to [`MOST`]: who
/// cuts could wait.
const PACE: f64 = 0.125;
const MOST: f64 = 2.0;
/// Seconds before and after a change in which a head that moves is seen to move, and as many changes as the page's pace has in
/// them.
const NEAR: f64 = 0.3;
const NEAR_CHANGES: f64 = 2.0;
/// Which of the changes count, from the largest on: a camera may be knocked once, and a library is cut at every step.
const COUNT: std::ops::Range<usize> = 1..4;
/// Change from which the picture jumped, be it once. Of 672 sessions of people (own measurement) eight came to more; of
/// 179 of clips cut to what is asked 12 came to less and were not refused for cuts either.
const JUMP: f64 = 1.1;
/// Frames before the first step that are looked at: who is still finding the place may move the camera.
const FRAMED: usize = 4;
/// Seconds between frames; where they mostly come more slowly, a head that turns cannot be told from a cut.
const SLOWEST: f64 = 0.4;

pub(super) const SIGNAL: Signal =
    Signal { name: "continuity", weight: 1.0, doubt: 0.03, reason: "stream_was_cut", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    if comes_again(evidence.frames()) {
        return Some(Found { value: RAMP.zero, score: 0.0, reason: Some("frame_repeated") });
    }
    cuts(&sudden_changes(evidence))
}

/// What the changes say, from the largest on.
fn cuts(sudden: &[f64]) -> Option<Found> {
    Some(Found::ramped(mean(sudden.get(COUNT)?.iter().copied())?, &RAMP))
}

/// From the largest on.
fn sudden_changes(evidence: &Evidence) -> Vec<f64> {
    let before = evidence.frames().len() - evidence.frames_of_steps().len();
    let frames = evidence.frames().iter().skip(before.saturating_sub(FRAMED));
    // Frames without a face hide no cut.
    let faces: Vec<(&Face, &Seen)> = frames.filter_map(|seen| Some((seen.only_face()?, seen))).collect();
    let changes: Vec<Change> = faces.windows(2).map(|pair| Change::of(&pair[0], &pair[1])).collect();
    let mut sudden: Vec<f64> = (0..changes.len()).filter_map(|place| sudden(&changes, place)).collect();
    sudden.sort_by(|a, b| b.total_cmp(a));
    sudden
}

/// Whether the picture jumped, though too seldom to be refused for it: somebody knocked the camera, or a clip was cut where it had to
/// be.
#[must_use]
pub fn has_jumped(evidence: &Evidence) -> bool {
    let sudden = sudden_changes(evidence);
    sudden.first().is_some_and(|largest| *largest >= JUMP)
        && cuts(&sudden).is_some_and(|found| found.score > 0.0)
        && !comes_again(evidence.frames())
}

/// Whether the frames of the steps came too slowly to be judged as one stream: the line or the machine was slow, or was to seem so.
#[must_use]
pub fn is_too_slow(evidence: &Evidence) -> bool {
    let intervals = evidence.frames_of_steps().windows(2).map(|pair| seconds(&pair[0], &pair[1]));
    median(intervals).is_some_and(|interval| interval > SLOWEST)
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

/// From one face to the next.
struct Change {
    /// In units of [`PLACE`], [`SIZE`], [`TILT`] and [`YAW`].
    by: f64,
    seconds: f64,
}

/// How much more changes there than before and after, for the time that it takes: a motion that is seen in the frames beside
/// leaves nothing. None at the ends, where it would not be seen.
fn sudden(changes: &[Change], place: usize) -> Option<f64> {
    let (before, rest) = changes.split_at(place);
    let (now, after) = rest.split_first()?;
    let motion = near(before.iter().rev())? + near(after.iter())?;
    Some((now.by - motion).max(0.0) / (now.seconds / PACE).clamp(1.0, MOST))
}

/// How much moves [`NEAR`] by: the mean of the changes there, the nearest at least, for as many as there should be.
fn near<'a>(changes: impl Iterator<Item = &'a Change>) -> Option<f64> {
    let mut seconds = 0.0;
    let near = changes.enumerate().take_while(|(place, change)| {
        seconds += change.seconds;
        *place == 0 || seconds <= NEAR
    });
    Some(NEAR_CHANGES * mean(near.map(|(_, change)| change.by))?)
}

/// From one frame to a later one.
fn seconds(from: &Seen, to: &Seen) -> f64 {
    to.at.since(from.at).as_secs_f64()
}

impl Change {
    fn of((from, before): &(&Face, &Seen), (to, seen): &(&Face, &Seen)) -> Self {
        let ((x, y), (to_x, to_y)) = (from.bounds.centre(), to.bounds.centre());
        // Bounds are shares of the sides; the width is what both are held against.
        let upright = f64::from(seen.frame.height) / f64::from(seen.frame.width.max(1));
        let width = from.bounds.width.max(0.01);
        let place = (to_x - x).hypot((to_y - y) * upright) / width / PLACE;
        let tilt = (to.roll - from.roll).hypot(to.pitch - from.pitch) / TILT;
        let growth = |from: f64, to: f64| (to.max(0.01) / from.max(0.01)).ln() / SIZE;
        let larger = growth(from.size, to.size).hypot(growth(from.bounds.height, to.bounds.height));
        Self {
            by: place.hypot(larger).hypot(tilt).hypot((to.yaw - from.yaw) / YAW),
            seconds: seconds(before, seen),
        }
    }
}
