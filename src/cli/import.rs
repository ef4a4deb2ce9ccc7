use crate::settings::StoreArgs;
use crate::stores::open_log;
use crate::transfer::{ExportReader, Imported, import};
use anyhow::Context as _;
use clap::Args;
use std::fs::File;
use std::io::{self, BufReader, Seek as _, Write};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    stores: StoreArgs,
}

pub(super) async fn run(args: &ImportArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if input.metadata()?.is_file() {
        // A file is read twice: nothing of a wrong one is appended.
        let start = input.stream_position()?;
        ExportReader::new(BufReader::new(&input))?.check().context("nothing was imported")?;
        input.seek(io::SeekFrom::Start(start))?;
    }
    let log = open_log(&args.stores)?;
    let mut export = ExportReader::new(BufReader::new(input))?;
    let imported = import(&*log, &mut export).await;
    log.close().await;
    let Imported { new, present } =
        imported.context("the import is not complete; the same import again goes on where it ended")?;
    writeln!(out, "{new} events imported, {present} were there already")?;
    if let Some(trailer) = export.trailer() {
        writeln!(out, "content  {}", trailer.content)?;
    }
    Ok(ExitCode::SUCCESS)
}
