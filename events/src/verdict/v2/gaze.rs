//! The eyes do not move as if they were painted on the head.
//!
//! Who turns the head before a screen keeps looking at the screen (the vestibulo-ocular reflex), or looks where the head will
//! go, or elsewhere for a moment: each time the irises move between the lids. Two measures together, as the sides of a right angle:
//! [against the turn](against_the_turn) and [of themselves](of_themselves). For a living person one of them is enough.
//! Of 551 sessions of people it could be measured in each, so where it cannot it counts as not passed: eyes would be kept small or shut.
//! Source: own measurement (docs/accuracy.md). Fails on people who hold their eyes straight in their head all the while;
//! says nothing of heads whose eyes are animated, nor of clips of people.

use super::ramp::{Ramp, mean, median};
use super::{Found, Signal};
use crate::challenge::Turn;
use crate::verdict::{Evidence, Seen};

/// Of 290 rendered heads of nine people (own measurement) one came to 0.708 and none else to more than 0.67, all of it by the scatter; of
/// 720 sessions of people none to less than 0.92, and of 48 of a filmed woman whose eyes go along with her head none to less than 0.732.
const RAMP: Ramp = Ramp { zero: 0.65, one: 0.77 };
/// How far eyes that are painted on a head seem to move for a turn, in widths of an eye over the sine of the yaw, for they
/// stand before their corners: from the least to the greatest of these heads.
const PAINTED: [f64; 2] = [0.1, 0.34];
/// Beyond these: what counts as one, in the same unit, and of the scatter in widths of an eye.
const AGAINST_THE_TURN: f64 = 0.04;
const OF_THEMSELVES: f64 = 0.03;
/// By how many widths of an eye both may disagree, beyond what they mostly do: in a blink, or where an iris was not found, they
/// disagree by more. Of the frames of people 64 % are left at least.
const TOGETHER: f64 = 0.13;
/// Share of the frames that must be left, lest those that tell be chosen.
const LEAST_LEFT: f64 = 0.5;
/// Share of the frames that scatter least, by which the scatter is measured: one in which both eyes were altered alike tells nothing.
const KEPT: f64 = 0.9;
/// Degrees to a side up to which a face looks ahead, from which it is turned, and from which its far eye is seen too aslant
/// for the scatter.
const AHEAD: f64 = 5.0;
const TURNED: f64 = 8.0;
const ASLANT: f64 = 25.0;
/// Sum of the sines of the turned frames of each side, from which they tell: three frames at 10 degrees. Some people turn by 15 degrees and
/// are back within half a second.
const LEAST_TURNED: f64 = 0.5;
/// Frames by which the eyes of themselves tell where a side is hidden.
const LEAST_LOOKS: usize = 16;

pub(super) const SIGNAL: Signal =
    Signal { name: "gaze", weight: 0.5, doubt: 0.5, reason: "eyes_do_not_move", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let looks = looks_together(evidence)?;
    let against = against_the_turn(&looks).map(|moved| moved / AGAINST_THE_TURN);
    // Who shuts the eyes in every turn to a side is still seen between.
    let least = if against.is_some() { 1 } else { LEAST_LOOKS };
    let of_themselves = of_themselves(&looks, least).map(|scatter| scatter / OF_THEMSELVES);
    let value = against.into_iter().chain(of_themselves).reduce(f64::hypot)?;
    Some(Found::ramped(value, &RAMP))
}

/// The frames of the steps in which both eyes say the same; none where these are few.
fn looks_together(evidence: &Evidence) -> Option<Vec<Look>> {
    let mut looks: Vec<Look> =
        evidence.frames_of_steps().iter().filter_map(|seen| Look::of(evidence, seen)).collect();
    let mostly = median(looks.iter().map(|look| look.apart))?;
    let all = looks.len() as f64;
    looks.retain(|look| (look.apart - mostly).abs() <= TOGETHER);
    (looks.len() as f64 >= LEAST_LEFT * all).then_some(looks)
}

/// How much further the irises lie where the head is turned to the left than where it is turned to the right, over the sine of
/// the yaw, half of it, and how far that is from what painted eyes show. Painted eyes that do not look straight ahead seem to
/// move alike in turns to both sides, by which this does not count.
fn against_the_turn(looks: &[Look]) -> Option<f64> {
    let ahead = median(looks.iter().filter(|look| look.turned.abs() <= AHEAD).map(|look| look.place))?;
    let of_side = |side: Turn| {
        let turned = || looks.iter().filter(|look| look.turned * side.sign() >= TURNED);
        let moved = median(turned().map(|look| (look.place - ahead) / look.sine.abs()))?;
        (turned().map(|look| look.sine.abs()).sum::<f64>() >= LEAST_TURNED).then_some(moved)
    };
    let moved = (of_side(Turn::Left)? - of_side(Turn::Right)?) / 2.0;
    Some((moved - painted(moved)).abs())
}

/// How far the irises scatter about the line over the sine of the yaw that fits them best of those that painted eyes may
/// follow: standard deviation of those that scatter least, in widths of an eye. None of fewer frames than the least.
fn of_themselves(looks: &[Look], least: usize) -> Option<f64> {
    let mut looks: Vec<&Look> = looks.iter().filter(|look| look.turned.abs() <= ASLANT).collect();
    if looks.len() < least {
        return None;
    }
    let line = Line::of(&looks)?;
    looks.sort_by(|a, b| line.beside(a).abs().total_cmp(&line.beside(b).abs()));
    looks.truncate((KEPT * looks.len() as f64).ceil() as usize);
    let line = Line::of(&looks)?;
    mean(looks.iter().map(|look| line.beside(look).powi(2))).map(f64::sqrt)
}

/// Where painted eyes would be at a yaw.
struct Line {
    sine: f64,
    place: f64,
    slope: f64,
}

impl Line {
    /// The one with the least squares.
    fn of(looks: &[&Look]) -> Option<Self> {
        let mean_of = |value: fn(&Look) -> f64| mean(looks.iter().map(|look| value(look)));
        let (sine, place) = (mean_of(|look| look.sine)?, mean_of(|look| look.place)?);
        let (together, alone) = looks.iter().fold((0.0, 0.0), |(together, alone), look| {
            let aside = look.sine - sine;
            (together + aside * (look.place - place), alone + aside * aside)
        });
        Some(Self { sine, place, slope: painted(together / f64::max(alone, f64::MIN_POSITIVE)) })
    }

    /// How far the eyes are from there.
    fn beside(&self, look: &Look) -> f64 {
        look.place - self.place - self.slope * (look.sine - self.sine)
    }
}

/// The nearest that painted eyes show.
fn painted(moved: f64) -> f64 {
    let [least, greatest] = PAINTED;
    moved.clamp(least, greatest)
}

/// Where the eyes look in one frame.
struct Look {
    /// Degrees of yaw from straight ahead.
    turned: f64,
    /// Sine of it.
    sine: f64,
    /// The cue: mean of both eyes.
    place: f64,
    /// The left one less the right one.
    apart: f64,
}

impl Look {
    fn of(evidence: &Evidence, seen: &Seen) -> Option<Self> {
        let turned = evidence.turned(seen.only_face()?);
        let [left, right] = seen.cues().get("gaze")?;
        let sine = turned.to_radians().sin();
        Some(Self { turned, sine, place: f64::midpoint(left, right), apart: left - right })
    }
}
