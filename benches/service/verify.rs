//! Events a second that `liveness verify` verifies, over bare loops that read and hash; and its memory meanwhile.

use crate::chained;
use crate::machine;
use crate::plan::Plan;
use crate::process::command;
use crate::report::{Row, list, median};
use crate::scan;
use anyhow::{Context as _, ensure};
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often the memory is read.
const SAMPLE: Duration = Duration::from_millis(10);

/// Lets `verify` and the bare loops take turns on one log.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let built = Instant::now();
    let folder = chained::log(plan.verified / chained::SESSION_EVENTS)?;
    let built = built.elapsed();
    // Beside the sessions there is the key.
    let (events, log) = (plan.verified + 1, folder.path().join("events.db"));
    let size = std::fs::metadata(&log)?.len();
    // What is in the system's cache is so for all of them.
    scan::read(&log, events)?;
    let (mut verified, mut hashed, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    let mut memory = Vec::new();
    for _ in 0..plan.verify_rounds {
        let ran = verify(folder.path(), events)?;
        verified.push(events as f64 / ran.time.as_secs_f64());
        memory = ran.resident;
        hashed.push(events as f64 / scan::read_and_hash(&log, events)?.as_secs_f64());
        raw.push(events as f64 / scan::read_and_hash_bytes(&log, events)?.as_secs_f64());
    }
    let [tenth, half, end] = at_parts(&memory)?.map(|bytes| bytes / (1024 * 1024));
    let notes = vec![
        format!(
            "{events} events in {} sessions, {} MiB, built in {:.1} s",
            plan.verified / chained::SESSION_EVENTS,
            size / (1024 * 1024),
            built.as_secs_f64()
        ),
        format!("resident after a tenth, half and all of the time: {tenth}, {half} and {end} MiB"),
    ];
    let row = |what, bare: &[f64], target, bound: Option<f64>| {
        let ratios: Vec<f64> = verified.iter().zip(bare).map(|(service, bare)| service / bare).collect();
        let ratio = median(ratios.clone());
        let mut notes = notes.clone();
        notes.push(format!("rounds {}", list(&ratios, 2)));
        let (service, bare) = (median(verified.clone()), median(bare.to_vec()));
        let (service, bare) = (format!("{service:.0}/s"), format!("{bare:.0}/s"));
        Row { what, service, bare, ratio, target, met: bound.map(|bound| ratio >= bound), notes }
    };
    Ok(vec![
        row("events verified, over read and hash", &hashed, "at least 0.5", Some(0.5)),
        row("events verified, over read and SHA-256 of the bytes", &raw, "none", None),
    ])
}

/// How long it took, and its resident memory all the while, in bytes.
struct Ran {
    time: Duration,
    resident: Vec<u64>,
}

/// Runs `liveness verify` in a process of its own, from its start to its end.
fn verify(data: &Path, events: u64) -> anyhow::Result<Ran> {
    let started = Instant::now();
    let mut child = command(data, &["verify", "--json"]).stdout(Stdio::piped()).spawn()?;
    let process = child.id().to_string();
    let mut resident = Vec::new();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // One that has ended, and was not waited for yet, has none.
        resident.extend(machine::resident(&process).ok());
        sleep(SAMPLE);
    };
    let time = started.elapsed();
    let mut report = String::new();
    child.stdout.take().context("no stdout")?.read_to_string(&mut report)?;
    ensure!(status.success(), "the log is right, and was found to be wrong: {report}");
    let report: serde_json::Value = serde_json::from_str(&report)?;
    let seen = report["events"].as_u64().context("the report tells no events")?;
    // Keys for receipts are read before all else, and are no session's: they may be counted or not.
    ensure!(seen == events || seen + 1 == events, "{seen} of {events} events were verified");
    Ok(Ran { time, resident })
}

/// The memory at a tenth, half and the end of the time.
fn at_parts(samples: &[u64]) -> anyhow::Result<[u64; 3]> {
    let last = samples.len().checked_sub(1).context("it was over before its memory was read")?;
    Ok([last / 10, last / 2, last].map(|index| samples[index]))
}
