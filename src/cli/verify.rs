use crate::clock::Clock;
use crate::settings::StoreArgs;
use crate::stores::open_log;
use crate::transfer::ExportReader;
use crate::verification::{
    Finding, Report, compare, keys_of_export, keys_of_log, verify_export, verify_log, verify_session,
};
use anyhow::{Context as _, ensure};
use clap::Args;
use liveness_events::receipt::{JwkSet, PublicKey};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct VerifyChainArgs {
    /// The session; without it, all of the log
    #[arg(conflicts_with = "file")]
    uuid: Option<Uuid>,
    /// An export to verify instead of the log; no store is opened
    #[arg(long, value_name = "EXPORT")]
    file: Option<PathBuf>,
    /// The public keys to check receipts with, as /.well-known/liveness-keys.json shows them [default: those that the
    /// log itself announces, which can be trusted as far as the log]
    #[arg(long, value_name = "JWKS")]
    keys: Option<PathBuf>,
    /// An earlier export: name what it holds and the log no longer does
    #[arg(long, value_name = "EXPORT", conflicts_with_all = ["uuid", "file"])]
    against: Option<PathBuf>,
    /// For machines: one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stores: StoreArgs,
}

pub(super) async fn run(args: &VerifyChainArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let report = match &args.file {
        Some(path) => export(args, path).with_context(|| path.display().to_string())?,
        None => log(args).await?,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&report, args.keys.is_some(), out)?;
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn export(args: &VerifyChainArgs, path: &Path) -> anyhow::Result<Report> {
    let file = File::open(path)?;
    let keys = match named_keys(args)? {
        Some(keys) => keys,
        None => keys_of_export(&file)?,
    };
    Ok(verify_export(&file, &keys, Clock::default().now())?)
}

async fn log(args: &VerifyChainArgs) -> anyhow::Result<Report> {
    let log = open_log(&args.stores)?;
    let keys = match named_keys(args)? {
        Some(keys) => keys,
        None => keys_of_log(&*log).await?,
    };
    let now = Clock::default().now();
    let mut report = match args.uuid {
        Some(uuid) => verify_session(&*log, uuid, &keys, now)
            .await?
            .with_context(|| format!("there is no session {uuid}"))?,
        None => verify_log(&*log, &keys, now).await?,
    };
    if let Some(path) = &args.against {
        let compared =
            async { compare(&*log, &mut ExportReader::new(BufReader::new(File::open(path)?))?).await };
        let findings = compared.await.with_context(|| format!("--against: {}", path.display()))?;
        report.findings.extend(findings);
    }
    log.close().await;
    Ok(report)
}

fn named_keys(args: &VerifyChainArgs) -> anyhow::Result<Option<Vec<PublicKey>>> {
    let Some(path) = &args.keys else { return Ok(None) };
    let read = || -> anyhow::Result<Vec<PublicKey>> {
        let set: JwkSet = serde_json::from_slice(&std::fs::read(path)?)?;
        let keys: Vec<_> = set.ed25519().collect();
        ensure!(!keys.is_empty(), "there is no Ed25519 key in it");
        Ok(keys)
    };
    read().map(Some).with_context(|| format!("--keys: {}", path.display()))
}

fn print(report: &Report, named: bool, out: &mut dyn Write) -> std::io::Result<()> {
    for Finding { stream, revision, kind, evidence } in &report.findings {
        let place = match (stream, revision) {
            (Some(stream), Some(revision)) => format!("{stream}, revision {revision}: "),
            _ => String::new(),
        };
        let kind = serde_json::to_value(kind).unwrap_or_default();
        let kind = kind.as_str().unwrap_or_default().to_uppercase().replace('_', " ");
        writeln!(out, "{kind}  {place}{evidence}")?;
    }
    if report.not_looked_into > 0 {
        writeln!(out, "{} more sessions are wrong and were not looked into", report.not_looked_into)?;
    }
    let Report { streams, events, receipts, receipts_awaited, keys, findings, .. } = report;
    writeln!(out, "streams {streams}, events {events}, receipts {receipts}, findings {}", findings.len())?;
    if *receipts_awaited > 0 {
        writeln!(out, "sessions that ended a moment ago and have no receipt yet: {receipts_awaited}")?;
    }
    let origin = if named { "from --keys" } else { "from the log itself: name trusted ones with --keys" };
    for key in keys {
        writeln!(out, "key {key} ({origin})")?;
    }
    if keys.is_empty() {
        writeln!(out, "no key: no receipt was checked")?;
    }
    Ok(())
}
