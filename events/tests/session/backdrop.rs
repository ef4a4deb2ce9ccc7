//! Policy 2's `backdrop`: what it makes of the cue of that name.

use crate::world::*;
use liveness_events::challenge::{Challenge, Step, Way};
use liveness_events::verdict::{Reason, SignalScore, Verdict};

const STEPS: [Step; 8] = [
    Step::TurnLeft,
    Step::Hold,
    Step::TurnRight,
    Step::Hold,
    Step::Nearer,
    Step::Hold,
    Step::TurnLeft,
    Step::Hold,
];

/// A person of whom the pictures of a step tell this about the backdrop.
fn verdict(told: impl Fn(Step) -> Option<[f64; 3]>) -> Verdict {
    let mut story = Story::asked(Challenge::recorded(Way::Motion, STEPS.to_vec(), vec![]).unwrap());
    let mut was_near = false;
    while story.session.attempt().is_some() {
        let step = story.step();
        was_near |= step == Some(Step::Nearer);
        let mut shown = obedient(24.0)(step);
        if let Some(cue) = step.filter(|_| was_near).and_then(&told) {
            shown.cues.insert("backdrop", &cue);
        }
        story.show(shown);
    }
    story.verdict().expect("the steps are done")
}

fn score(verdict: &Verdict) -> &SignalScore {
    verdict.signals.iter().find(|score| score.signal.as_str() == "backdrop").unwrap()
}

#[test]
fn a_room_that_stands_still_takes_nothing() {
    let verdict = verdict(|_| Some([0.02, 0.95, 0.3]));
    assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
    assert_eq!((score(&verdict).value, score(&verdict).lost), (Some(0.02), 0.0));
}

#[test]
fn a_background_that_grows_with_the_face_does_not_pass() {
    let verdict = verdict(|_| Some([0.98, 0.95, 0.3]));
    assert!(!verdict.passed && verdict.reasons == [Reason::new("background_moves_with_face")], "{verdict:?}");
    assert_eq!(score(&verdict).lost, 90.0);
}

#[test]
fn frames_that_do_not_tell_are_missing_and_not_passed() {
    for unclear in [[0.98, 0.7, 0.3], [0.98, 0.95, 0.01]] {
        let verdict = verdict(|_| Some(unclear));
        assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
        assert!(score(&verdict).score.is_none() && score(&verdict).lost > 0.0, "{verdict:?}");
    }
    assert_eq!(verdict(|_| Some([0.98, 0.7, 0.3])), verdict(|_| None));
}

/// A turned face has another size and is not nearer.
#[test]
fn frames_of_turns_are_left_out() {
    let verdict = verdict(|step| Some([if step.turn().is_some() { 0.98 } else { 0.02 }, 0.95, 0.3]));
    assert_eq!(score(&verdict).value, Some(0.02));
}

/// The median: some frames of a hand that shakes are wrong.
#[test]
fn a_few_wrong_frames_change_nothing() {
    let verdict = verdict(|step| Some([if step == Step::Nearer { 0.98 } else { 0.02 }, 0.95, 0.3]));
    assert!(score(&verdict).value.is_some_and(|value| value < 0.1), "{verdict:?}");
}
