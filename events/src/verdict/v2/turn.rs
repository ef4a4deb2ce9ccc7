//! The head turned as asked, in order and in time.
//!
//! Unit: share of the turns. Source: own measurement (docs/accuracy.md). Fails on people who turn to the wrong side first,
//! and says nothing against a clip library that is switched in time.

use super::{Found, Signal};
use crate::challenge::Turn;
use crate::verdict::{Asked, Evidence, REACHED_DEGREES, Seen};

/// Frames in a row that make an excursion to the wrong side: one alone may be a slip of the mesh.
const WRONG_RUN: usize = 2;
/// After a step was issued, the person may still be on the way back from the one before.
const GRACE_MILLIS: u64 = 400;

pub(super) const SIGNAL: Signal =
    Signal { name: "turn", weight: 1.0, doubt: 1.0, reason: "turn_missing", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let answers: Vec<Answer> = evidence.asked().filter_map(|asked| answer(evidence, asked)).collect();
    let followed = answers.iter().filter(|answer| **answer == Answer::Followed).count();
    let value = followed as f64 / answers.len().max(1) as f64;
    let complete = !answers.is_empty() && followed == answers.len();
    let reason = answers.contains(&Answer::WrongWay).then_some("turned_wrong_way");
    Some(Found { value, score: if complete { 1.0 } else { 0.0 }, reason })
}

#[derive(PartialEq, Eq)]
enum Answer {
    Followed,
    WrongWay,
    Missing,
}

/// Whether the first clear excursion after a turn was asked for went to the side that was asked for; none for what is
/// not a turn.
fn answer(evidence: &Evidence, asked: Asked<'_>) -> Option<Answer> {
    let turn = asked.issued.step.turn()?;
    let mut wrong_run = 0;
    let mut right = false;
    for seen in asked.frames {
        let Some(face) = seen.only_face() else { continue };
        right |= evidence.towards(turn, face) >= REACHED_DEGREES;
        let wrong = evidence.towards(turn, face) <= -REACHED_DEGREES || is_aside(evidence, turn, seen);
        let past_grace = seen.at.since(asked.issued.at).as_millis() >= u128::from(GRACE_MILLIS);
        wrong_run = if wrong && past_grace { wrong_run + 1 } else { 0 };
        if wrong_run >= WRONG_RUN {
            return Some(Answer::WrongWay);
        }
    }
    Some(if right { Answer::Followed } else { Answer::Missing })
}

/// Whether a head that was asked to go up or down went sideways.
fn is_aside(evidence: &Evidence, turn: Turn, seen: &Seen) -> bool {
    let sideways = seen.only_face().map_or(0.0, |face| evidence.turned(face).abs());
    !turn.is_sideways() && sideways >= REACHED_DEGREES
}
