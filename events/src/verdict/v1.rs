//! Policy 1: head turns in a random order, depth by parallax, one face, the same face.
//!
//! Each signal is mapped to a score between 0 and 1 by a straight ramp; the confidence is 100 times their product, so
//! that one signal that speaks clearly against a living person is enough, and more evidence for one never lowers it.

use super::{Evidence, Reason, Seen, Signal, SignalScore, Verdict};
use crate::challenge::{Step, TURNS, Turn};
use crate::measurement::{Comparison, Face, rounded};
use crate::session::guidance::steps_in_all;
use crate::values::Threshold;

/// Yaw away from straight ahead at which a turn counts, in degrees as the mesh reports it.
///
/// Measured on real heads turned by 20 to 35 degrees the mesh reports 14 to 39; on flat photos turned as far, at most 9;
/// on photos bent around a cylinder, at most 14 and mostly far less.
pub const REACHED_DEGREES: f64 = 13.0;

/// Frames in a row that make an excursion to the wrong side: one alone may be a slip of the mesh.
const WRONG_RUN: usize = 2;
/// After a step was issued, the person may still be on the way back from the one before.
const GRACE_MILLIS: u64 = 400;

/// A value and the two ends of the ramp that leads from score 0 to score 1.
struct Ramp {
    zero: f64,
    one: f64,
}

impl Ramp {
    fn score(&self, value: f64) -> f64 {
        ((value - self.zero) / (self.one - self.zero)).clamp(0.0, 1.0)
    }
}

/// Homography residual at the wider side of the turns: flat photos stay under the lower end, heads are above the upper.
const DEPTH: Ramp = Ramp { zero: 0.035, one: 0.055 };
/// Share of the frames from the first step on that show exactly one face.
const ONE_FACE: Ramp = Ramp { zero: 0.75, one: 0.92 };
/// Cosine of the descriptors of two frontal frames.
const SAME_FACE: Ramp = Ramp { zero: 0.50, one: 0.65 };
/// Way of the face's middle between two frames, in face widths a tenth of a second.
const JUMP: Ramp = Ramp { zero: 0.9, one: 0.6 };
/// A descriptor is compared only near straight ahead, in degrees from the neutral yaw.
const COMPARABLE_DEGREES: f64 = 10.0;

pub(super) fn judge(evidence: &Evidence, threshold: Threshold) -> Verdict {
    let turn = judge_turns(evidence);
    let findings = [
        turn,
        ramped(Signal::Depth, depth(evidence), &DEPTH, Reason::FlatSurface),
        ramped(Signal::OneFace, one_face(evidence), &ONE_FACE, Reason::NotOneFace),
        ramped(Signal::SameFace, same_face(evidence), &SAME_FACE, Reason::FaceChanged),
        ramped(Signal::Continuity, widest_jump(evidence), &JUMP, Reason::Discontinuous),
    ];
    let confidence = findings.iter().map(|finding| finding.score).product::<f64>() * 100.0;
    let confidence = (confidence * 10.0).round() / 10.0;
    Verdict {
        passed: confidence > f64::from(threshold.get()),
        confidence,
        threshold: threshold.get(),
        signals: findings.iter().map(Finding::signal_score).collect(),
        reasons: findings.iter().filter_map(|finding| finding.reason).collect(),
    }
}

struct Finding {
    signal: Signal,
    value: Option<f64>,
    score: f64,
    reason: Option<Reason>,
}

impl Finding {
    fn signal_score(&self) -> SignalScore {
        SignalScore {
            signal: self.signal,
            value: self.value.map(rounded),
            score: rounded(self.score),
            lost: rounded((1.0 - self.score) * 100.0),
        }
    }
}

/// A signal that could not be measured counts as one that speaks against the person.
fn ramped(signal: Signal, value: Option<f64>, ramp: &Ramp, reason: Reason) -> Finding {
    let score = value.map_or(0.0, |value| ramp.score(value));
    Finding { signal, value, score, reason: (score < 1.0).then_some(reason) }
}

fn judge_turns(evidence: &Evidence) -> Finding {
    let answers: Vec<Answer> = (0..TURNS).map(|turn| answer(evidence, turn)).collect();
    let followed = answers.iter().filter(|answer| **answer == Answer::Followed).count();
    let reason = if answers.contains(&Answer::WrongWay) {
        Some(Reason::TurnedWrongWay)
    } else {
        (followed < TURNS).then_some(Reason::TurnMissing)
    };
    Finding {
        signal: Signal::Turn,
        value: Some(followed as f64 / TURNS as f64),
        score: if followed == TURNS { 1.0 } else { 0.0 },
        reason,
    }
}

#[derive(PartialEq, Eq)]
enum Answer {
    Followed,
    WrongWay,
    Missing,
}

/// Whether the first clear excursion after the turn was asked for went to the side that was asked for.
fn answer(evidence: &Evidence, turn: usize) -> Answer {
    let step = turn * 2;
    let asked = evidence.challenge().turns()[turn];
    let Some(issued) = evidence.issued().get(step).filter(|issued| issued.step == Step::from(asked)) else {
        return Answer::Missing;
    };
    let mut wrong_run = 0;
    let mut right = false;
    for seen in evidence.frames_of(step) {
        let Some(side) = side_of(evidence, seen) else { continue };
        if side == Some(asked) {
            right = true;
        }
        let past_grace = seen.at.since(issued.at).as_millis() >= u128::from(GRACE_MILLIS);
        wrong_run = if side.is_some_and(|side| side != asked) && past_grace { wrong_run + 1 } else { 0 };
        if wrong_run >= WRONG_RUN {
            return Answer::WrongWay;
        }
    }
    // The look ahead that follows must not swing through to the other side before the next turn is asked for.
    if right { Answer::Followed } else { Answer::Missing }
}

/// The side to which a face is turned, none where it looks ahead; nothing where there is not one face.
fn side_of(evidence: &Evidence, seen: &Seen) -> Option<Option<Turn>> {
    let offset = seen.only_face()?.yaw - evidence.neutral_yaw();
    Some([Turn::Left, Turn::Right].into_iter().find(|side| offset * side.sign() >= REACHED_DEGREES))
}

/// The homography residual at the widest of each turn: the lower of the two sides' medians.
fn depth(evidence: &Evidence) -> Option<f64> {
    let of_side = |side: Turn| {
        let mut residuals: Vec<f64> = (0..TURNS)
            .filter(|turn| evidence.challenge().turns()[*turn] == side)
            .filter_map(|turn| widest(evidence, turn * 2, side))
            .map(|compared| compared.planarity)
            .collect();
        median(&mut residuals)
    };
    Some(of_side(Turn::Left)?.min(of_side(Turn::Right)?))
}

/// The comparison of the frame that is turned furthest to `side` while `step` was due.
fn widest(evidence: &Evidence, step: usize, side: Turn) -> Option<Comparison> {
    evidence
        .frames_of(step)
        .iter()
        .filter_map(Seen::only_face)
        .filter_map(|face| Some((face.yaw * side.sign(), face.compared?)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, compared)| compared)
}

fn one_face(evidence: &Evidence) -> Option<f64> {
    let frames = evidence.frames_of_steps();
    let single = frames.iter().filter(|seen| seen.only_face().is_some()).count();
    (!frames.is_empty()).then(|| single as f64 / frames.len() as f64)
}

/// The lowest but one cosine over all frames that look ahead, and none unless each look ahead after a turn has one.
fn same_face(evidence: &Evidence) -> Option<f64> {
    let of_step = |step: usize| similarities(evidence, evidence.frames_of(step));
    let holds = (0..steps_in_all() as usize).filter(|step| step % 2 == 1);
    let every_hold_was_compared = holds.map(of_step).all(|mut found| found.next().is_some());
    if !every_hold_was_compared {
        return None;
    }
    let mut all: Vec<f64> = similarities(evidence, evidence.frames_of_steps()).collect();
    all.sort_by(f64::total_cmp);
    all.get(1).or(all.first()).copied()
}

fn similarities<'a>(evidence: &'a Evidence, frames: &'a [Seen]) -> impl Iterator<Item = f64> + 'a {
    let ahead = |face: &&Face| (face.yaw - evidence.neutral_yaw()).abs() <= COMPARABLE_DEGREES;
    frames.iter().filter_map(Seen::only_face).filter(ahead).filter_map(|face| face.compared?.similarity)
}

/// The widest way of the face's middle between two frames, in face widths a tenth of a second.
fn widest_jump(evidence: &Evidence) -> Option<f64> {
    let pairs = evidence.frames_of_steps().windows(2).filter_map(|pair| {
        let (from, to) = (pair[0].only_face()?, pair[1].only_face()?);
        let tenths = (pair[1].at.since(pair[0].at).as_secs_f64() * 10.0).max(1.0);
        let ((x0, y0), (x1, y1)) = (from.bounds.centre(), to.bounds.centre());
        let (dx, dy) = ((x1 - x0) / from.bounds.width.max(0.01), (y1 - y0) / from.bounds.height.max(0.01));
        Some(dx.hypot(dy) / tenths)
    });
    pairs.max_by(f64::total_cmp)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
