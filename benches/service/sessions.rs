//! Many people on one service at the same time, and one alone: how soon each hears of a picture, whether all come to
//! their end, and what a session costs.

use crate::costs::{Costs, Recorded};
use crate::crowd::{Crowd, Outcome};
use crate::pace::Pace;
use crate::person::Album;
use crate::plan::Plan;
use crate::report::{Row, list, median, percentile};
use crate::service::Service;
use anyhow::ensure;

/// People at once.
const PEOPLE: usize = 20;
/// Threads that measure: the default on two cores, whatever machine this is.
const WORKERS: &str = "2";
/// The bound of the 95th percentile from a picture to its hint, in milliseconds.
const LIMIT: f64 = 400.0;
/// Fewest frames a second of a session, over the mean of all: with less than half of them it is starved. Own choice.
const FAIR: f64 = 0.5;

/// Lets one person and many take turns; then measures what the sessions of the many consist of.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<(Vec<Row>, String)> {
    let (album, pace) = (Album::render()?, Pace::of_page()?);
    let service = Service::with(&["--threads", WORKERS])?;
    let (mut alone, mut crowds) = (Vec::new(), Vec::new());
    for _ in 0..plan.session_rounds {
        alone.push(Crowd::watch(&service, &album, pace, 1)?);
        crowds.push(Crowd::watch(&service, &album, pace, PEOPLE)?);
    }
    let complete = all(&crowds).filter(|one| one.passed.is_some());
    let costed: Vec<&Recorded> = complete.map(|one| &one.recorded).take(plan.costed_sessions).collect();
    ensure!(!costed.is_empty(), "nobody came to a verdict: {}", problems(&crowds));
    let costs = Costs::measure(&album, &costed, plan.session_rounds)?;
    let (frames, used) = (frames_a_session(&crowds), seconds_a_session(&crowds));
    let tables = [costs.by_parts(frames, used), costs.by_signals(frames, &costed)].join("\n");
    let rows = vec![
        hints(&alone, &crowds, pace, &album),
        fairness(&crowds),
        verdicts(&alone, &crowds),
        processor_time(&alone, &crowds, costs.bare()),
    ];
    Ok((rows, tables))
}

fn hints(alone: &[Crowd], crowds: &[Crowd], pace: Pace, album: &Album) -> Row {
    let times = |crowds: &[Crowd]| all(crowds).flat_map(|one| one.hints.clone()).collect::<Vec<f64>>();
    let (one, many) = (times(alone), times(crowds));
    let (middle, late) = (median(many.clone()), percentile(many.clone(), 0.95));
    let sum = |crowds: &[Crowd], of: fn(&Outcome) -> usize| all(crowds).map(of).sum::<usize>();
    let dropped = |crowds: &[Crowd]| {
        let (dropped, sent) = (sum(crowds, |one| one.dropped), sum(crowds, |one| one.sent));
        format!("{dropped} of {sent}")
    };
    let rounds: Vec<f64> =
        crowds.iter().map(|crowd| percentile(times(std::slice::from_ref(crowd)), 0.95)).collect();
    Row {
        what: "a picture to its hint, 20 sessions at once",
        service: format!("median {middle:.0} ms, 95% {late:.0} ms"),
        bare: format!("alone {:.0} ms, 95% {:.0} ms", median(one.clone()), percentile(one.clone(), 0.95)),
        ratio: middle / median(one.clone()),
        target: "95% under 400 ms",
        met: Some(late < LIMIT),
        notes: vec![
            format!(
                "a picture every {} ms at most, {} unanswered at most, {} pictures of {} kB",
                pace.gap.as_millis(),
                pace.unanswered,
                album.jpegs().len(),
                album.mean_bytes() / 1000
            ),
            format!("{WORKERS} threads measure; slowest {:.0} ms, alone {:.0} ms", most(&many), most(&one)),
            format!("dropped {}, alone {}", dropped(crowds), dropped(alone)),
            format!("95% of each round {}", list(&rounds, 0)),
            format!(
                "others kept {:.2} cores busy, the clients {:.2}",
                mean(crowds.iter().map(|crowd| crowd.used.others / crowd.seconds)),
                mean(crowds.iter().map(|crowd| crowd.used.own / crowd.seconds))
            ),
        ],
    }
}

/// Of the round in which the slowest one was furthest behind.
fn fairness(crowds: &[Crowd]) -> Row {
    let rounds = crowds.iter().map(|crowd| {
        let rates = crowd.frames_a_second();
        (rates.iter().copied().fold(f64::MAX, f64::min), mean(rates.iter().copied()))
    });
    let rounds: Vec<(f64, f64)> = rounds.collect();
    let ratio = |(least, mean): &(f64, f64)| least / mean;
    let (least, middle) =
        rounds.iter().copied().min_by(|a, b| ratio(a).total_cmp(&ratio(b))).unwrap_or_default();
    Row {
        what: "frames a second, slowest of 20 sessions at once",
        service: format!("{least:.2}/s"),
        bare: format!("mean {middle:.2}/s"),
        ratio: least / middle,
        target: "at least 0.5",
        met: Some(least / middle >= FAIR),
        notes: vec![
            format!("rounds {}", list(&rounds.iter().map(ratio).collect::<Vec<_>>(), 2)),
            format!("a session took {:.1} s", median(all(crowds).map(|one| one.seconds).collect())),
        ],
    }
}

fn verdicts(alone: &[Crowd], crowds: &[Crowd]) -> Row {
    let passed = |crowds: &[Crowd]| {
        let passed = all(crowds).filter(|one| one.passed == Some(true)).count();
        (passed, all(crowds).count())
    };
    let ((passed_alone, of_alone), (passed, of)) = (passed(alone), passed(crowds));
    let judged = all(crowds).filter(|one| one.passed.is_some()).count();
    let mut notes = vec![format!("{judged} of {of} came to a verdict")];
    notes.extend(Some(problems(crowds)).filter(|problems| !problems.is_empty()));
    Row {
        what: "passed, 20 sessions at once",
        service: format!("{passed} of {of}"),
        bare: format!("alone {passed_alone} of {of_alone}"),
        ratio: passed as f64 / of as f64,
        target: "all",
        met: Some(passed == of),
        notes,
    }
}

fn processor_time(alone: &[Crowd], crowds: &[Crowd], bare_a_frame: f64) -> Row {
    let (frames, used) = (frames_a_session(crowds), seconds_a_session(crowds));
    let bare = bare_a_frame * frames;
    Row {
        what: "processor time of a session, 20 at once",
        service: format!("{used:.2} s"),
        bare: format!("{bare:.2} s of ONNX"),
        ratio: used / bare,
        target: "none",
        met: None,
        notes: vec![
            format!("{frames:.0} frames, {:.1} ms each", used * 1e3 / frames),
            format!(
                "alone {:.2} s for {:.0} frames, {:.1} ms each",
                seconds_a_session(alone),
                frames_a_session(alone),
                seconds_a_session(alone) * 1e3 / frames_a_session(alone)
            ),
        ],
    }
}

fn all(crowds: &[Crowd]) -> impl Iterator<Item = &Outcome> {
    crowds.iter().flat_map(|crowd| &crowd.people)
}

/// Why people came to no verdict, or to a bad one.
fn problems(crowds: &[Crowd]) -> String {
    all(crowds).filter_map(|one| one.problem.clone()).collect::<Vec<_>>().join("; ")
}

fn frames_a_session(crowds: &[Crowd]) -> f64 {
    mean(all(crowds).map(|one| one.recorded.shots.len() as f64))
}

/// Seconds of the service's processor time.
fn seconds_a_session(crowds: &[Crowd]) -> f64 {
    crowds.iter().map(|crowd| crowd.used.service).sum::<f64>() / all(crowds).count() as f64
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / f64::max(count, 1.0)
}
