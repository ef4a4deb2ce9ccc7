//! Policy 2 from the outside: what it asks for, when, and what it makes of the answers.

use crate::world::*;
use liveness_events::challenge::{Challenge, Colour, Step, Way};
use liveness_events::measurement::{Cues, Face, Measurement};
use liveness_events::session::{AttemptFailure, Command, SessionEvent};
use liveness_events::verdict::{PolicyVersion, Reason, SignalScore, Verdict};
use proptest::prelude::*;
use std::time::Duration;

/// Far more frames than any attempt needs.
const ENOUGH: usize = 600;

fn steps(story: &Story) -> Vec<Step> {
    let issued = |event: &SessionEvent| match event {
        SessionEvent::StepIssued { step, .. } => Some(*step),
        _ => None,
    };
    story.events.iter().filter_map(issued).collect()
}

fn score<'a>(verdict: &'a Verdict, signal: &str) -> &'a SignalScore {
    verdict.signals.iter().find(|score| score.signal.as_str() == signal).unwrap()
}

fn lost(story: &Story, signal: &str) -> f64 {
    score(&story.verdict().unwrap(), signal).lost
}

#[test]
fn each_colour_stays_long_enough_to_be_seen() {
    let mut story = Story::asked(Challenge::draw(Way::Light, 7));
    story.act(ENOUGH, obedient(24.0));
    let told: Vec<_> = story
        .events
        .iter()
        .filter_map(|event| match event {
            SessionEvent::StepIssued { at, step, .. } => Some((*at, *step)),
            SessionEvent::Completed { at, .. } => Some((*at, Step::Hold)),
            _ => None,
        })
        .collect();
    let lasted: Vec<u128> = told
        .windows(2)
        .filter(|pair| pair[0].1.colour().is_some())
        .map(|pair| pair[1].0.since(pair[0].0).as_millis())
        .collect();
    assert_eq!(lasted.len(), 8);
    assert!(lasted.iter().all(|millis| (400..=700).contains(millis)), "{lasted:?}");
}

#[test]
fn where_no_light_comes_back_more_motion_is_asked_for() {
    let challenge = Challenge::draw(Way::Light, 99);
    let mut story = Story::asked(challenge.clone());
    story.act(ENOUGH, |step| lit(person(step, 24.0), step.and_then(Step::colour), 0.0));
    let asked: Vec<Step> = challenge.steps().iter().chain(challenge.fallback()).copied().collect();
    assert_eq!(steps(&story), asked);
    let verdict = story.verdict().unwrap();
    assert!(verdict.passed && verdict.confidence <= 95.0, "{verdict:?}");
    let light = score(&verdict, "light");
    assert!(light.score.is_none() && light.lost > 0.0, "missing is not passed: {light:?}");
}

#[test]
fn who_does_not_change_the_distance_goes_on_and_does_not_pass() {
    for way in [Way::Light, Way::Motion] {
        let mut story = Story::asked(Challenge::draw(way, 3));
        story.act(ENOUGH, |step| {
            let still = step.filter(|step| !step.is_distance());
            lit(person(still, 24.0), step.and_then(Step::colour), 0.05)
        });
        let verdict = story.verdict().unwrap();
        assert!(!verdict.passed, "{verdict:?}");
        assert_eq!(verdict.reasons, [Reason::new("distance_not_changed")]);
        assert!(lost(&story, "approach") == 60.0);
    }
}

#[test]
fn who_is_still_coming_nearer_when_told_to_move_back_does_both() {
    let steps = [Step::TurnLeft, Step::Hold, Step::TurnRight, Step::Hold, Step::Nearer, Step::Farther];
    let mut story = Story::asked(Challenge::recorded(Way::Motion, steps.to_vec(), vec![]).unwrap());
    let mut due = Due::default();
    while story.session.attempt().is_some() {
        let step = story.step();
        let since = due.frames(step);
        let mut face = person(step, 24.0);
        // A second to come nearer, which is not over when it is enough; then half a second until the way back begins.
        let nearer = |frames: u32| 0.5 + 0.2 * f64::from(frames.min(8)) / 8.0;
        face.size = match step {
            Some(Step::Nearer) => nearer(since),
            Some(Step::Farther) if since < 4 => nearer(4 + since),
            Some(Step::Farther) => (0.7 - 0.02 * f64::from(since - 4)).max(0.55),
            _ => 0.5,
        };
        story.show(lit(face, None, 0.0));
    }
    let verdict = story.verdict().unwrap();
    assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
}

/// Near the camera the nose is larger beside the eyes, and the outline narrower, for all the time that one is there.
#[test]
fn who_turns_near_the_camera_is_measured_by_how_the_face_looks_there() {
    let steps = [Step::Nearer, Step::TurnLeft, Step::Hold, Step::TurnRight, Step::Hold];
    let mut story = Story::asked(Challenge::recorded(Way::Motion, steps.to_vec(), vec![]).unwrap());
    let mut due = Due::default();
    story.act(ENOUGH, |step| {
        let since = due.frames(step);
        // Nobody moves at once.
        let does = step.filter(|_| since >= 3);
        let mut face = person(does, 24.0);
        if step.is_some() {
            face.size = 0.6;
            face.eyes_over_nose *= 0.9;
            face.width_over_height *= 0.9;
        }
        lit(face, None, 0.0)
    });
    let verdict = story.verdict().unwrap();
    assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
}

/// Turns to both sides, then one distance.
fn turns_and(distance: Step) -> Challenge {
    let steps = [Step::TurnLeft, Step::Hold, Step::TurnRight, Step::Hold, distance];
    Challenge::recorded(Way::Motion, steps.to_vec(), vec![]).unwrap()
}

#[test]
fn two_pictures_slipped_in_are_no_distance() {
    let mut story = Story::asked(turns_and(Step::Nearer));
    let mut since = 0_u8;
    story.act(ENOUGH, |step| {
        since = if step == Some(Step::Nearer) { since.saturating_add(1) } else { 0 };
        let slipped_in = (5..7).contains(&since);
        lit(person(step.filter(|step| slipped_in || !step.is_distance()), 24.0), None, 0.0)
    });
    let verdict = story.verdict().unwrap();
    assert!(!verdict.passed && verdict.reasons == [Reason::new("distance_not_changed")], "{verdict:?}");
}

/// Too large by then or at the framing to come nearer, or too small to move away.
#[test]
fn who_has_no_room_is_asked_for_the_other_distance() {
    for (drawn, framed, now, told) in [
        (Step::Nearer, 0.5, 0.5, Step::Nearer),
        (Step::Nearer, 0.5, 0.65, Step::Farther),
        (Step::Nearer, 0.75, 0.58, Step::Farther),
        (Step::Farther, 0.5, 0.5, Step::Farther),
        (Step::Farther, 0.5, 0.28, Step::Nearer),
        (Step::Farther, 0.27, 0.31, Step::Nearer),
    ] {
        let mut story = Story::asked(turns_and(drawn));
        while story.step().is_none_or(|step| !step.is_distance()) {
            let mut face = person(story.step(), 24.0);
            face.size = if story.step().is_none() { framed } else { now };
            story.show(lit(face, None, 0.0));
        }
        assert_eq!(story.step(), Some(told), "{drawn:?} at {now} after {framed}");
    }
}

#[test]
fn a_face_that_is_narrower_because_it_is_turned_has_not_moved_away() {
    let mut story = Story::asked(turns_and(Step::Farther));
    story.act(ENOUGH, |step| {
        let mut face = person(step.filter(|step| !step.is_distance()), 24.0);
        if step == Some(Step::Farther) {
            (face.yaw, face.size) = (30.0, 0.42);
        }
        lit(face, None, 0.0)
    });
    let verdict = story.verdict().unwrap();
    assert!(!verdict.passed && verdict.reasons == [Reason::new("distance_not_changed")], "{verdict:?}");
}

#[test]
fn a_picture_that_is_stretched_has_neither_come_nearer_nor_moved_away() {
    let verdict = |distance: Step, stretched: f64| {
        let mut story = Story::asked(turns_and(distance));
        story.act(ENOUGH, |step| {
            let mut face = person(step, 24.0);
            if step == Some(distance) {
                face.width_over_height *= stretched;
            }
            lit(face, None, 0.0)
        });
        story.verdict().unwrap()
    };
    for (distance, as_people_look, stretched) in
        [(Step::Nearer, [0.85, 1.06], 1.15), (Step::Farther, [1.15, 0.94], 0.85)]
    {
        for person in as_people_look.map(|look| verdict(distance, look)) {
            assert!(person.passed && person.reasons.is_empty(), "{person:?}");
        }
        let picture = verdict(distance, stretched);
        assert!(!picture.passed && picture.reasons == [Reason::new("distance_not_changed")], "{picture:?}");
    }
}

/// As far as a person comes, but too near to where it was framed for its surround to tell.
#[test]
fn a_picture_that_goes_back_before_it_comes_nearer_has_not_come_nearer() {
    let verdict = |distance: Step, before: f64, at_distance: f64| {
        let mut story = Story::asked(turns_and(distance));
        story.act(ENOUGH, |step| {
            let mut face = person(step, 24.0);
            if step.is_some() {
                face.size = 0.5 * if step == Some(distance) { at_distance } else { before };
            }
            lit(face, None, 0.0)
        });
        story.verdict().unwrap()
    };
    for (distance, before, at_distance) in [(Step::Nearer, 0.92, 1.08), (Step::Farther, 1.09, 0.93)] {
        let back_first = verdict(distance, before, at_distance);
        assert!(
            !back_first.passed && back_first.reasons == [Reason::new("distance_not_changed")],
            "{back_first:?}"
        );
        let person = verdict(distance, before, at_distance * at_distance);
        assert!(person.passed && person.reasons.is_empty(), "{person:?}");
    }
}

#[test]
fn a_camera_that_changes_the_size_of_its_pictures_begins_anew() {
    let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
    while story.step().is_none() {
        story.show(lit(person(None, 24.0), None, 0.0));
    }
    let mut other = frame(story.session.attempt().unwrap().next_seq(), lit(person(None, 24.0), None, 0.0));
    other.height -= 12;
    let command = Command::RecordFrame {
        at: story.now(),
        attempt: story.attempt(),
        frame: Box::new(other),
        models: vec![],
    };
    let told = story.tell(command).unwrap();
    assert!(ended_as(&told, AttemptFailure::Technical), "{told:?}");
}

/// Another colour than this one: what an earlier session's recording shows is as wrong.
fn another(colour: Colour) -> Colour {
    let place = Colour::ALL.iter().position(|known| *known == colour).unwrap();
    Colour::ALL[(place + 2) % Colour::ALL.len()]
}

/// What was seen before the run of good frames that ends the framing tells nothing of how somebody looks ahead.
#[test]
fn straight_ahead_goes_by_the_frames_that_end_the_framing() {
    let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
    story.record(lit(head(40.0), None, 0.0));
    while story.step().is_none() {
        story.record(lit(head(1.0), None, 0.0));
    }
    assert_eq!(story.session.attempt().unwrap().evidence.neutral().yaw, 1.0);
}

#[test]
fn light_of_other_colours_does_not_pass() {
    let mut story = Story::asked(Challenge::draw(Way::Light, 12_345));
    story.act(ENOUGH, |step| lit(person(step, 24.0), step.and_then(Step::colour).map(another), 0.1));
    let verdict = story.verdict().unwrap();
    assert!(!verdict.passed, "{verdict:?}");
    assert_eq!(verdict.reasons, [Reason::new("light_not_followed")]);
}

#[test]
fn light_that_comes_a_second_late_does_not_pass() {
    let mut story = Story::asked(Challenge::draw(Way::Light, 4_711_081_500));
    let mut shown: Vec<Option<Colour>> = vec![];
    while story.session.attempt().is_some() {
        let step = story.step();
        shown.push(step.and_then(Step::colour));
        let late = shown.len().checked_sub(9).and_then(|place| shown[place]);
        story.show(lit(person(step, 24.0), late, 0.1));
    }
    assert!(!story.verdict().unwrap().passed, "{:?}", story.verdict());
}

#[test]
fn light_that_lies_on_the_wall_as_on_the_face_does_not_pass() {
    let confidence = |wall: f64| {
        let mut story = Story::asked(Challenge::draw(Way::Light, 77));
        story.act(ENOUGH, |step| {
            let colour = step.and_then(Step::colour);
            let mut shown = lit(person(step, 24.0), colour, 0.1);
            let behind = lit(person(step, 24.0), colour, 0.1 * wall).cues;
            shown.cues.insert("background", &behind.get::<3>("forehead").unwrap());
            shown
        });
        story.verdict().unwrap()
    };
    let (room, tinted) = (confidence(0.25), confidence(1.0));
    assert!(room.passed && room.reasons.is_empty(), "{room:?}");
    assert!(!tinted.passed, "{tinted:?}");
    assert_eq!(tinted.reasons, [Reason::new("light_on_everything")]);
}

/// A pane before the skin and the brows adds so much of the skin's answer to both, in linear light.
#[test]
fn light_that_comes_back_from_glass_does_not_pass() {
    let seen = |glass: f64, brows: f64| {
        let mut story = Story::asked(Challenge::draw(Way::Light, 77));
        story.act(ENOUGH, |step| {
            let face = person(step, 24.0);
            let [unlit, mut shown] =
                [None, step.and_then(Step::colour)].map(|colour| lit(face.clone(), colour, 0.1));
            let [before, after] = [&unlit, &shown].map(|seen| seen.cues.get::<3>("forehead").unwrap());
            let dark = before.iter().zip(after).map(|(before, after)| {
                let added = after.powf(2.2) - before.powf(2.2);
                let reflected = brows.powf(2.2) * (before.powf(2.2) + (1.0 - glass) * added);
                (reflected + glass * added).powf(1.0 / 2.2)
            });
            shown.cues.insert("dark", &dark.chain(after).collect::<Vec<f64>>());
            shown
        });
        story.verdict().unwrap()
    };
    let [skin, shiny, screen] = [0.0, 0.25, 0.6].map(|glass| seen(glass, 0.4));
    for honest in [skin, shiny] {
        assert!(honest.passed && honest.reasons.is_empty(), "{honest:?}");
    }
    assert!(!screen.passed, "{screen:?}");
    assert_eq!(screen.reasons, [Reason::new("light_on_glass")]);
    let share = score(&screen, "glass").value.unwrap();
    assert!((share - 0.6).abs() < 0.05, "{share}");
    // Of brows that are hardly darker than the skin it would be noise.
    let pale = seen(0.6, 0.8);
    assert!(pale.passed, "{pale:?}");
}

/// A face that is elsewhere in the picture, and tilted otherwise.
fn elsewhere(mut face: Face) -> Face {
    face.bounds.left += 0.3;
    face.roll += 8.0;
    face
}

#[test]
fn a_stream_that_was_cut_does_not_pass() {
    // At once, after a pause, and behind a frame without a face.
    let verdict = |pause: Duration, hide: bool| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let (mut last, mut cuts) = (None, 0);
        while story.session.attempt().is_some() {
            let step = story.step();
            if step != last {
                cuts += 1;
                story.pass(pause);
                if hide {
                    story.show(nobody());
                }
            }
            last = step;
            let face = person(step, 24.0);
            story.show(lit(if cuts % 2 == 0 { face } else { elsewhere(face) }, None, 0.0));
        }
        story.verdict().unwrap()
    };
    for (pause, hide) in [(0, false), (500, false), (0, true)] {
        let verdict = verdict(Duration::from_millis(pause), hide);
        assert!(!verdict.passed, "{pause} {hide}: {verdict:?}");
        assert!(verdict.reasons.contains(&Reason::new("stream_was_cut")), "{verdict:?}");
    }
}

/// A library of clips: each step is cut before the head moves, and every second clip shows the face in another way.
fn cut_library(alter: impl Fn(&mut Face)) -> Verdict {
    let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
    let (mut due, mut does, mut cuts) = (Due::default(), None, 0_u8);
    while story.session.attempt().is_some() {
        let asked = story.step();
        let since = due.frames(asked);
        cuts += u8::from(since == 2);
        does = if since < 5 { does } else { asked };
        let mut face = person(does, 24.0);
        if !cuts.is_multiple_of(2) {
            alter(&mut face);
        }
        let shown = lit(face, None, 0.0);
        if since == 2 {
            story.cut_to(shown)
        } else {
            story.show(shown)
        };
    }
    story.verdict().unwrap()
}

/// To another nod than the last clip ended in, and nothing else betrays it.
#[test]
fn a_nod_that_is_not_made_is_a_cut() {
    let verdict = |nod: f64| cut_library(|face| face.pitch = nod);
    let (still, cut) = (verdict(1.2), verdict(7.0));
    assert!(still.passed && still.reasons.is_empty(), "{still:?}");
    assert!(!cut.passed && cut.reasons == [Reason::new("stream_was_cut")], "{cut:?}");
}

/// A recorded session: to where the step was done at another distance.
#[test]
fn a_face_that_is_larger_at_once_is_a_cut() {
    let verdict = |growth: f64| cut_library(|face| face.size *= growth);
    let (still, cut) = (verdict(1.02), verdict(1.1));
    assert!(still.passed && still.reasons.is_empty(), "{still:?}");
    assert!(!cut.passed && cut.reasons.contains(&Reason::new("stream_was_cut")), "{cut:?}");
}

/// Whether the attempt ended without a score, for this reason.
fn ended_as(events: &[SessionEvent], reason: AttemptFailure) -> bool {
    matches!(events.last(), Some(SessionEvent::AttemptFailed { reason: told, .. }) if *told == reason)
}

#[test]
fn frames_that_come_too_slowly_are_not_judged() {
    let ending = |interval: Duration| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        while story.session.attempt().is_some() {
            story.pass(interval.checked_sub(FRAME).unwrap());
            story.show(lit(person(story.step(), 24.0), None, 0.0));
        }
        story
    };
    assert!(ending(Duration::from_millis(330)).verdict().unwrap().passed);
    let is_too_slow = |story: &Story| ended_as(&story.events, AttemptFailure::TooSlow);
    assert!(is_too_slow(&ending(Duration::from_millis(450))));
    // Nor if many came before the first step.
    let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
    for _ in 0..150 {
        story.record(nobody());
    }
    while story.session.attempt().is_some() {
        story.pass(Duration::from_millis(325));
        story.show(lit(person(story.step(), 24.0), None, 0.0));
    }
    assert!(is_too_slow(&story), "{:?}", story.events.last());
}

#[test]
fn who_moves_as_fast_as_people_do_or_knocks_the_camera_once_is_no_cut() {
    let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
    for number in 0.. {
        if story.session.attempt().is_none() {
            break;
        }
        let mut face = person(story.step(), 24.0);
        // To and fro by a third of the face's width in a second; elsewhere from the twelfth frame on.
        face.bounds.left += 0.07 * (f64::from(number) * std::f64::consts::TAU / 16.0).sin();
        story.show(lit(if number < 12 { face } else { elsewhere(face) }, None, 0.0));
    }
    let verdict = story.verdict().unwrap();
    assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
}

/// Too seldom to be refused for it, and yet a clip that is cut where it has to be looks alike: the attempt does not count.
#[test]
fn a_picture_that_jumps_far_once_is_not_judged() {
    let shown = |jumps: &[u32], jump: &dyn Fn(&mut Face)| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let mut number = 0;
        story.act(ENOUGH, |step| {
            number += 1;
            let mut face = person(step, 24.0);
            if jumps.iter().filter(|jump| number > **jump).count() % 2 == 1 {
                jump(&mut face);
            }
            lit(face, None, 0.0)
        });
        story
    };
    let told = |far: f64, jumps: &[u32]| shown(jumps, &|face| face.bounds.left += far);
    let (knocked, far) = (told(0.16, &[20]), told(0.24, &[20]));
    assert!(knocked.verdict().unwrap().passed, "{:?}", knocked.events.last());
    assert!(ended_as(&far.events, AttemptFailure::PictureJumped), "{:?}", far.events.last());
    // The mouth is open at once.
    let other = shown(&[20], &|face| face.bounds.height *= 1.25);
    assert!(ended_as(&other.events, AttemptFailure::PictureJumped), "{:?}", other.events.last());
    let cut = told(0.4, &[12, 20, 28, 36]).verdict().unwrap();
    assert!(!cut.passed && cut.reasons.contains(&Reason::new("stream_was_cut")), "{cut:?}");
}

/// Most of a nod within one frame, as of some people who talk; but not all of it.
#[test]
fn who_nods_briskly_is_no_cut() {
    const NOD: [f64; 10] = [0.0, 1.5, 3.0, 10.5, 12.0, 13.5, 12.0, 10.5, 3.0, 1.5];
    let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
    for pitch in NOD.into_iter().cycle() {
        if story.session.attempt().is_none() {
            break;
        }
        let mut face = person(story.step(), 24.0);
        face.pitch = pitch;
        story.show(lit(face, None, 0.0));
    }
    let verdict = story.verdict().unwrap();
    assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
}

#[test]
fn a_frame_that_comes_again_does_not_pass() {
    let judged = |bytes_of: fn(u32) -> u32| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        story.bytes_of = Some(bytes_of);
        story.act(ENOUGH, |step| lit(person(step, 24.0), None, 0.0));
        story.verdict().unwrap()
    };
    let looped = judged(|seq| seq % 12);
    assert!(!looped.passed, "{looped:?}");
    assert_eq!(looped.reasons, [Reason::new("frame_repeated")]);
    let slow_camera = judged(|seq| seq / 2);
    assert!(slow_camera.passed, "{slow_camera:?}");
}

#[test]
fn up_and_down_are_measured_where_they_are_asked_for() {
    let steps = vec![Step::TurnUp, Step::Hold, Step::TurnLeft, Step::Hold, Step::TurnRight, Step::Hold];
    let challenge = Challenge::recorded(Way::Motion, steps, vec![]).unwrap();
    let shown = |step: Option<Step>, upwards: f64| {
        let mut face = person(step.filter(|step| *step != Step::TurnUp), 24.0);
        face.pitch = if step == Some(Step::TurnUp) { upwards } else { 0.0 };
        lit(face, None, 0.0)
    };
    let mut story = Story::asked(challenge.clone());
    story.act(ENOUGH, |step| shown(step, 20.0));
    assert!(story.verdict().unwrap().passed);
    let mut story = Story::asked(challenge);
    story.act(ENOUGH, |step| shown(step, -20.0));
    assert_eq!(story.verdict(), None);
}

#[test]
fn a_texture_network_that_sees_print_costs_confidence_and_refuses_nobody_alone() {
    let confidence = |texture: Option<f64>| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        story.act(ENOUGH, |step| {
            let mut face = person(step, 24.0);
            face.texture = texture;
            lit(face, None, 0.0)
        });
        story.verdict().unwrap()
    };
    let (alive, missing, print) = (confidence(Some(0.95)), confidence(None), confidence(Some(0.1)));
    assert!(alive.confidence > missing.confidence, "missing is not passed: {missing:?}");
    assert!(print.confidence < 0.85 * missing.confidence && print.passed, "{print:?}");
    assert_eq!(print.reasons, [Reason::new("texture_not_alive")]);
}

#[test]
fn a_pattern_of_print_or_screen_costs_confidence() {
    // In every so many frames.
    let verdict = |pattern: Option<[f64; 2]>, every: usize| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        for frame in 0..ENOUGH {
            if story.session.attempt().is_none() {
                break;
            }
            let mut shown = lit(person(story.step(), 24.0), None, 0.0);
            let seen = if frame % every == 0 { pattern } else { Some([0.8, 0.7]) };
            seen.iter().for_each(|pattern| shown.cues.insert("halftone", pattern));
            story.show(shown);
        }
        let lost = lost(&story, "grain");
        (story.verdict().unwrap(), lost)
    };
    let (_, missing) = verdict(None, 1);
    assert!(missing > 0.0 && missing < 5.0, "missing is not passed: {missing}");
    let (skin, lost) = verdict(Some([1.0, 0.9]), 1);
    assert!(lost == 0.0 && skin.reasons.is_empty(), "{skin:?}");
    for pattern in [[2.1, 0.8], [0.8, 2.1]] {
        let (screen, lost) = verdict(Some(pattern), 1);
        assert!(lost == 50.0 && screen.reasons == [Reason::new("print_or_screen_pattern")], "{screen:?}");
        let (moment, lost) = verdict(Some(pattern), 3);
        assert!(lost == 0.0 && moment.reasons.is_empty(), "a pattern by chance: {moment:?}");
    }
}

#[test]
fn a_program_in_place_of_the_camera_costs_confidence_and_refuses_nobody_alone() {
    let judged = |camera: Option<&str>| {
        let mut story = Story::asked_before(Challenge::draw(Way::Motion, 5), camera);
        story.act(ENOUGH, |step| lit(person(step, 24.0), None, 0.0));
        (story.verdict().unwrap(), lost(&story, "stream"))
    };
    for camera in ["HD Webcam (046d:0825)", "iPhone Camera", "FaceTime HD Camera", "DroidCam Source 3"] {
        let (verdict, lost) = judged(Some(camera));
        assert!(lost == 0.0 && verdict.reasons.is_empty(), "{camera}: {verdict:?}");
    }
    for program in
        ["OBS Virtual Camera", "ManyCam Virtual Webcam", "Dummy video device (0x0000)", "fake_device_0"]
    {
        let (verdict, lost) = judged(Some(program));
        assert!(lost == 20.0 && verdict.passed, "{program}: {verdict:?}");
        assert_eq!(verdict.reasons, [Reason::new("camera_is_a_program")]);
    }
    for untold in [None, Some("")] {
        let (_, missing) = judged(untold);
        assert!(missing > 0.0 && missing < 5.0, "missing is not passed: {missing}");
    }
}

/// As of a picture in which somebody looks past the camera: they seem to move alike in turns to both sides.
#[test]
fn painted_eyes_that_look_aside_do_not_pass() {
    let verdict = |to_the_left: f64, to_the_right: f64| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        story.act(ENOUGH, |step| {
            let face = person(step, 28.0);
            let sine = face.yaw.to_radians().sin();
            let mut shown = lit(face, None, 0.0);
            let aside = if sine > 0.0 { to_the_left } else { to_the_right };
            shown.cues.insert("gaze", &[0.1 + 0.22 * sine + aside * sine.abs(); 2]);
            shown
        });
        story.verdict().unwrap()
    };
    let alike = verdict(-0.22, -0.2);
    assert!(!alike.passed && alike.reasons == [Reason::new("eyes_do_not_move")], "{alike:?}");
    let against = verdict(-0.22, 0.2);
    assert!(against.passed && against.reasons.is_empty(), "{against:?}");
}

#[test]
fn eyes_that_are_painted_on_the_head_do_not_pass() {
    // How far the eyes move between the lids for a turn, over what painted ones seem to, and to and fro besides.
    let verdict = |moves: Option<(f64, f64)>| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let mut frames = 0;
        story.act(ENOUGH, |step| {
            let face = person(step, 24.0);
            let painted = 0.22 * face.yaw.to_radians().sin();
            let mut shown = lit(face, None, 0.0);
            frames += 1;
            match moves {
                Some((share, besides)) => {
                    let place = share * painted + if frames % 8 < 4 { besides } else { -besides };
                    shown.cues.insert("gaze", &[place + 0.03, place - 0.01]);
                }
                None => shown.cues = Cues::default(),
            }
            shown
        });
        (story.verdict().unwrap(), lost(&story, "gaze"))
    };
    for painted in [(0.8, 0.0), (1.0, 0.0), (1.0, 0.02), (1.4, 0.01)] {
        let (verdict, lost) = verdict(Some(painted));
        assert!(!verdict.passed && lost == 50.0, "{painted:?}: {verdict:?}");
        assert_eq!(verdict.reasons, [Reason::new("eyes_do_not_move")]);
    }
    for living in [(-1.0, 0.0), (3.0, 0.0), (1.0, 0.036), (1.0, 0.045), (0.6, 0.045)] {
        let (verdict, lost) = verdict(Some(living));
        assert!(verdict.passed && lost == 0.0 && verdict.reasons.is_empty(), "{living:?}: {verdict:?}");
    }
    let (unseen, lost) = verdict(None);
    assert!(!unseen.passed && lost == 50.0, "who hides the eyes is not through: {unseen:?}");
    assert_eq!(unseen.reasons, [Reason::new("eyes_do_not_move")]);
}

/// A rendered head that blinks, or whose picture is altered in some frames.
#[test]
fn painted_eyes_that_are_astray_in_some_frames_do_not_pass() {
    /// Of the frame of this number, and of this number of those that are turned: where the eyes are found besides, if at all.
    type Astray = fn(u32, Option<u32>, f64) -> Option<[f64; 2]>;
    let verdict = |astray: Astray| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let (mut frames, mut turned) = (0, 0);
        story.act(ENOUGH, |step| {
            let face = person(step, 24.0);
            let sine = face.yaw.to_radians().sin();
            frames += 1;
            turned += u32::from(sine != 0.0);
            let mut shown = lit(face, None, 0.0);
            shown.cues = Cues::default();
            if let Some([left, right]) = astray(frames, (sine != 0.0).then_some(turned), sine) {
                shown.cues.insert("gaze", &[0.22 * sine + left, 0.22 * sine + right]);
            }
            shown
        });
        story.verdict().unwrap()
    };
    let cases: [(&str, Astray); 4] = [
        ("one eye, in every sixth", |frame, _, _| Some([if frame % 6 == 0 { 0.3 } else { 0.0 }, 0.0])),
        ("both alike, in every sixteenth", |frame, _, _| Some([if frame % 16 == 0 { 0.3 } else { 0.0 }; 2])),
        (
            "they agree in few frames, most of them turned, and go against the turn there",
            |frame, turned, sine| {
                let agree = turned.is_some() || frame % 8 == 0;
                let apart = if agree { 0.0 } else { 0.3 * (f64::from(frame % 6) - 2.5) };
                Some([-0.5 * sine + apart, -0.5 * sine - apart])
            },
        ),
        (
            "they are seen in one turned frame of each side, and go against the turn there",
            |_, turned, sine| Some([-0.3 * sine; 2]).filter(|_| turned.is_none_or(|turned| turned % 8 == 1)),
        ),
    ];
    for (what, astray) in cases {
        let verdict = verdict(astray);
        assert!(!verdict.passed, "{what}: {verdict:?}");
        assert_eq!(verdict.reasons, [Reason::new("eyes_do_not_move")], "{what}");
    }
    assert!(
        verdict(|_, _, sine| Some([-0.5 * sine; 2])).passed,
        "eyes that go against the turn in all frames"
    );
}

/// A rendered head whose eyes are shut in each turn to the left.
#[test]
fn eyes_that_are_hidden_on_one_side_are_looked_at_between() {
    let verdict = |besides: f64| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let mut frames = 0;
        story.act(ENOUGH, |step| {
            let face = person(step, 24.0);
            let place = 0.22 * face.yaw.to_radians().sin() + if frames % 8 < 4 { besides } else { -besides };
            frames += 1;
            let hidden = face.yaw > 5.0;
            let mut shown = lit(face, None, 0.0);
            shown.cues = Cues::default();
            if !hidden {
                shown.cues.insert("gaze", &[place; 2]);
            }
            shown
        });
        story.verdict().unwrap()
    };
    let (painted, living) = (verdict(0.0), verdict(0.045));
    assert!(!painted.passed && painted.reasons == [Reason::new("eyes_do_not_move")], "{painted:?}");
    assert!(living.passed && living.reasons.is_empty(), "{living:?}");
}

#[test]
fn who_looks_a_little_aside_has_not_begun_to_turn() {
    let steps = [Step::TurnLeft, Step::Hold, Step::TurnLeft, Step::Hold, Step::TurnRight, Step::Hold];
    let mut story = Story::asked(Challenge::recorded(Way::Motion, steps.to_vec(), vec![]).unwrap());
    let mut due = Due::default();
    story.act(ENOUGH, |step| {
        let since = due.frames(step);
        let mut face = person(step.filter(|_| since >= 4), 24.0);
        if face.yaw == 0.0 && step.is_some() {
            face.yaw = 6.0;
        }
        let mut shown = lit(face, None, 0.0);
        shown.cues.insert("waited", &[0.1]);
        shown
    });
    let verdict = story.verdict().unwrap();
    assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
}

#[test]
fn who_answers_pings_late_is_no_sooner_there() {
    let verdict = |round_trip: f64| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let mut due = Due::default();
        story.act(ENOUGH, |step| {
            let since = due.frames(step);
            let mut shown = lit(person(step.filter(|_| since >= 17), 24.0), None, 0.0);
            shown.cues.insert("round_trip", &[round_trip]);
            shown
        });
        story.verdict().unwrap()
    };
    let (told, hidden) = (verdict(0.3), verdict(1.0));
    assert!(told.reasons.contains(&Reason::new("answered_late")), "{told:?}");
    assert_eq!(told.confidence, hidden.confidence);
}

/// In all of it, or after its first colour and before its last one.
#[test]
fn somebody_else_in_the_light_does_not_pass() {
    for colours in [0..8, 1..7] {
        let mut story = Story::asked(Challenge::draw(Way::Light, 77));
        let mut size = 0.5;
        while let Some(attempt) = story.session.attempt() {
            let described = attempt.wants_descriptor();
            let step = story.step();
            let colour = step.and_then(Step::colour);
            let before = steps(&story).iter().filter(|step| step.colour().is_some()).count();
            let is_other = colour.is_some() && colours.contains(&(before - 1));
            let mut face = person(step, 24.0);
            // In a colour nothing moves.
            size = if colour.is_some() { size } else { face.size };
            face.size = size;
            let mut shown = lit(face, colour, 0.05);
            for compared in shown.face.iter_mut().filter_map(|face| face.compared.as_mut()) {
                let told = described || colour.is_none();
                compared.similarity = told.then_some(if is_other { 0.45 } else { 0.75 });
            }
            // Of what is on the way to another frame nothing was described.
            if colour.is_some() {
                story.cut_to(shown);
            } else {
                story.show(shown);
            }
        }
        let verdict = story.verdict().unwrap();
        assert!(!verdict.passed && verdict.reasons.contains(&Reason::new("face_changed")), "{verdict:?}");
    }
}

/// Somebody else does all of it and shows one picture of the victim in each step.
#[test]
fn one_picture_of_the_victim_in_each_step_is_not_enough() {
    let mut story = Story::asked(Challenge::draw(Way::Motion, 77));
    let mut due = Due::default();
    story.act(ENOUGH, |step| {
        let since = due.frames(step);
        let mut shown = lit(person(step, 24.0), None, 0.0);
        for compared in shown.face.iter_mut().filter_map(|face| face.compared.as_mut()) {
            // Before the first step there is nothing to compare with.
            compared.similarity = step.map(|_| if since == 0 { 0.95 } else { 0.45 });
        }
        shown
    });
    let verdict = story.verdict().unwrap();
    assert!(!verdict.passed && verdict.reasons == [Reason::new("face_changed")], "{verdict:?}");
    let shown: Vec<Option<f64>> = story.faces_on_images().into_iter().map(Face::similarity).collect();
    assert!(!shown.is_empty() && !shown.contains(&Some(0.45)), "images of somebody else: {shown:?}");
}

/// What each of these alone is refused for. A lack that takes everything has its reason too.
#[test]
fn a_bent_picture_a_stranger_and_a_second_face_are_refused() {
    let refused = |alter: fn(Option<Step>, usize, &mut Measurement)| {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let mut frames = 0;
        story.act(ENOUGH, |step| {
            let mut shown = lit(person(step, 24.0), None, 0.0);
            frames += 1;
            alter(step, frames, &mut shown);
            shown
        });
        let verdict = story.verdict().unwrap();
        assert!(!verdict.passed, "{verdict:?}");
        verdict.reasons
    };
    let bent = refused(|step, _, shown| {
        let face = shown.face.as_mut().unwrap();
        if step.and_then(Step::turn).is_some() {
            let shrink = 36_f64.to_radians().cos();
            (face.eyes_over_nose, face.width_over_height) = (1.9 * shrink, 0.88 * shrink);
        }
    });
    assert_eq!(bent, [Reason::new("bent_surface")]);
    let stranger = refused(|step, _, shown| {
        let compared = shown.face.as_mut().unwrap().compared.as_mut().unwrap();
        compared.similarity = Some(if step == Some(Step::Hold) { 0.45 } else { 0.9 });
    });
    assert_eq!(stranger, [Reason::new("face_changed")]);
    let never_compared = refused(|step, _, shown| {
        if step == Some(Step::Hold) {
            shown.face.as_mut().unwrap().compared.as_mut().unwrap().similarity = None;
        }
    });
    assert_eq!(never_compared, [Reason::new("face_changed")]);
    let crowd = refused(|step, frames, shown| {
        if step.is_some() && frames % 3 == 0 {
            shown.faces = 2;
        }
    });
    assert!(crowd.contains(&Reason::new("not_one_face")), "{crowd:?}");
}

/// Held still until then, or swayed to and fro as far as a look ahead may be.
#[test]
fn turns_that_all_come_late_cost_confidence() {
    for sways in [0.0, 6.5] {
        let mut story = Story::asked(Challenge::draw(Way::Motion, 5));
        let (mut due, mut frames) = (Due::default(), 0);
        while story.session.attempt().is_some() {
            let step = story.step();
            let since = due.frames(step);
            // Three and a half seconds of 28 frames.
            let does = step.filter(|step| step.turn().is_none() || since >= 28);
            let mut face = person(does, 24.0);
            if step.is_some() && face.yaw == 0.0 {
                face = head(sways * (f64::from(frames) * 0.6).sin());
                face.size = person(does, 24.0).size;
            }
            frames += 1;
            story.show(lit(face, None, 0.0));
        }
        let verdict = story.verdict().unwrap();
        assert!(!verdict.passed && verdict.reasons == [Reason::new("answered_late")], "{sways}: {verdict:?}");
    }
}

proptest! {
    #[test]
    fn a_living_person_passes_whatever_is_drawn(random: u128, light: bool) {
        let challenge = Challenge::draw(if light { Way::Light } else { Way::Motion }, random);
        let mut story = Story::asked(challenge.clone());
        story.act(ENOUGH, obedient(24.0));
        let verdict = story.verdict().unwrap();
        prop_assert!(verdict.passed && verdict.reasons.is_empty(), "{verdict:?}");
        prop_assert_eq!(steps(&story), challenge.steps());
        let ended = story.events.iter().any(|event| {
            matches!(event, SessionEvent::Completed { policy: PolicyVersion::V2, .. })
        });
        prop_assert!(ended);
    }

    /// More motion is asked for of those whose light is missing to the verdict, and of nobody else.
    #[test]
    fn what_is_asked_goes_by_the_light_that_the_verdict_finds(random: u128, noise in 0.045..0.075_f64, seed: u64) {
        let challenge = Challenge::draw(Way::Light, random);
        let mut story = Story::asked(challenge.clone());
        let mut drawn = seed;
        story.act(ENOUGH, |step| {
            let mut shown = lit(person(step, 24.0), None, 0.0);
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let red = 0.55 * (1.0 + noise * (drawn >> 40) as f64 / f64::from(1 << 24));
            for region in ["forehead", "left_cheek", "right_cheek", "nose", "chin"] {
                shown.cues.insert(region, &[red, 0.42, 0.36]);
            }
            shown
        });
        let verdict = story.verdict().unwrap();
        let light = score(&verdict, "light");
        prop_assert_eq!(light.score.is_none(), steps(&story).len() > challenge.steps().len(), "{:?}", light);
    }
}
