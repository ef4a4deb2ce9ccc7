//! What the person is told from frame to frame: where to look, what to mend, when a step is done.
//!
//! It decides only the pace. What the frames mean is for the verdict, which looks at them again.

use super::{Attempt, AttemptFailure, Phase};
use crate::Timestamp;
use crate::challenge::Step;
use crate::measurement::{Face, Frame};
use crate::verdict::{
    Evidence, REACHED_DEGREES, has_jumped, is_distance_reached, is_too_slow, light_is_unclear,
};
use std::time::Duration;

/// To find the oval, the light and the right distance.
pub const FRAMING_LIMIT: Duration = Duration::from_secs(25);
/// To follow one turn. A person who reads the arrow needs one to three seconds; later answers are no answers.
pub const TURN_LIMIT: Duration = Duration::from_secs(7);
/// To look ahead again.
pub const HOLD_LIMIT: Duration = Duration::from_secs(7);
/// Without a frame for so long, the camera or the connection is gone.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(8);
/// Without a face for so long after the framing, the attempt is over.
pub const FACE_LOST_LIMIT: Duration = Duration::from_secs(2);
/// To change the distance. Who cannot move goes on without; what that means is for the verdict.
pub const DISTANCE_LIMIT: Duration = Duration::from_secs(5);
/// To be seen in one colour.
pub const COLOUR_LIMIT: Duration = Duration::from_secs(3);
/// Each colour stays at least this long: never more than three changes a second (WCAG 2.2, 2.3.1), and long enough for a
/// camera that adapts.
pub const LEAST_COLOUR: Duration = Duration::from_millis(400);
/// No attempt is longer, whatever happens in it: framing, five turns with their looks ahead, two distances (which end as late
/// as turns where no frame comes), eight colours.
pub const LONGEST_ATTEMPT: Duration = FRAMING_LIMIT
    .saturating_add(TURN_LIMIT.saturating_mul(5 + 2))
    .saturating_add(HOLD_LIMIT.saturating_mul(5))
    .saturating_add(COLOUR_LIMIT.saturating_mul(8));
/// Frames of one attempt: the longest one at 8 a second, with room. More come from no page of ours.
pub const MAX_FRAMES: u32 = 1200;

/// Good frames in a row that end the framing: about half a second.
pub(super) const FRAMING_RUN: u32 = 4;
/// Frames in a row that show a turn, so that one wild measurement is none.
pub(super) const TURN_RUN: u32 = 2;
/// Frames in a row that look ahead again.
pub(super) const HOLD_RUN: u32 = 2;
/// Frames in a row at the distance that was asked for.
pub(super) const DISTANCE_RUN: u32 = 3;
/// Frames of each colour: one may be of the change, and two are to be measured.
pub(super) const COLOUR_RUN: u32 = 3;

/// A face that is larger is asked to move away instead, and one that is smaller to come nearer.
const ROOM_TO_COME: f64 = 0.6;
const ROOM_TO_GO: f64 = 0.29;

/// Width of the face over the shorter side of the image that can be measured well.
const SIZE: std::ops::RangeInclusive<f64> = 0.24..=0.80;
/// Mean luma of the face.
const BRIGHTNESS: std::ops::RangeInclusive<f64> = 0.14..=0.92;
/// Standard deviation of the face's luma: below it there are no features to see.
const LEAST_CONTRAST: f64 = 0.04;
/// Variance of the Laplacian at 128 pixels width: below it the face is a blur.
const LEAST_SHARPNESS: f64 = 1.5;
/// Looking ahead, in degrees of yaw, at the framing.
const AHEAD_YAW: f64 = 12.0;
/// Looking ahead, in degrees of pitch.
const AHEAD_PITCH: f64 = 25.0;
/// Upright, in degrees.
const UPRIGHT_ROLL: f64 = 20.0;
/// Looking ahead again after a turn, in degrees from the neutral yaw.
const BACK_DEGREES: f64 = 7.0;
/// Distance of the face's middle from the image's, as ratios.
const OFF_CENTRE: f64 = 0.22;

/// A word to the person; the code is what the page gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the hints")]
pub enum Hint {
    NoFace,
    OneFaceOnly,
    ComeCloser,
    MoveBack,
    CentreFace,
    MoreLight,
    LessLight,
    HoldStill,
    LookAhead,
    TurnMore,
    OtherWay,
    FaceTheCamera,
}

impl Hint {
    /// The code that the page gets.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoFace => "no-face",
            Self::OneFaceOnly => "one-face-only",
            Self::ComeCloser => "come-closer",
            Self::MoveBack => "move-back",
            Self::CentreFace => "centre-face",
            Self::MoreLight => "more-light",
            Self::LessLight => "less-light",
            Self::HoldStill => "hold-still",
            Self::LookAhead => "look-ahead",
            Self::TurnMore => "turn-more",
            Self::OtherWay => "other-way",
            Self::FaceTheCamera => "face-the-camera",
        }
    }
}

/// The step that comes at this place, made fit for where the person is; none where the attempt is at its end.
fn step_at(attempt: &Attempt, index: u32, at: Timestamp, frame: &Frame) -> Option<Step> {
    let challenge = attempt.evidence.challenge();
    // Asked once: what was begun in its place is done to the end.
    let unclear = match usize::try_from(index).ok()?.checked_sub(challenge.steps().len()) {
        None => false,
        Some(0) => !challenge.fallback().is_empty() && light_is_unclear(&attempt.with(at, frame).evidence),
        Some(_) => true,
    };
    let size = frame.only_face().map_or(0.0, |face| face.size);
    // The first distance is held against the framing too; this frame is still to be folded in.
    let frames = attempt.evidence.frames().len() + 1;
    let framed = attempt.evidence.framed_before_distance(frames).map_or(size, |face| face.size);
    Some(match challenge.step(index, unclear)? {
        Step::Nearer if size.max(framed) > ROOM_TO_COME => Step::Farther,
        Step::Farther if size.min(framed) < ROOM_TO_GO => Step::Nearer,
        step => step,
    })
}

/// What a frame brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advance {
    Stay,
    Issue { index: u32, step: Step },
    Finished,
    Failed(AttemptFailure),
}

/// Whether this frame is good for the phase; a run of good ones ends it.
pub(super) fn is_good(attempt: &Attempt, frame: &Frame) -> bool {
    let Some(face) = frame.only_face() else { return false };
    match attempt.phase {
        Phase::Framing => framing_hint(face).is_none(),
        Phase::Doing { step, .. } => is_done(&attempt.evidence, step, face),
    }
}

fn is_done(evidence: &Evidence, step: Step, face: &Face) -> bool {
    match (step, step.turn()) {
        (_, Some(turn)) => evidence.towards(turn, face) >= REACHED_DEGREES,
        (Step::Nearer | Step::Farther, _) => evidence
            .asked()
            .last()
            .is_some_and(|asked| is_distance_reached(evidence, asked.issued, asked.frames, face)),
        (Step::Light(_), _) => evidence.is_ahead(face),
        _ => evidence.turned(face).abs() <= BACK_DEGREES && face.roll.abs() <= UPRIGHT_ROLL,
    }
}

/// What this frame brings about, before it is folded into the attempt.
pub(super) fn advance(attempt: &Attempt, at: Timestamp, frame: &Frame) -> Advance {
    if attempt.phase != Phase::Framing && is_another_size(attempt, frame) {
        return Advance::Failed(AttemptFailure::Technical);
    }
    let good = is_good(attempt, frame);
    let run = if good { attempt.run + 1 } else { 0 };
    if run >= attempt.run_needed() && attempt.may_go_on(at) || attempt.goes_on_undone(at) {
        let index = match attempt.phase {
            Phase::Framing => 0,
            Phase::Doing { index, .. } => index + 1,
        };
        return match step_at(attempt, index, at, frame) {
            Some(step) => Advance::Issue { index, step },
            None if is_too_slow(&attempt.evidence) => Advance::Failed(AttemptFailure::TooSlow),
            None if has_jumped(&attempt.with(at, frame).evidence) => {
                Advance::Failed(AttemptFailure::PictureJumped)
            }
            None => Advance::Finished,
        };
    }
    let seen_at = if frame.measurement.face.is_some() { at } else { attempt.seen_at };
    if attempt.phase != Phase::Framing && at.since(seen_at) >= FACE_LOST_LIMIT {
        return Advance::Failed(AttemptFailure::NoFace);
    }
    if attempt.next_seq() + 1 >= MAX_FRAMES {
        return Advance::Failed(AttemptFailure::TimeOut);
    }
    Advance::Stay
}

/// Whether the picture has other sides than the one before: what is behind the face cannot be compared any more.
fn is_another_size(attempt: &Attempt, frame: &Frame) -> bool {
    let last = attempt.evidence.frames().last().map(|seen| &seen.frame);
    last.is_some_and(|last| (last.width, last.height) != (frame.width, frame.height))
}

/// Why an attempt fails whose time is over.
pub(super) fn failure_at_deadline(attempt: &Attempt, at: Timestamp) -> AttemptFailure {
    if at.since(attempt.heard_at) >= SILENCE_LIMIT {
        return AttemptFailure::ConnectionLost;
    }
    if attempt.phase != Phase::Framing {
        return AttemptFailure::TimeOut;
    }
    match attempt.evidence.frames().last().map(|seen| &seen.frame.measurement) {
        None => AttemptFailure::ConnectionLost,
        Some(last) if last.faces > 1 => AttemptFailure::TooManyFaces,
        Some(last) if last.face.is_none() => AttemptFailure::NoFace,
        Some(_) => AttemptFailure::PoorImage,
    }
}

/// What to tell the person after this frame was folded into the attempt.
#[must_use]
pub fn hint(attempt: &Attempt, frame: &Frame) -> Option<Hint> {
    if frame.measurement.faces > 1 {
        return Some(Hint::OneFaceOnly);
    }
    let Some(face) = &frame.measurement.face else { return Some(Hint::NoFace) };
    match attempt.phase {
        Phase::Framing => framing_hint(face),
        Phase::Doing { step, .. } => step_hint(&attempt.evidence, step, face),
    }
}

fn framing_hint(face: &Face) -> Option<Hint> {
    let (x, y) = face.bounds.centre();
    let checks = [
        (face.size < *SIZE.start(), Hint::ComeCloser),
        (face.size > *SIZE.end(), Hint::MoveBack),
        ((x - 0.5).abs() > OFF_CENTRE || (y - 0.5).abs() > OFF_CENTRE, Hint::CentreFace),
        (face.brightness < *BRIGHTNESS.start() || face.contrast < LEAST_CONTRAST, Hint::MoreLight),
        (face.brightness > *BRIGHTNESS.end(), Hint::LessLight),
        (face.roll.abs() > UPRIGHT_ROLL || face.pitch.abs() > AHEAD_PITCH, Hint::FaceTheCamera),
        (face.yaw.abs() > AHEAD_YAW, Hint::LookAhead),
        (face.sharpness < LEAST_SHARPNESS, Hint::HoldStill),
    ];
    checks.into_iter().find_map(|(wrong, hint)| wrong.then_some(hint))
}

fn step_hint(evidence: &Evidence, step: Step, face: &Face) -> Option<Hint> {
    let Some(turn) = step.turn() else {
        return match step {
            _ if evidence.turned(face).abs() > BACK_DEGREES => Some(Hint::LookAhead),
            Step::Nearer if !is_done(evidence, step, face) => Some(Hint::ComeCloser),
            Step::Farther if !is_done(evidence, step, face) => Some(Hint::MoveBack),
            _ => None,
        };
    };
    let towards = evidence.towards(turn, face);
    if towards < -REACHED_DEGREES / 2.0 {
        Some(Hint::OtherWay)
    } else if (REACHED_DEGREES / 2.0..REACHED_DEGREES).contains(&towards) {
        Some(Hint::TurnMore)
    } else {
        None
    }
}
