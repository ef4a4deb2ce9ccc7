use crate::world::*;
use liveness_events::Digest;
use liveness_events::challenge::Step;
use liveness_events::measurement::Comparison;
use liveness_events::session::{
    AttemptFailure, CancelledBy, Command, EndedWithout, ErasedBecause, ExpiredBecause, MAX_ATTEMPTS, Outcome,
    Refusal, Sealed, Session, SessionEvent, Status,
};
use std::time::Duration;

#[test]
fn a_check_is_created_once() {
    let mut story = Story::default();
    let events = story.tell(create()).unwrap();
    let [SessionEvent::Created(created)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(created.expires_at, start().plus(Duration::from_secs(300)));
    assert_eq!(story.tell(create()), Err(Refusal::Exists));
}

#[test]
fn nothing_can_be_done_with_what_does_not_exist() {
    let mut story = Story::default();
    let start = Command::StartCapture { at: start(), challenge: challenge(), camera: None };
    assert_eq!(story.tell(start), Err(Refusal::Unknown));
    assert_eq!(story.tell(Command::CheckTime { at: crate::world::start() }), Ok(vec![]));
}

#[test]
fn an_obedient_person_is_through_and_the_images_are_chosen() {
    let mut story = Story::capturing();
    story.act(100, obedient(24.0));
    let Some(SessionEvent::Completed { verdict, images, .. }) = story.events.last() else {
        panic!("{:?}", story.events)
    };
    assert!(verdict.passed, "{verdict:?}");
    assert_eq!(images.len(), 3, "a probe and the two audit images that were asked for");
    let yaws: Vec<f64> = story.faces_on_images().into_iter().map(|face| face.yaw).collect();
    assert_eq!(yaws, [0.0, 24.0, 24.0]);
}

/// Of somebody else there are sharper pictures, before there is a reference, not compared with it, and unlike it.
#[test]
fn the_image_is_of_the_face_that_was_checked() {
    let mut story = Story::capturing();
    let mut sharp_ones = 0;
    let other = |similarity: Option<f64>| {
        let mut face = head(0.0);
        face.sharpness = 400.0;
        face.compared = face.compared.map(|compared| Comparison { similarity, ..compared });
        seen(face)
    };
    story.show(other(None));
    story.act(100, |step| {
        sharp_ones += u32::from(step == Some(Step::Hold));
        match (step, sharp_ones) {
            (Some(Step::Hold), 1) => other(None),
            (Some(Step::Hold), 3) => other(Some(0.59)),
            _ => obedient(24.0)(step),
        }
    });
    assert!(sharp_ones > 3);
    assert_eq!(story.faces_on_images()[0].sharpness, 100.0);
}

#[test]
fn images_are_erased_once_as_they_were_sealed() {
    for sealed in [None, Some(Sealed { key: Digest::of(b"key"), objects: vec![Digest::of(b"object")] })] {
        let mut story = Story::capturing();
        story.act(100, obedient(24.0));
        let Some(SessionEvent::Completed { sealed: told, .. }) = story.events.last_mut() else {
            panic!("{:?}", story.events)
        };
        told.clone_from(&sealed);
        story.session = Session::fold(&story.events);
        let erase = Command::EraseImages { at: story.now(), because: ErasedBecause::RetentionEnded };
        let erased = story.tell(erase.clone()).unwrap();
        let [SessionEvent::ImagesErased { images, sealed: destroyed, .. }] = &erased[..] else {
            panic!("{erased:?}")
        };
        assert_eq!((images.len(), destroyed), (3, &sealed));
        assert_eq!(story.tell(erase), Ok(vec![]));
    }
}

#[test]
fn a_link_ends_on_time_also_while_the_camera_is_on() {
    for mut story in [Story::created(), Story::capturing()] {
        story.pass(Duration::from_secs(300) - Duration::from_millis(1));
        story.show_if_capturing();
        assert!(!story.events.iter().any(SessionEvent::is_terminal));
        story.pass(Duration::from_millis(1));
        let events = story.check_time();
        assert!(
            matches!(&events[..], [SessionEvent::Expired { because: ExpiredBecause::LinkEnded, .. }]),
            "{events:?}"
        );
        assert_eq!(story.check_time(), vec![], "a link ends once");
    }
}

impl Story {
    /// Begins anew where an attempt is in progress, so that one is up to the end of the link.
    fn show_if_capturing(&mut self) {
        if self.session.attempt().is_some() {
            let at = self.now();
            self.tell(Command::StartCapture { at, challenge: challenge(), camera: None }).unwrap();
        }
    }
}

#[test]
fn an_ended_link_starts_no_capture_even_before_its_end_was_noted() {
    let mut story = Story::created();
    story.pass(Duration::from_secs(301));
    let start = Command::StartCapture { at: story.now(), challenge: challenge(), camera: None };
    assert_eq!(story.tell(start), Err(Refusal::Expired));
}

#[test]
fn three_failed_attempts_end_the_session() {
    let mut story = Story::capturing();
    for attempt in 1..=MAX_ATTEMPTS {
        let lost = Command::FailAttempt { at: story.now(), attempt, reason: AttemptFailure::ConnectionLost };
        let events = story.tell(lost).unwrap();
        assert!(
            matches!(events[0], SessionEvent::AttemptFailed { attempt: number, .. } if number == attempt)
        );
        let start = Command::StartCapture { at: story.now(), challenge: challenge(), camera: None };
        if attempt < MAX_ATTEMPTS {
            assert_eq!(events.len(), 1);
            assert_eq!(story.session.attempts_left(), MAX_ATTEMPTS - attempt);
            story.tell(start).unwrap();
        } else {
            assert!(matches!(
                events[1],
                SessionEvent::Expired { because: ExpiredBecause::AttemptsExhausted, .. }
            ));
            assert_eq!(story.tell(start), Err(Refusal::AttemptsExhausted));
        }
    }
}

#[test]
fn a_second_start_takes_the_place_of_the_first() {
    let mut story = Story::capturing();
    let events =
        story.tell(Command::StartCapture { at: story.now(), challenge: challenge(), camera: None }).unwrap();
    assert!(matches!(
        events[0],
        SessionEvent::AttemptFailed { attempt: 1, reason: AttemptFailure::ConnectionLost, .. }
    ));
    assert!(matches!(events[1], SessionEvent::CaptureStarted { attempt: 2, .. }));
}

#[test]
fn a_cancelled_check_stays_cancelled() {
    let mut story = Story::capturing();
    let cancel = Command::Cancel { at: story.now(), by: CancelledBy::Backend };
    assert_eq!(story.tell(cancel.clone()).unwrap().len(), 1);
    assert_eq!(story.tell(cancel), Ok(vec![]), "cancelling again changes nothing");
    let start = Command::StartCapture { at: story.now(), challenge: challenge(), camera: None };
    assert_eq!(story.tell(start), Err(Refusal::Cancelled));
    assert!(matches!(
        story.session.status(),
        Status::Ended(Outcome::Without(EndedWithout::Cancelled(CancelledBy::Backend)))
    ));
}

#[test]
fn a_frame_out_of_order_is_refused() {
    let mut story = Story::capturing();
    story.show(seen(face()));
    for seq in [0, 2] {
        let frame = Box::new(frame(seq, seen(face())));
        let command = Command::RecordFrame { at: story.now(), attempt: 1, frame, models: vec![] };
        assert_eq!(story.tell(command), Err(Refusal::OutOfOrder));
    }
}

#[test]
fn a_connection_left_behind_neither_shows_to_nor_ends_the_attempt_that_took_its_place() {
    let mut story = Story::capturing();
    story.tell(Command::StartCapture { at: story.now(), challenge: challenge(), camera: None }).unwrap();
    let frame = Box::new(frame(0, seen(face())));
    let shown = Command::RecordFrame { at: story.now(), attempt: 1, frame, models: vec![] };
    assert_eq!(story.tell(shown), Err(Refusal::OtherAttempt));
    let lost = Command::FailAttempt { at: story.now(), attempt: 1, reason: AttemptFailure::ConnectionLost };
    assert_eq!(story.tell(lost), Err(Refusal::OtherAttempt));
    assert_eq!(story.attempt(), 2);
}
