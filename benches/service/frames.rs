//! Frames a second through the whole service, over decoding and measuring the same frames bare.

use crate::capture::{Capture, Said};
use crate::clients;
use crate::http::{self, Http};
use crate::machine::{Since, Used};
use crate::networks::Networks;
use crate::person::{Album, Person};
use crate::plan::Plan;
use crate::recorded::{self, Shot};
use crate::report::{Row, list, median};
use crate::service::Service;
use anyhow::bail;
use chrono::Utc;
use futures::future::try_join_all;
use std::time::Duration;

/// Sessions at once for each worker of the service: as many frames as wait for it at most, so that none is dropped.
const SESSIONS_A_WORKER: usize = 8;
/// After the sessions begin, before frames are counted.
const WARM_UP: Duration = Duration::from_secs(2);
/// Time between the starts of two sessions, so that they do not pass through their steps side by side.
const STAGGER: Duration = Duration::from_millis(90);
/// For the service to be done with sessions that were left.
const COOL_DOWN: Duration = Duration::from_millis(500);

/// What one side did.
struct Rate {
    frames: f64,
    seconds: f64,
    used: Used,
}

impl Rate {
    fn a_second(&self) -> f64 {
        self.frames / self.seconds
    }
}

/// Lets service and bare loop take turns: what the one was asked, the other is asked next.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Row> {
    let album = Album::render()?;
    let workers = std::thread::available_parallelism()?.get();
    let mut networks = Networks::load(&album, workers)?;
    let service = Service::start()?;
    let (mut served, mut bare, mut described) = (Vec::new(), Vec::new(), 0);
    for _ in 0..plan.rounds {
        let (rate, shots) = serve(&service, &album, workers * SESSIONS_A_WORKER, plan.frames_window)?;
        described += shots.iter().filter(|shot| shot.describe).count();
        served.push(rate);
        let since = Since::now(&service)?;
        let seconds = networks.measure(&album, &shots)?.as_secs_f64();
        bare.push(Rate { frames: shots.len() as f64, seconds, used: since.used(&service)? });
    }
    let ratios: Vec<f64> =
        served.iter().zip(&bare).map(|(served, bare)| served.a_second() / bare.a_second()).collect();
    let ratio = median(ratios.clone());
    let middle = |rates: &[Rate], of: fn(&Rate) -> f64| median(rates.iter().map(of).collect());
    let millis = |rates: &[Rate], of: fn(&Used) -> f64| {
        median(rates.iter().map(|rate| of(&rate.used) * 1e3 / rate.frames).collect())
    };
    let (service_millis, client_millis) =
        (millis(&served, |used| used.service), millis(&served, |used| used.own));
    let bare_millis = millis(&bare, |used| used.own);
    let frames: f64 = served.iter().map(|rate| rate.frames).sum();
    Ok(Row {
        what: "frames a second",
        service: format!("{:.1}/s", middle(&served, Rate::a_second)),
        bare: format!("{:.1}/s", middle(&bare, Rate::a_second)),
        ratio,
        target: "at least 0.85",
        met: Some(ratio >= 0.85),
        notes: vec![
            format!("{} sessions at once, {workers} workers", workers * SESSIONS_A_WORKER),
            format!(
                "{} kB a picture, {:.0}% of {frames} described",
                album.mean_bytes() / 1000,
                described as f64 * 100.0 / frames
            ),
            format!("rounds {}", list(&ratios, 2)),
            format!(
                "processor time a frame: service {service_millis:.2} ms, client {client_millis:.2} ms, bare \
                 {bare_millis:.2} ms, which makes a ratio of {:.2}",
                bare_millis / (service_millis + client_millis)
            ),
            format!(
                "others kept {:.2} cores busy beside the service and {:.2} beside the bare loop",
                middle(&served, |rate| rate.used.others / rate.seconds),
                middle(&bare, |rate| rate.used.others / rate.seconds)
            ),
        ],
    })
}

/// Has people before the camera for a while, and tells what of it the log holds.
fn serve(
    service: &Service,
    album: &Album,
    people: usize,
    window: Duration,
) -> anyhow::Result<(Rate, Vec<Shot>)> {
    let thread = clients::thread()?;
    let capturing = try_join_all((0..people).map(|number| keep_capturing(service, album, number)));
    let watching = async {
        tokio::time::sleep(WARM_UP + STAGGER * u32::try_from(people)?).await;
        let (from, since) = (Utc::now(), Since::now(service)?);
        tokio::time::sleep(window).await;
        anyhow::Ok((from, Utc::now(), since.used(service)?))
    };
    let (from, to, used) = thread.block_on(async {
        tokio::select! {
            ended = capturing => bail!("{} people stopped", ended?.len()),
            watched = watching => watched,
        }
    })?;
    drop(thread);
    std::thread::sleep(COOL_DOWN);
    let mut shots = recorded::shots(&service.log(), album, None)?;
    shots.retain(|shot| (from.timestamp_micros()..to.timestamp_micros()).contains(&shot.committed));
    let seconds = (to - from).as_seconds_f64();
    Ok((Rate { frames: shots.len() as f64, seconds, used }, shots))
}

/// One check after the other, each picture as soon as the one before is answered.
async fn keep_capturing(service: &Service, album: &Album, number: usize) -> anyhow::Result<()> {
    tokio::time::sleep(STAGGER * u32::try_from(number)?).await;
    let request = http::post(service);
    loop {
        // An idle connection would not outlast a check.
        let check = Http::connect(service).await?.create(&request).await?;
        let mut capture = Capture::start(service, &check).await?;
        let mut person = Person::default();
        let mut step = None;
        loop {
            capture.send(person.picture(album, step)).await?;
            match capture.answer().await? {
                Said::Guide { step: next, .. } => step = next,
                Said::Complete => break,
            }
        }
    }
}
