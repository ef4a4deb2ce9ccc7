use crate::world::*;
use liveness_events::challenge::{Challenge, Step, Way};
use liveness_events::measurement::{Comparison, Face, Measurement};
use liveness_events::session::{Command, SessionEvent};
use liveness_events::verdict::{Reason, Verdict};
use proptest::prelude::*;
use std::time::Duration;

/// The verdict over what `person` shows; none where the capture came to no score.
fn verdict(person: impl Fn(Option<Step>) -> Measurement) -> Option<Verdict> {
    let mut story = Story::capturing();
    story.act(400, person);
    story.events.iter().find_map(|event| match event {
        SessionEvent::Completed { verdict, .. } => Some(verdict.clone()),
        _ => None,
    })
}

/// An obedient person of whom one number is another.
fn altered(alter: impl Fn(Option<Step>, &mut Face)) -> Verdict {
    verdict(|step| {
        let mut shown = obedient(24.0)(step);
        if let Some(face) = &mut shown.face {
            alter(step, face);
        }
        shown
    })
    .expect("the steps are done")
}

fn compared(alter: impl Fn(&mut Comparison)) -> Verdict {
    altered(|_, face| face.compared.iter_mut().for_each(&alter))
}

#[test]
fn a_flat_picture_that_reaches_the_turns_does_not_pass() {
    let verdict = compared(|compared| compared.planarity = 0.02);
    assert!(!verdict.passed && verdict.reasons == [Reason::new("flat_surface")], "{verdict:?}");
}

#[test]
fn a_bent_picture_that_reaches_the_turns_does_not_pass() {
    let verdict = altered(|step, face| {
        if step.and_then(Step::turn).is_some() {
            let shrink = 36_f64.to_radians().cos();
            (face.eyes_over_nose, face.width_over_height) = (1.9 * shrink, 0.88 * shrink);
        }
    });
    assert!(!verdict.passed && verdict.reasons == [Reason::new("bent_surface")], "{verdict:?}");
}

#[test]
fn another_person_in_some_steps_does_not_pass() {
    for stranger in [Step::TurnLeft, Step::Hold] {
        let verdict = altered(|step, face| {
            if step == Some(stranger)
                && let Some(compared) = &mut face.compared
            {
                compared.similarity = Some(0.45);
            }
        });
        assert!(!verdict.passed && verdict.reasons == [Reason::new("face_changed")], "{verdict:?}");
    }
}

#[test]
fn what_was_not_compared_does_not_count_as_passed() {
    let verdict = compared(|compared| compared.similarity = None);
    assert!(!verdict.passed && verdict.confidence == 0.0, "{verdict:?}");
    let verdict = altered(|_, face| face.compared = None);
    assert!(!verdict.passed && verdict.confidence == 0.0, "{verdict:?}");
}

#[test]
fn a_turn_to_the_wrong_side_first_does_not_pass() {
    let mut story = Story::capturing();
    story.act(4, obedient(24.0));
    story.pass(Duration::from_millis(500));
    for yaw in [-24.0, -24.0, 0.0] {
        story.show(seen(head(yaw)));
    }
    story.act(100, obedient(24.0));
    let Some(SessionEvent::Completed { verdict, .. }) = story.events.last() else {
        panic!("{:?}", story.events)
    };
    assert!(!verdict.passed && verdict.reasons == [Reason::new("turned_wrong_way")], "{verdict:?}");
}

#[test]
fn a_second_face_for_a_third_of_the_time_does_not_pass() {
    let mut story = Story::capturing();
    let mut shown = 0;
    while story.session.attempt().is_some() {
        shown += 1;
        let measurement = obedient(24.0)(story.step());
        let crowd = shown > 5 && shown % 3 == 0;
        story.show(if crowd { two(measurement.face.unwrap()) } else { measurement });
        assert!(shown < 400, "the steps are done");
    }
    let Some(SessionEvent::Completed { verdict, .. }) = story.events.last() else {
        panic!("{:?}", story.events)
    };
    assert!(!verdict.passed && verdict.reasons == [Reason::new("not_one_face")], "{verdict:?}");
}

/// A person who shakes the head, however it begins, in whatever rhythm.
#[test]
fn shaking_the_head_follows_no_order() {
    for challenge in orders() {
        for first in [1.0, -1.0] {
            for half in 3..12 {
                let mut story = Story::created();
                let start =
                    Command::StartCapture { at: story.now(), challenge: challenge.clone(), camera: None };
                story.tell(start).unwrap();
                story.act(4, obedient(24.0));
                let mut shown = 0;
                while story.session.attempt().is_some() {
                    let side = if shown / half % 2 == 0 { first } else { -first };
                    let sway = f64::from(shown % half) / f64::from(half) * std::f64::consts::PI;
                    story.show(seen(head(side * 26.0 * sway.sin())));
                    shown += 1;
                }
                let passed = matches!(story.events.last(), Some(SessionEvent::Completed { verdict, .. }) if verdict.passed);
                assert!(!passed, "{challenge:?} {first} {half}");
            }
        }
    }
}

proptest! {
    /// More evidence for life never lowers the confidence.
    #[test]
    fn the_verdict_is_monotone(
        planarity in 0.0..0.1_f64, similarity in 0.3..1.0_f64, shrink in 0.75..1.0_f64,
        more_planarity in 0.0..0.05_f64, more_similarity in 0.0..0.3_f64, less_shrink in 0.0..0.2_f64,
    ) {
        let confidence = |planarity: f64, similarity: f64, shrink: f64| {
            altered(|step, face| {
                face.compared = Some(Comparison { frame: 3, planarity, similarity: Some(similarity) });
                if step.and_then(Step::turn).is_some() {
                    (face.eyes_over_nose, face.width_over_height) = (1.9 * shrink, 0.88 * shrink);
                }
            })
            .confidence
        };
        let less = confidence(planarity, similarity, shrink);
        prop_assert!(confidence(planarity + more_planarity, similarity, shrink) >= less);
        prop_assert!(confidence(planarity, similarity + more_similarity, shrink) >= less);
        prop_assert!(confidence(planarity, similarity, shrink + less_shrink) >= less);
    }
}

#[test]
fn what_a_network_in_the_shadow_says_does_not_count() {
    for challenge in [challenge(), Challenge::draw(Way::Light, 7), Challenge::draw(Way::Motion, 7)] {
        let said = |live: Option<f64>| {
            let mut story = Story::asked(challenge.clone());
            story.act(400, |step| {
                let mut shown = obedient(24.0)(step);
                live.iter().for_each(|live| shown.cues.insert("texture_shadow", &[*live]));
                shown
            });
            story.verdict().expect("the steps are done")
        };
        assert_eq!(said(Some(0.0)), said(None));
        assert_eq!(said(Some(1.0)), said(None));
    }
}
