//! From the last frame to a verdict that GET answers, over measuring that frame bare.

use crate::capture::{Capture, Said};
use crate::clients;
use crate::http::{self, Http};
use crate::networks::Networks;
use crate::person::{Album, Person};
use crate::plan::Plan;
use crate::recorded;
use crate::report::{Row, median};
use crate::service::Service;
use anyhow::{Context as _, ensure};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The bound, in milliseconds.
const LIMIT: f64 = 150.0;
/// How far a person is at least who is asked for the last step of all: fourteen of fifteen are done.
const LAST_STEP: f64 = 0.93;
/// Between two pictures at least: the service hangs up on who sends more than 60 messages a second.
const GAP: Duration = Duration::from_millis(25);
/// After this long without a verdict something is wrong.
const PATIENCE: Duration = Duration::from_secs(5);

/// One session after the other; then the last frame of each, bare.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Row> {
    let album = Album::render()?;
    let service = Service::start()?;
    let thread = clients::thread()?;
    let (mut waits, mut sessions) = (Vec::new(), Vec::new());
    let mut passed = 0;
    for _ in 0..plan.verdicts {
        let Verdict { session, wait, passes } = thread.block_on(verdict(&service, &album))?;
        waits.push(wait.as_secs_f64() * 1e3);
        sessions.push(session);
        passed += usize::from(passes);
    }
    let mut networks = Networks::load(&album, 1)?;
    let mut bare = Vec::new();
    for session in &sessions {
        let shots = recorded::shots(&service.log(), &album, Some(*session))?;
        let last = shots.last().context("a session without frames")?;
        bare.push(networks.measure_one(&album, last)?.as_secs_f64() * 1e3);
    }
    let (middle, bare) = (median(waits.clone()), median(bare));
    Ok(Row {
        what: "last frame to readable verdict",
        service: format!("{middle:.1} ms"),
        bare: format!("{bare:.1} ms"),
        ratio: middle / bare,
        target: "under 150 ms",
        met: Some(middle < LIMIT),
        notes: vec![
            format!("{} sessions, {passed} of them passed", waits.len()),
            format!("slowest {:.1} ms", waits.iter().copied().fold(0.0, f64::max)),
        ],
    })
}

struct Verdict {
    session: Uuid,
    /// From sending the last frame until GET answered 200.
    wait: Duration,
    passes: bool,
}

/// Goes through one check. In the last step each picture may be the last one, so GET is asked without pause from the
/// moment at which the picture is sent.
async fn verdict(service: &Service, album: &Album) -> anyhow::Result<Verdict> {
    let check = Http::connect(service).await?.create(&http::post(service)).await?;
    let get = http::get(service, &check.token);
    let mut capture = Capture::start(service, &check).await?;
    let (mut person, mut step, mut progress) = (Person::default(), None, 0.0);
    // Made when it is needed: an idle connection would not outlast the check.
    let mut polling = None;
    let mut next = Instant::now();
    loop {
        tokio::time::sleep_until(next.into()).await;
        if progress >= LAST_STEP && polling.is_none() {
            polling = Some(Http::connect(service).await?);
        }
        let picture = person.picture(album, step);
        let sent = Instant::now();
        next = sent + GAP;
        capture.send(picture).await?;
        let said = match &mut polling {
            Some(http) => poll(http, &get, &mut capture, sent).await?,
            None => Polled::Said(capture.answer().await?),
        };
        match said {
            Polled::Said(Said::Guide { step: next, progress: so_far }) => (step, progress) = (next, so_far),
            Polled::Said(Said::Complete) => anyhow::bail!("complete before the last step"),
            Polled::Verdict { passes } => {
                return Ok(Verdict { session: check.uuid, wait: sent.elapsed(), passes });
            }
        }
    }
}

enum Polled {
    Said(Said),
    Verdict { passes: bool },
}

/// Asks GET until it answers 200, or until the picture turns out not to have been the last one.
async fn poll(http: &mut Http, get: &[u8], capture: &mut Capture, sent: Instant) -> anyhow::Result<Polled> {
    let mut complete = false;
    while sent.elapsed() < PATIENCE {
        match http.ask(get).await? {
            (200, body) => {
                let passes = body.windows(13).any(|part| part == br#""passed":true"#);
                return Ok(Polled::Verdict { passes });
            }
            (status, _) => ensure!(status == 202, "GET was answered {status}"),
        }
        if !complete {
            match capture.answered()? {
                Some(Said::Complete) => complete = true,
                Some(guide) => return Ok(Polled::Said(guide)),
                None => {}
            }
        }
    }
    anyhow::bail!("no verdict within {PATIENCE:?}")
}
