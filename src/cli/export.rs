use crate::event_log::{EventLog, Position};
use crate::settings::StoreArgs;
use crate::stores::open_log;
use crate::transfer::{ExportWriter, Trailer, export};
use anyhow::{Context as _, ensure};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Begin behind this position instead of at the first event
    #[arg(long, value_name = "POSITION")]
    after: Option<Position>,
    /// Write to this file instead of to standard output; where it holds an export, interrupted or whole, go on behind it
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    stores: StoreArgs,
}

pub(super) async fn run(args: &ExportArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let log = open_log(&args.stores)?;
    match &args.to {
        None => {
            let mut writer = ExportWriter::begin(BufWriter::new(out), args.after.unwrap_or(0))?;
            export(&*log, &mut writer).await?;
            writer.finish()?;
        }
        Some(path) => {
            let mut writer =
                open(&*log, path, args.after).await.with_context(|| path.display().to_string())?;
            export(&*log, &mut writer).await?;
            let (trailer, file) = writer.finish()?;
            file.into_inner()?.sync_all()?;
            tell(&trailer, out)?;
        }
    }
    log.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The file, for its owner alone: what it holds is no secret that opens anything, but it tells who was checked when.
async fn open(
    log: &dyn EventLog,
    path: &Path,
    after: Option<Position>,
) -> anyhow::Result<ExportWriter<BufWriter<File>>> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
    if file.metadata()?.len() == 0 {
        return ExportWriter::begin(BufWriter::new(file), after.unwrap_or(0));
    }
    ensure!(after.is_none(), "it holds an export, which goes on where it ends: leave --after out");
    ExportWriter::resume(log, file).await
}

fn tell(trailer: &Trailer, out: &mut dyn Write) -> std::io::Result<()> {
    let Trailer { count, first, last, sha256, content } = trailer;
    writeln!(out, "{count} events, positions {first} to {last}")?;
    writeln!(out, "sha256   {sha256}")?;
    writeln!(out, "content  {content}")
}
