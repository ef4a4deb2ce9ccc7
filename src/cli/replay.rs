mod timeline;

use crate::event_log::{EventLog, ReadError};
use crate::journal;
use crate::receipts::is_signed_by;
use crate::settings::StoreArgs;
use crate::stores::open_log;
use crate::verification::keys_of_log;
use anyhow::bail;
use clap::Args;
use liveness_events::receipt::SignedReceipt;
use liveness_events::session::{Replayed, SessionEvent, replay};
use liveness_events::stored::Stored as _;
use liveness_events::stream;
use liveness_events::verdict::Verdict;
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The session
    uuid: Uuid,
    /// For machines: one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stores: StoreArgs,
}

/// What a replay found, for machines.
#[derive(Debug, Serialize)]
struct Report<'a> {
    uuid: Uuid,
    events: usize,
    replayed: Option<&'a Replayed>,
    equal: bool,
}

pub(super) async fn run(args: &ReplayArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let log = open_log(&args.stores)?;
    let (events, _) = journal::load::<SessionEvent>(&*log, &stream::session(args.uuid)).await?;
    if events.is_empty() {
        bail!("there is no session {}", args.uuid);
    }
    let replayed = replay(&events);
    // A session that came to no score has nothing that could differ.
    let equal = replayed.as_ref().is_none_or(Replayed::is_equal);
    if args.json {
        let report = Report { uuid: args.uuid, events: events.len(), replayed: replayed.as_ref(), equal };
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(args.uuid, &events, &receipts(&*log, args.uuid).await?, replayed.as_ref(), out)?;
    }
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(
    uuid: Uuid,
    events: &[SessionEvent],
    receipts: &[String],
    replayed: Option<&Replayed>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out, "session {uuid}, {} events", events.len())?;
    timeline::draw(events, out)?;
    for receipt in receipts {
        writeln!(out, "{receipt}")?;
    }
    let Some(replayed) = replayed else { return writeln!(out, "\nno verdict: nothing was scored") };
    writeln!(out, "\nrecorded    {}", line(&replayed.recorded))?;
    let Some(recomputed) = &replayed.recomputed else { return writeln!(out, "NOTHING TO RECOMPUTE IT FROM") };
    writeln!(out, "recomputed  {}", line(recomputed))?;
    for signal in &recomputed.signals {
        let value = signal.value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.4}"));
        let score = signal.score.map_or_else(|| "  - ".to_owned(), |score| format!("{score:.2}"));
        writeln!(out, "  {:<12} {value:>12}   score {score}   lost {:>5.1}", signal.signal, signal.lost)?;
    }
    writeln!(out, "{}", if replayed.is_equal() { "the verdicts are equal" } else { "THE VERDICTS DIFFER" })
}

/// A line for each receipt of the session: what it was signed for, and whether the key is one that the log announces.
async fn receipts(log: &dyn EventLog, session: Uuid) -> Result<Vec<String>, ReadError> {
    let keys = keys_of_log(log).await?;
    let recorded = journal::read(log, &stream::receipts(session)).await?;
    let told = recorded.iter().map(|event| {
        let Ok(signed) = SignedReceipt::decode_recorded(event) else {
            return "receipt    CANNOT BE READ: see `liveness verify`".to_owned();
        };
        let receipt = &signed.receipt;
        let right = keys.iter().any(|key| key.id() == receipt.key_id && is_signed_by(&signed, key));
        let right = if right { "signature right" } else { "SIGNATURE WRONG OR KEY UNKNOWN" };
        format!("receipt    revision {:<5} signed {}, {right}", receipt.revision, receipt.at)
    });
    Ok(told.collect())
}

fn line(verdict: &Verdict) -> String {
    let passed = if verdict.passed { "passed" } else { "not passed" };
    let reasons: Vec<&str> = verdict.reasons.iter().map(|reason| reason.as_str()).collect();
    let reasons = reasons.join(" ");
    format!(
        "{passed}, confidence {:.1} over a threshold of {}  {reasons}",
        verdict.confidence, verdict.threshold
    )
}
