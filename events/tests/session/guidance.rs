use crate::world::*;
use liveness_events::challenge::Step;
use liveness_events::measurement::{Bounds, Face};
use liveness_events::session::guidance::{
    FACE_LOST_LIMIT, FRAMING_LIMIT, Hint, SILENCE_LIMIT, TURN_LIMIT, hint,
};
use liveness_events::session::{AttemptFailure, Phase, SessionEvent};
use std::time::Duration;

fn failure(events: &[SessionEvent]) -> Option<AttemptFailure> {
    events.iter().find_map(|event| match event {
        SessionEvent::AttemptFailed { reason, .. } => Some(*reason),
        _ => None,
    })
}

/// Hint for a face in the framing, after it was folded in.
fn framing_hint(face: Face) -> Option<Hint> {
    let mut story = Story::capturing();
    let shown = seen(face);
    story.show(shown.clone());
    hint(story.session.attempt().unwrap(), &frame(0, shown))
}

#[test]
fn each_fault_of_the_picture_has_its_word() {
    let aside = Bounds { left: 0.0, ..face().bounds };
    for (face, expected) in [
        (face(), None),
        (Face { size: 0.15, ..face() }, Some(Hint::ComeCloser)),
        (Face { size: 0.95, ..face() }, Some(Hint::MoveBack)),
        (Face { bounds: aside, ..face() }, Some(Hint::CentreFace)),
        (Face { brightness: 0.05, ..face() }, Some(Hint::MoreLight)),
        (Face { brightness: 0.97, ..face() }, Some(Hint::LessLight)),
        (Face { yaw: 20.0, ..face() }, Some(Hint::LookAhead)),
        (Face { roll: 30.0, ..face() }, Some(Hint::FaceTheCamera)),
        (Face { sharpness: 0.2, ..face() }, Some(Hint::HoldStill)),
    ] {
        assert_eq!(framing_hint(face.clone()), expected, "{face:?}");
    }
}

#[test]
fn nobody_and_too_many_have_their_words() {
    let mut story = Story::capturing();
    story.show(nobody());
    assert_eq!(hint(story.session.attempt().unwrap(), &frame(0, nobody())), Some(Hint::NoFace));
    assert_eq!(hint(story.session.attempt().unwrap(), &frame(1, two(face()))), Some(Hint::OneFaceOnly));
}

#[test]
fn the_first_turn_is_told_after_half_a_second_of_good_frames() {
    let mut story = Story::capturing();
    for _ in 0..3 {
        story.show(seen(face()));
    }
    assert_eq!(story.step(), None);
    story.show(nobody());
    for _ in 0..4 {
        assert_eq!(story.step(), None, "a bad frame begins the run anew");
        story.show(seen(face()));
    }
    assert_eq!(story.step(), Some(Step::TurnLeft));
}

#[test]
fn the_next_turn_is_told_only_after_the_one_before_was_done_and_undone() {
    let mut story = Story::capturing();
    story.act(4, obedient(24.0));
    assert_eq!(story.step(), Some(Step::TurnLeft));
    story.act(2, obedient(24.0));
    assert_eq!(story.step(), Some(Step::Hold));
    story.act(5, |_| seen(head(24.0)));
    assert_eq!(story.step(), Some(Step::Hold), "the head is still turned");
    story.act(2, |_| seen(head(1.0)));
    assert_eq!(story.phase().map(|phase| matches!(phase, Phase::Doing { index: 2, .. })), Some(true));
}

#[test]
fn one_wild_measurement_is_no_turn() {
    let mut story = Story::capturing();
    story.act(4, obedient(24.0));
    story.record(seen(head(30.0)));
    story.record(seen(head(0.0)));
    assert_eq!(story.step(), Some(Step::TurnLeft));
}

#[test]
fn a_turn_is_hinted_at() {
    let mut story = Story::capturing();
    story.act(4, obedient(24.0));
    let attempt = story.session.attempt().unwrap();
    assert_eq!(hint(attempt, &frame(4, seen(head(9.0)))), Some(Hint::TurnMore));
    assert_eq!(hint(attempt, &frame(4, seen(head(-9.0)))), Some(Hint::OtherWay));
    assert_eq!(hint(attempt, &frame(4, seen(head(0.0)))), None);
}

#[test]
fn who_does_not_turn_in_time_is_not_scored() {
    let mut story = Story::capturing();
    let frames = (TURN_LIMIT.as_millis() / FRAME.as_millis()) as usize + 8;
    story.act(frames, |_| seen(head(0.0)));
    assert_eq!(failure(&story.events), Some(AttemptFailure::TimeOut));
}

#[test]
fn a_framing_that_comes_to_nothing_says_why() {
    for (shown, expected) in [
        (nobody(), AttemptFailure::NoFace),
        (two(face()), AttemptFailure::TooManyFaces),
        (seen(Face { brightness: 0.01, ..face() }), AttemptFailure::PoorImage),
    ] {
        let mut story = Story::capturing();
        let frames = (FRAMING_LIMIT.as_millis() / FRAME.as_millis()) as usize + 2;
        story.act(frames, |_| shown.clone());
        assert_eq!(failure(&story.events), Some(expected));
    }
}

#[test]
fn a_face_that_leaves_ends_the_attempt() {
    let mut story = Story::capturing();
    story.act(4, obedient(24.0));
    let frames = (FACE_LOST_LIMIT.as_millis() / FRAME.as_millis()) as usize + 1;
    story.act(frames, |_| nobody());
    assert_eq!(failure(&story.events), Some(AttemptFailure::NoFace));
}

#[test]
fn silence_is_a_lost_connection() {
    let mut story = Story::capturing();
    story.show(seen(face()));
    story.pass(SILENCE_LIMIT - Duration::from_millis(1));
    assert_eq!(story.check_time(), vec![]);
    story.pass(Duration::from_millis(1));
    assert_eq!(failure(&story.check_time()), Some(AttemptFailure::ConnectionLost));
}
