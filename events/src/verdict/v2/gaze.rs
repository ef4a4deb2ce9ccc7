//! The eyes do not go along with the head as if they were painted on it.
//!
//! Who turns the head before a screen keeps looking at the screen (the vestibulo-ocular reflex), or looks where the head will
//! go: both times the irises move between the lids. Unit: distance, in widths of an eye, of the cue `gaze` (mean of both eyes)
//! in turned frames from its median ahead, beyond what painted eyes show at that yaw, over the sine of the yaw: sums of a
//! side's frames, mean of both sides.
//! Source: own measurement (docs/accuracy.md). Fails on people who hold their eyes straight in their head all the while;
//! says nothing of heads whose eyes are animated, nor of clips of people.

use super::ramp::{Ramp, median};
use super::{Found, Signal};
use crate::challenge::Turn;
use crate::verdict::{Evidence, Seen};

const RAMP: Ramp = Ramp { zero: 0.12, one: 0.16 };
/// How far eyes that are painted on a head seem to move for a turn, in widths of an eye over the sine of the yaw, for they
/// stand before their corners: of rendered heads of nine people 0.16 to 0.34.
const PAINTED: f64 = 0.22;
/// Degrees to a side up to which a face looks ahead, and from which it is turned.
const AHEAD: f64 = 5.0;
const TURNED: f64 = 8.0;
/// Turned frames of each side that tell.
const LEAST_FRAMES: usize = 2;

pub(super) const SIGNAL: Signal =
    Signal { name: "gaze", weight: 0.5, doubt: 0.03, reason: "eyes_do_not_move", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let looks = evidence.frames().iter().filter_map(|seen| Look::of(evidence, seen));
    let ahead = median(looks.filter(|look| look.turned.abs() <= AHEAD).map(|look| look.beyond_painted))?;
    let of_side = |side: Turn| {
        let turns = evidence.asked().filter(|asked| asked.issued.step.turn() == Some(side));
        let looks = turns.flat_map(|asked| asked.frames).filter_map(|seen| Look::of(evidence, seen));
        let turned = looks.filter(|look| look.turned * side.sign() >= TURNED);
        let (moved, turned, frames) = turned.fold((0.0, 0.0, 0), |(moved, turned, frames), look| {
            let sine = look.turned.to_radians().sin().abs();
            (moved + (look.beyond_painted - ahead).abs(), turned + sine, frames + 1)
        });
        (frames >= LEAST_FRAMES).then_some(moved / turned)
    };
    Some(Found::ramped(f64::midpoint(of_side(Turn::Left)?, of_side(Turn::Right)?), &RAMP))
}

/// Where the eyes look in one frame.
struct Look {
    /// Degrees of yaw from straight ahead.
    turned: f64,
    /// Place of the irises less that of painted ones.
    beyond_painted: f64,
}

impl Look {
    fn of(evidence: &Evidence, seen: &Seen) -> Option<Self> {
        let turned = evidence.turned(seen.only_face()?);
        let [left, right] = seen.cues().get("gaze")?;
        let painted = PAINTED * turned.to_radians().sin();
        Some(Self { turned, beyond_painted: f64::midpoint(left, right) - painted })
    }
}
