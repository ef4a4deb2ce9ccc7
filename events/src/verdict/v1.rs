//! Policy 1: head turns in a random order, depth by parallax, one face, the same face.
//!
//! Each signal is mapped to a score between 0 and 1 by a straight ramp; the confidence is 100 times their product, so
//! that one signal that speaks clearly against a living person is enough, and more evidence for one never lowers it.

use super::{Evidence, Reason, Seen, Signal, SignalScore, Verdict};
use crate::challenge::{Step, TURNS_V1 as TURNS, Turn};
use crate::measurement::{Face, rounded};
use crate::values::Threshold;

/// Yaw away from straight ahead at which a turn counts, in degrees as the mesh reports it.
///
/// Measured against the person's own straight ahead: real heads turned by 15 to 35 degrees, 13 to 42; flat photos turned
/// by up to 40 degrees, at most 10; photos bent around a cylinder, at most 15 when turned by 30 and 20 by 40.
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

/// Homography residual at the widest of the turns. Flat photos turned as far as hands turn them stay below 0.025, and
/// below 0.046 at 40 degrees close to the camera, where the mesh still reports no turn; real heads have 0.04 to 0.14.
const DEPTH: Ramp = Ramp { zero: 0.022, one: 0.034 };
/// Yaw that the mesh reports less the angle by which the face is foreshortened, in degrees, mean of both sides.
///
/// A bent photo must be turned by 30 to 40 degrees before the mesh reports 13 to 17, and is foreshortened by as much:
/// -7 to -14 were measured; on heads -4 to +14.
const RELIEF: Ramp = Ramp { zero: -7.0, one: -4.5 };
/// Share of the frames from the first step on that show exactly one face.
const ONE_FACE: Ramp = Ramp { zero: 0.75, one: 0.92 };
/// Cosine of the descriptors, mean of the two lowest steps. Nine people: the same one 0.62 to 1.00 in each step; two
/// different ones at most 0.60 looking ahead, at most 0.55 where one is turned.
const SAME_FACE: Ramp = Ramp { zero: 0.56, one: 0.63 };
/// Steps whose mean tells: one alone may be blurred, and a stranger cannot do with one.
const LOWEST_STEPS: usize = 2;
/// Frames of a turn that count for its widest moment: enough to even out the mesh, few enough to be at the turn's end.
const WIDEST_FRAMES: usize = 2;

pub(super) fn judge(evidence: &Evidence, threshold: Threshold) -> Verdict {
    let turn = judge_turns(evidence);
    let findings = [
        turn,
        ramped("depth", depth(evidence), &DEPTH, "flat_surface"),
        ramped("relief", relief(evidence), &RELIEF, "bent_surface"),
        ramped("one_face", one_face(evidence), &ONE_FACE, "not_one_face"),
        ramped("same_face", same_face(evidence), &SAME_FACE, "face_changed"),
    ];
    let confidence = findings.iter().map(|finding| finding.score).product::<f64>() * 100.0;
    let confidence = (confidence * 10.0).round() / 10.0;
    Verdict {
        passed: confidence > f64::from(threshold.get()),
        confidence,
        threshold: threshold.get(),
        signals: findings.iter().map(Finding::signal_score).collect(),
        reasons: findings.iter().filter_map(|finding| finding.reason).map(Reason::new).collect(),
    }
}

struct Finding {
    signal: &'static str,
    value: Option<f64>,
    score: f64,
    reason: Option<&'static str>,
}

impl Finding {
    fn signal_score(&self) -> SignalScore {
        SignalScore {
            signal: Signal::new(self.signal),
            value: self.value.map(rounded),
            score: Some(rounded(self.score)),
            lost: rounded((1.0 - self.score) * 100.0),
        }
    }
}

/// A signal that could not be measured counts as one that speaks against the person.
fn ramped(signal: &'static str, value: Option<f64>, ramp: &Ramp, reason: &'static str) -> Finding {
    let score = value.map_or(0.0, |value| ramp.score(value));
    Finding { signal, value, score, reason: (score < 1.0).then_some(reason) }
}

fn judge_turns(evidence: &Evidence) -> Finding {
    let answers: Vec<Answer> = (0..TURNS).map(|turn| answer(evidence, turn)).collect();
    let followed = answers.iter().filter(|answer| **answer == Answer::Followed).count();
    let reason = if answers.contains(&Answer::WrongWay) {
        Some("turned_wrong_way")
    } else {
        (followed < TURNS).then_some("turn_missing")
    };
    Finding {
        signal: "turn",
        value: Some(followed as f64 / TURNS as f64),
        score: if followed == TURNS { 1.0 } else { 0.0 },
        reason,
    }
}

/// The turn of this number.
fn asked_turn(evidence: &Evidence, turn: usize) -> Option<Turn> {
    evidence.challenge().turns().nth(turn)
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
    let Some(asked) = asked_turn(evidence, turn) else { return Answer::Missing };
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
    if right { Answer::Followed } else { Answer::Missing }
}

/// The side to which a face is turned, none where it looks ahead; nothing where there is not one face.
fn side_of(evidence: &Evidence, seen: &Seen) -> Option<Option<Turn>> {
    let offset = evidence.turned(seen.only_face()?);
    Some([Turn::Left, Turn::Right].into_iter().find(|side| offset * side.sign() >= REACHED_DEGREES))
}

/// The faces that are turned furthest to the side that was asked for.
fn widest(evidence: &Evidence, turn: usize) -> Vec<&Face> {
    let sign = asked_turn(evidence, turn).map_or(0.0, Turn::sign);
    let mut faces: Vec<&Face> = evidence.frames_of(turn * 2).iter().filter_map(Seen::only_face).collect();
    faces.sort_by(|a, b| (b.yaw * sign).total_cmp(&(a.yaw * sign)));
    faces.truncate(WIDEST_FRAMES);
    faces
}

/// The homography residual at the widest moment of the turns: the lower of the two sides' means.
fn depth(evidence: &Evidence) -> Option<f64> {
    let [left, right] = of_sides(evidence, |face| Some(face.compared?.planarity))?;
    Some(left.min(right))
}

/// How much further the mesh is turned than the picture of it is foreshortened, in degrees: the mean of the two sides'
/// means, since what was not quite straight ahead at first counts for one side and against the other.
fn relief(evidence: &Evidence) -> Option<f64> {
    let neutral = evidence.neutral();
    let [left, right] = of_sides(evidence, |face| {
        let by_eyes = foreshortening(face.eyes_over_nose, neutral.eyes_over_nose)?;
        let by_outline = foreshortening(face.width_over_height, neutral.width_over_height)?;
        Some(evidence.turned(face).abs() - (by_eyes + by_outline) / 2.0)
    })?;
    Some((left + right) / 2.0)
}

/// The mean over the widest frames of all turns to the left, and of all to the right.
fn of_sides(evidence: &Evidence, value: impl Fn(&Face) -> Option<f64>) -> Option<[f64; 2]> {
    let of_side = |side: Turn| {
        let turns = (0..TURNS).filter(|turn| asked_turn(evidence, *turn) == Some(side));
        mean(turns.flat_map(|turn| widest(evidence, turn)).map(&value))
    };
    Some([of_side(Turn::Left)?, of_side(Turn::Right)?])
}

/// The angle, in degrees, at which a plane looks narrower by the ratio of these two proportions.
fn foreshortening(turned: f64, ahead: f64) -> Option<f64> {
    (ahead > 0.0).then(|| (turned / ahead).clamp(0.0, 1.0).acos().to_degrees())
}

fn one_face(evidence: &Evidence) -> Option<f64> {
    let frames = evidence.frames_of_steps();
    let single = frames.iter().filter(|seen| seen.only_face().is_some()).count();
    (!frames.is_empty()).then(|| single as f64 / frames.len() as f64)
}

/// The best cosine of each step, and the mean of the lowest of these: none unless every step has one.
fn same_face(evidence: &Evidence) -> Option<f64> {
    let best_of_step = |step: usize| {
        let frames = evidence.frames_of(step).iter().filter_map(Seen::only_face);
        frames.filter_map(Face::similarity).max_by(f64::total_cmp)
    };
    let mut steps = (0..2 * TURNS).map(best_of_step).collect::<Option<Vec<f64>>>()?;
    steps.sort_by(f64::total_cmp);
    mean(steps.into_iter().take(LOWEST_STEPS).map(Some))
}

/// The mean; none where there is nothing, or one of the values is not known.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values = values.collect::<Option<Vec<f64>>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
