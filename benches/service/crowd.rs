//! People who are on one service at the same time, and what became of each.

use crate::clients;
use crate::costs::Recorded;
use crate::machine::{Since, Used};
use crate::pace::Pace;
use crate::person::Album;
use crate::recorded;
use crate::service::Service;
use crate::sitting::Sitting;
use anyhow::Context as _;
use futures::future::try_join_all;
use liveness_events::Digest;
use liveness_events::session::SessionEvent;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Between the arrivals of two people: twenty are there within a second.
const STAGGER: Duration = Duration::from_millis(50);
/// For the service to seal images and sign receipts after the last verdict.
const COOL_DOWN: Duration = Duration::from_secs(1);

/// People who came at the same time.
pub(crate) struct Crowd {
    pub(crate) people: Vec<Outcome>,
    pub(crate) used: Used,
    /// From the first one's coming to the last one's end.
    pub(crate) seconds: f64,
}

/// What became of one of them.
pub(crate) struct Outcome {
    pub(crate) recorded: Recorded,
    /// From each picture that was measured to its answer, in milliseconds.
    pub(crate) hints: Vec<f64>,
    pub(crate) sent: usize,
    /// Pictures that were answered and not measured.
    pub(crate) dropped: usize,
    pub(crate) seconds: f64,
    /// Whether the verdict was good, where there was one.
    pub(crate) passed: Option<bool>,
    /// Why not, or why there was none.
    pub(crate) problem: Option<String>,
}

impl Crowd {
    /// Lets so many people come, and waits until each has come to an end.
    pub(crate) fn watch(service: &Service, album: &Album, pace: Pace, people: usize) -> anyhow::Result<Self> {
        let thread = clients::thread()?;
        let (since, began) = (Since::now(service)?, Instant::now());
        let sittings = thread.block_on(try_join_all((0..people).map(async |number| {
            tokio::time::sleep(STAGGER * u32::try_from(number)?).await;
            Sitting::go_through(service, album, pace).await
        })))?;
        let seconds = began.elapsed().as_secs_f64();
        std::thread::sleep(COOL_DOWN);
        let used = since.used(service)?;
        let people = sittings.into_iter().map(|sitting| Outcome::of(sitting, service, album));
        Ok(Self { people: people.collect::<anyhow::Result<_>>()?, used, seconds })
    }

    /// Of each of them: pictures that were measured.
    pub(crate) fn frames_a_second(&self) -> Vec<f64> {
        self.people.iter().map(|one| one.hints.len() as f64 / one.seconds).collect()
    }
}

impl Outcome {
    fn of(sitting: Sitting, service: &Service, album: &Album) -> anyhow::Result<Self> {
        let sent: HashMap<Digest, usize> = sitting.hashes(album)?.into_iter().zip(0..).collect();
        let number = |sha256: &Digest| sent.get(sha256).copied().context("a picture that was never sent");
        let events = recorded::events(&service.log(), sitting.session)?;
        let shots = recorded::follow(&events, |sha256| Ok(sitting.sent[number(sha256)?].picture))?;
        let events: Vec<SessionEvent> = events.into_iter().map(|committed| committed.event).collect();
        let (mut hints, mut passed, mut problem) = (Vec::new(), None, sitting.problem);
        for event in &events {
            match event {
                SessionEvent::FrameReceived { frame, .. } => {
                    let answered = sitting.sent[number(&frame.sha256)?].answered;
                    hints.extend(answered.map(|time| time.as_secs_f64() * 1e3));
                }
                SessionEvent::Completed { verdict, .. } => {
                    passed = Some(verdict.passed);
                    let why = || format!("confidence {} {:?}", verdict.confidence, verdict.reasons);
                    problem = problem.or_else(|| (!verdict.passed).then(why));
                }
                _ => {}
            }
        }
        let answered = sitting.sent.iter().filter(|sent| sent.answered.is_some()).count();
        Ok(Self {
            recorded: Recorded { shots, events },
            dropped: answered - hints.len(),
            hints,
            sent: sitting.sent.len(),
            seconds: sitting.lasted.as_secs_f64(),
            passed,
            problem,
        })
    }
}
