//! The eyes do not move as if they were painted on the head.
//!
//! Who turns the head before a screen keeps looking at the screen (the vestibulo-ocular reflex), or looks where the head will
//! go, or elsewhere for a moment: each time the irises move between the lids. Two measures together, as the sides of a right angle,
//! each in times of what eyes that are painted on reach at most alone:
//! [against the turn](against_the_turn) and [of themselves](of_themselves). For a living person one of them is enough.
//! Of 551 sessions of people it could be measured in each, so where it cannot it counts as not passed: eyes would be kept small or shut.
//! Source: own measurement (docs/accuracy.md). Fails on people who hold their eyes straight in their head all the while;
//! says nothing of heads whose eyes are animated, nor of clips of people.

use super::ramp::{Ramp, mean, median};
use super::{Found, Signal};
use crate::challenge::Turn;
use crate::verdict::{Evidence, Seen};

const RAMP: Ramp = Ramp { zero: 1.0, one: 1.1 };
/// Of 229 rendered heads of ten people (own measurement) none came to more than 0.14 and 0.028, nor to more than 1.01 together; of 483
/// sessions of people none to less than 1.27, and one, of whom the second alone was measured, to 1.07.
const PAINTED_AGAINST_THE_TURN: f64 = 0.15;
const PAINTED_OF_THEMSELVES: f64 = 0.03;
/// How far eyes that are painted on a head seem to move for a turn, in widths of an eye over the sine of the yaw, for they
/// stand before their corners: of these heads from the least to the greatest, and in between.
const PAINTED: [f64; 2] = [0.16, 0.34];
const PAINTED_MOSTLY: f64 = 0.22;
/// Degrees to a side up to which a face looks ahead, from which it is turned, and from which its far eye is seen too aslant
/// to be measured well.
const AHEAD: f64 = 5.0;
const TURNED: f64 = 8.0;
const ASLANT: f64 = 25.0;
/// Turned frames of each side that tell.
const LEAST_FRAMES: usize = 2;
/// Frames by which the eyes of themselves tell where a side is hidden.
const LEAST_LOOKS: usize = 16;

pub(super) const SIGNAL: Signal =
    Signal { name: "gaze", weight: 0.5, doubt: 0.5, reason: "eyes_do_not_move", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let against = against_the_turn(evidence).map(|moved| moved / PAINTED_AGAINST_THE_TURN);
    // Who shuts the eyes in every turn to a side is still seen between.
    let least = if against.is_some() { 1 } else { LEAST_LOOKS };
    let of_themselves = of_themselves(evidence, least).map(|spread| spread / PAINTED_OF_THEMSELVES);
    let value = against.into_iter().chain(of_themselves).reduce(f64::hypot)?;
    Some(Found::ramped(value, &RAMP))
}

/// How much further the irises lie in turns to the left than in turns to the right, beyond what painted eyes show at that yaw
/// and in widths of an eye over the sine of the yaw; half of it, and whichever way. Painted eyes that do not look straight ahead seem to
/// move alike in turns to both sides, by which this does not count.
fn against_the_turn(evidence: &Evidence) -> Option<f64> {
    let beyond_painted = |look: &Look| look.place - PAINTED_MOSTLY * look.sine;
    let looks = evidence.frames().iter().filter_map(|seen| Look::of(evidence, seen));
    let ahead = median(looks.filter(|look| look.turned.abs() <= AHEAD).map(|look| beyond_painted(&look)))?;
    let of_side = |side: Turn| {
        let turns = evidence.asked().filter(|asked| asked.issued.step.turn() == Some(side));
        let looks = turns.flat_map(|asked| asked.frames).filter_map(|seen| Look::of(evidence, seen));
        let turned = looks.filter(|look| look.turned * side.sign() >= TURNED);
        let (moved, turned, frames) = turned.fold((0.0, 0.0, 0), |(moved, turned, frames), look| {
            (moved + beyond_painted(&look) - ahead, turned + look.sine.abs(), frames + 1)
        });
        (frames >= LEAST_FRAMES).then_some(moved / turned)
    };
    Some((of_side(Turn::Left)? - of_side(Turn::Right)?).abs() / 2.0)
}

/// How far the irises scatter about the line over the sine of the yaw that fits them best of those that painted eyes may
/// follow: standard deviation, in widths of an eye. None of fewer frames than the least.
fn of_themselves(evidence: &Evidence, least: usize) -> Option<f64> {
    let looks = evidence.frames_of_steps().iter().filter_map(|seen| Look::of(evidence, seen));
    let looks: Vec<Look> = looks.filter(|look| look.turned.abs() <= ASLANT).collect();
    if looks.len() < least {
        return None;
    }
    let mean_of = |value: fn(&Look) -> f64| mean(looks.iter().map(value));
    let (sine, place) = (mean_of(|look| look.sine)?, mean_of(|look| look.place)?);
    let (together, alone) = looks.iter().fold((0.0, 0.0), |(together, alone), look| {
        let aside = look.sine - sine;
        (together + aside * (look.place - place), alone + aside * aside)
    });
    let [least, greatest] = PAINTED;
    let slope = (together / f64::max(alone, f64::MIN_POSITIVE)).clamp(least, greatest);
    let square = |look: &Look| (look.place - place - slope * (look.sine - sine)).powi(2);
    mean(looks.iter().map(square)).map(f64::sqrt)
}

/// Where the eyes look in one frame.
struct Look {
    /// Degrees of yaw from straight ahead.
    turned: f64,
    /// Sine of it.
    sine: f64,
    /// The cue: mean of both eyes.
    place: f64,
}

impl Look {
    fn of(evidence: &Evidence, seen: &Seen) -> Option<Self> {
        let turned = evidence.turned(seen.only_face()?);
        let [left, right] = seen.cues().get("gaze")?;
        Some(Self { turned, sine: turned.to_radians().sin(), place: f64::midpoint(left, right) })
    }
}
