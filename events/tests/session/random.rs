//! Random commands, in any order and at any time: what must hold whatever happens.

use crate::world::*;
use liveness_events::challenge::{Challenge, Way};
use liveness_events::measurement::Measurement;
use liveness_events::session::{
    AttemptFailure, CancelledBy, Command, ErasedBecause, MAX_ATTEMPTS, Session, SessionEvent,
};
use liveness_events::session::{Replayed, replay};
use liveness_events::stored::Stored as _;
use proptest::prelude::*;
use std::time::Duration;

/// Spreads a short random number over a long one.
const SPREAD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

#[derive(Debug, Clone)]
enum Doing {
    Create,
    Start(u64),
    /// Frames in a row, as the step asks or not.
    Frames {
        count: u8,
        shown: Shown,
    },
    WrongFrame(u32),
    /// With the number of the attempt that is meant.
    Fail(u8),
    CheckTime,
    CheckAtDeadline,
    Cancel(bool),
    Erase,
    Wait(u32),
}

#[derive(Debug, Clone)]
enum Shown {
    Asked,
    Yaw(f64),
    Nobody,
    Two,
}

fn doing() -> impl Strategy<Value = Doing> {
    let shown = prop_oneof![
        6 => Just(Shown::Asked),
        1 => (-40.0..40.0_f64).prop_map(Shown::Yaw),
        1 => Just(Shown::Nobody),
        1 => Just(Shown::Two),
    ];
    prop_oneof![
        1 => Just(Doing::Create),
        3 => any::<u64>().prop_map(Doing::Start),
        8 => (1..40_u8, shown).prop_map(|(count, shown)| Doing::Frames { count, shown }),
        1 => (0..50_u32).prop_map(Doing::WrongFrame),
        1 => (1..=3_u8).prop_map(Doing::Fail),
        1 => Just(Doing::CheckTime),
        1 => Just(Doing::CheckAtDeadline),
        1 => any::<bool>().prop_map(Doing::Cancel),
        1 => Just(Doing::Erase),
        2 => (0..20_000_u32).prop_map(Doing::Wait),
    ]
}

fn commands(story: &mut Story, doing: &Doing) -> Vec<Command> {
    let at = story.now();
    let one = |command| vec![command];
    match doing {
        Doing::Create => one(create()),
        Doing::Start(random) => {
            let way = if random % 2 == 0 { Way::Light } else { Way::Motion };
            let challenge = Challenge::draw(way, u128::from(*random).wrapping_mul(SPREAD));
            one(Command::StartCapture { at, challenge, camera: None })
        }
        Doing::WrongFrame(seq) => {
            let frame = Box::new(frame(*seq, seen(face())));
            one(Command::RecordFrame { at, attempt: story.attempt(), frame, models: vec![] })
        }
        Doing::Fail(attempt) => {
            one(Command::FailAttempt { at, attempt: *attempt, reason: AttemptFailure::Technical })
        }
        Doing::CheckTime => one(Command::CheckTime { at }),
        Doing::Cancel(backend) => {
            one(Command::Cancel { at, by: if *backend { CancelledBy::Backend } else { CancelledBy::Person } })
        }
        Doing::Erase => one(Command::EraseImages { at, because: ErasedBecause::Requested }),
        Doing::Frames { .. } | Doing::CheckAtDeadline | Doing::Wait(_) => vec![],
    }
}

fn shown_frame(story: &Story, shown: &Shown) -> Measurement {
    match shown {
        Shown::Asked => obedient(24.0)(story.step()),
        Shown::Yaw(yaw) => seen(head(*yaw)),
        Shown::Nobody => nobody(),
        Shown::Two => two(face()),
    }
}

/// Carries out, and checks that what `decide` made, `evolve` and the stored form accept.
fn carry_out(story: &mut Story, doing: &Doing) -> Result<(), TestCaseError> {
    match doing {
        Doing::Wait(millis) => story.pass(Duration::from_millis((*millis).into())),
        Doing::CheckAtDeadline => {
            if let Some(deadline) = story.session.deadline() {
                story.now = Some(deadline.max(story.now()));
                prop_assert!(!story.check_time().is_empty(), "something is due at the deadline");
            }
        }
        Doing::Frames { count, shown } => {
            for _ in 0..*count {
                story.pass(FRAME);
                let seq = story.session.attempt().map_or(0, |attempt| attempt.next_seq());
                let frame = Box::new(frame(seq, shown_frame(story, shown)));
                let before = story.events.len();
                let attempt = story.attempt();
                let told =
                    story.tell(Command::RecordFrame { at: story.now(), attempt, frame, models: vec![] });
                prop_assert!(told.is_ok() || story.events.len() == before);
            }
        }
        Doing::Create
        | Doing::Start(_)
        | Doing::WrongFrame(_)
        | Doing::Fail(_)
        | Doing::CheckTime
        | Doing::Cancel(_)
        | Doing::Erase => {
            for command in commands(story, doing) {
                // A refusal is an answer too.
                let _ = story.tell(command);
            }
        }
    }
    Ok(())
}

fn check(story: &Story) -> Result<(), TestCaseError> {
    let terminal = story.events.iter().filter(|event| event.is_terminal()).count();
    prop_assert!(terminal <= 1, "a session ends once");
    if let Some(end) = story.events.iter().position(SessionEvent::is_terminal) {
        let after = &story.events[end + 1..];
        prop_assert!(after.len() <= 1, "after the end, images are erased at most once: {after:?}");
        let only_erased = after.iter().all(|event| matches!(event, SessionEvent::ImagesErased { .. }));
        prop_assert!(only_erased, "after the end comes nothing else: {after:?}");
    }
    let (mut attempt, mut next_frame) = (0, 0);
    for event in &story.events {
        match event {
            SessionEvent::CaptureStarted { attempt: number, .. } => {
                prop_assert_eq!(*number, attempt + 1);
                prop_assert!(*number <= MAX_ATTEMPTS);
                (attempt, next_frame) = (*number, 0);
            }
            SessionEvent::FrameReceived { frame, .. } => {
                prop_assert_eq!(frame.seq, next_frame);
                next_frame += 1;
            }
            _ => {}
        }
    }
    prop_assert!(
        story.events.windows(2).all(|pair| pair[0].at() <= pair[1].at()),
        "time does not run backwards"
    );
    for event in &story.events {
        let (event_type, data) = event.encode().unwrap();
        prop_assert_eq!(&SessionEvent::decode(event_type, &data).unwrap(), event);
    }
    prop_assert!(
        replay(&story.events).as_ref().is_none_or(Replayed::is_equal),
        "the events alone give the verdict"
    );
    prop_assert_eq!(&Session::fold(&story.events), &story.session, "the events alone give the state");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens(doings in proptest::collection::vec(doing(), 1..40)) {
        let mut story = Story::created();
        for doing in &doings {
            carry_out(&mut story, doing)?;
        }
        check(&story)?;
    }
}
