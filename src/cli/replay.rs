mod all;
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
use liveness_events::session::{Replayed, SessionEvent, replay, replay_by};
use liveness_events::stored::Stored as _;
use liveness_events::stream;
use liveness_events::verdict::{PolicyVersion, Verdict};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The session
    #[arg(required_unless_present = "all")]
    uuid: Option<Uuid>,
    /// Every session that has a verdict
    #[arg(long, conflicts_with = "uuid")]
    all: bool,
    /// Tell what this policy says of the same evidence
    #[arg(long, value_name = "N", value_parser = policy)]
    policy: Option<PolicyVersion>,
    /// For machines: one JSON document; with `--all` a line a session
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
    /// What the policy says that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_policy: Option<ByPolicy>,
}

#[derive(Debug, Serialize)]
struct ByPolicy {
    policy: PolicyVersion,
    verdict: Option<Verdict>,
}

/// Parses the number of a policy.
pub(super) fn policy(text: &str) -> Result<PolicyVersion, String> {
    text.parse::<u32>().map_err(|_| "a policy is a number".to_owned())?.try_into()
}

pub(super) async fn run(args: &ReplayArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let log = open_log(&args.stores)?;
    match args.uuid {
        Some(uuid) => one(args, &*log, uuid, out).await,
        None => all::run(&*log, args.policy, args.json, out).await,
    }
}

async fn one(
    args: &ReplayArgs,
    log: &dyn EventLog,
    uuid: Uuid,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let (events, _) = journal::load::<SessionEvent>(log, &stream::session(uuid)).await?;
    if events.is_empty() {
        bail!("there is no session {uuid}");
    }
    let by_policy = args.policy.map(|policy| ByPolicy { policy, verdict: replay_by(&events, policy) });
    let replayed = replay(&events);
    // A session that came to no score has nothing that could differ.
    let equal = replayed.as_ref().is_none_or(Replayed::is_equal);
    if args.json {
        let report = Report { uuid, events: events.len(), replayed: replayed.as_ref(), equal, by_policy };
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(uuid, &events, &receipts(log, uuid).await?, replayed.as_ref(), out)?;
        if let Some(ByPolicy { policy, verdict: Some(verdict) }) = by_policy {
            writeln!(out, "\npolicy {}    {}", u32::from(policy), line(&verdict))?;
            signals(&verdict, out)?;
        }
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
    signals(recomputed, out)?;
    writeln!(out, "{}", if replayed.is_equal() { "the verdicts are equal" } else { "THE VERDICTS DIFFER" })
}

fn signals(verdict: &Verdict, out: &mut dyn Write) -> std::io::Result<()> {
    for signal in &verdict.signals {
        let value = signal.value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.4}"));
        let score = signal.score.map_or_else(|| "   -".to_owned(), |score| format!("{score:.2}"));
        writeln!(out, "  {:<12} {value:>12}   score {score}   lost {:>5.1}", signal.signal, signal.lost)?;
    }
    Ok(())
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
