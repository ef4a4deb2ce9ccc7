use crate::data_dir::DataDir;
use crate::images::ImageStore;
use crate::settings::ServeArgs;
use crate::stores::{open_log, receipt_key};
use anyhow::Context as _;
use clap::Args;
use liveness_models::{Analyser, Manifest, ModelSet, Runtime};
use std::io::Write;
use std::process::ExitCode;

/// The same flags as `serve`: what is checked is what that would use.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    serve: ServeArgs,
}

pub(super) async fn run(args: &DoctorArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let serve = &args.serve;
    let checks = [
        ("networks and runtime", networks(serve)),
        ("data directory", data_directory(serve)),
        ("event log", event_log(serve).await),
        ("image store", image_store(serve)),
        ("public address", public_address(serve)),
    ];
    let mut well = true;
    for (name, result) in checks {
        match result {
            Ok(told) => writeln!(out, "ok     {name}: {told}")?,
            Err(error) => {
                well = false;
                writeln!(out, "WRONG  {name}: {error:#}")?;
            }
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn networks(args: &ServeArgs) -> anyhow::Result<String> {
    let dirs = args.models.dirs();
    let manifest = Manifest::built_in()?;
    let runtime = Runtime::load(&manifest.runtime_library(&dirs)?)?;
    let models = ModelSet::read(&manifest, &dirs)?;
    Analyser::load(&runtime, &models)?;
    Ok(format!("{} networks verified and loaded", models.used().len()))
}

fn data_directory(args: &ServeArgs) -> anyhow::Result<String> {
    let dir = DataDir::open(&args.stores.data_dir)?;
    dir.master_key()?;
    let receipts = receipt_key(args)?.public().id();
    Ok(format!("{}, master key in place, receipts are signed by key {receipts}", args.stores.data_dir.display()))
}

async fn event_log(args: &ServeArgs) -> anyhow::Result<String> {
    let log = open_log(&args.stores)?;
    let head = log.head().await?;
    Ok(format!("{}, head at position {head}", args.stores.event_store))
}

fn image_store(args: &ServeArgs) -> anyhow::Result<String> {
    let folder = match &args.image_store {
        Some(folder) => folder.clone(),
        None => DataDir::open(&args.stores.data_dir)?.images(),
    };
    ImageStore::local(&folder)?;
    tempfile_in(&folder)?;
    Ok(folder.display().to_string())
}

fn tempfile_in(folder: &std::path::Path) -> anyhow::Result<()> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&path, b"")
        .and_then(|()| std::fs::remove_file(&path))
        .with_context(|| format!("{}: cannot be written to: check its owner and mode", folder.display()))
}

fn public_address(args: &ServeArgs) -> anyhow::Result<String> {
    let url = args.public_url(args.listen)?;
    if url.scheme() == "http" && !matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        anyhow::bail!(
            "{url}: browsers give a camera to https:// pages alone: put TLS before the service and name it with --public-url"
        );
    }
    Ok(url.to_string())
}
