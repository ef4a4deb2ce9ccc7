use crate::clock::Clock;
use crate::eval::{
    Context, MANIFEST, Manifest, PICTURES, RECORDED, Recorded, Split, Summary, Trial, page, print, score,
};
use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use liveness_events::verdict::PolicyVersion;
use serde::Serialize;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// The folder: `manifest.toml` with the labels, `sessions.ndjson`, an export of the log with the sessions that these
    /// name, and `pictures`, where there are any
    dir: PathBuf,
    /// The people whose trials count: those that nothing was tuned on, those that it was tuned on, or all
    #[arg(long, value_enum, default_value_t = Which::Report)]
    split: Which,
    /// The confidence above which a trial passes, 0 to 99; others stand beside it
    #[arg(long, default_value_t = 70, value_name = "CONFIDENCE", value_parser = clap::value_parser!(u8).range(..=99))]
    threshold: u8,
    /// The policy that judges recorded sessions [default: the newest]
    #[arg(long, value_name = "N", value_parser = super::replay::policy)]
    policy: Option<PolicyVersion>,
    /// Draw the report into this file, as one page of HTML. It can show faces: it is written for its owner alone
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// For machines: one JSON document, with every trial
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Report,
    Tune,
    All,
}

impl Which {
    const fn code(self) -> &'static str {
        match self {
            Self::Report => Split::Report.code(),
            Self::Tune => Split::Tune.code(),
            Self::All => "all",
        }
    }

    fn has(self, split: Split) -> bool {
        self == Self::All || self.code() == split.code()
    }
}

pub(super) fn run(args: &EvalArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let manifest = manifest(&args.dir)?;
    let recorded = recorded(args, &manifest)?;
    evaluate(args, manifest, recorded, out)?;
    Ok(ExitCode::SUCCESS)
}

fn manifest(dir: &Path) -> anyhow::Result<Manifest> {
    let path = dir.join(MANIFEST);
    let read = || -> anyhow::Result<Manifest> {
        let text = std::fs::read_to_string(&path).map_err(missing)?;
        Ok(Manifest::parse(&text)?)
    };
    read().with_context(|| path.display().to_string())
}

/// Says where the files of a folder come from.
fn missing(error: io::Error) -> anyhow::Error {
    let is_missing = error.kind() == io::ErrorKind::NotFound;
    let error = anyhow::Error::new(error);
    if is_missing {
        return error.context(
            "there is no such file: `liveness attack --out DIR` writes the folder, and \
             `liveness export --to DIR/sessions.ndjson` what was recorded (docs/evaluation.md)",
        );
    }
    error
}

fn recorded(args: &EvalArgs, manifest: &Manifest) -> anyhow::Result<Recorded> {
    let labelled = manifest.entries.iter().map(|entry| entry.session).collect();
    let path = args.dir.join(RECORDED);
    let read =
        || Recorded::read(BufReader::new(File::open(&path).map_err(missing)?), &labelled, policy(args));
    read().with_context(|| path.display().to_string())
}

fn policy(args: &EvalArgs) -> PolicyVersion {
    args.policy.unwrap_or(PolicyVersion::CURRENT)
}

/// All that was found, for machines.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    cases: &'a [&'a Trial],
}

fn evaluate(
    args: &EvalArgs,
    manifest: Manifest,
    mut recorded: Recorded,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let chosen = manifest.entries.iter().filter(|entry| args.split.has(entry.split));
    let trials = score(chosen, &mut recorded)?;
    let trials: Vec<&Trial> = trials.iter().collect();
    ensure!(!trials.is_empty(), "{MANIFEST}: no trial is in split {}", args.split.code());
    let context = Context {
        title: manifest.title.unwrap_or_else(|| name(&args.dir)),
        manifest_sha256: manifest.sha256,
        split: args.split.code().to_owned(),
        policy: policy(args).into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Clock::default().now().to_string(),
        notes: recorded.notes(),
    };
    let summary = Summary::of(context, args.threshold.into(), &trials);
    if let Some(path) = &args.report {
        write(path, &page(&summary, &trials, &|session| picture(&args.dir, session))?)
            .with_context(|| path.display().to_string())?;
    }
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&Document { summary: &summary, cases: &trials })?)?;
    } else {
        print(&summary, out)?;
    }
    Ok(())
}

/// The picture of a session, where the folder has one.
fn picture(dir: &Path, session: Uuid) -> Option<Vec<u8>> {
    std::fs::read(dir.join(PICTURES).join(format!("{session}.jpg"))).ok()
}

/// The folder's own name, also where it is called `.`.
fn name(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy().into_owned()
}

fn write(path: &Path, html: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path)?;
    // A file that was there before has the rights that it had.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(html.as_bytes())
}

#[cfg(test)]
mod tests;
