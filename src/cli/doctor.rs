use crate::data_dir::DataDir;
use crate::networks::Networks;
use crate::settings::ServeArgs;
use crate::stores::{event_log_name, master_key, open_images, open_log, receipt_key};
use anyhow::Context as _;
use clap::Args;
use liveness_models::Analyser;
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
        ("image store and key store", image_stores(serve).await),
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
    let Networks { manifest, runtime, set } = Networks::load(&args.models, &args.stores.data_dir)?;
    Analyser::load(&runtime, &set)?;
    let lines = manifest.models.iter().map(|model| format!("\n       {}", super::models::line(model)));
    Ok(format!("{} networks verified and loaded{}", set.used().len(), lines.collect::<String>()))
}

fn data_directory(args: &ServeArgs) -> anyhow::Result<String> {
    let dir = DataDir::open(&args.stores.data_dir)?;
    master_key(args, &dir)?;
    let receipts = receipt_key(args)?.public().id();
    Ok(format!(
        "{}, master key in place, receipts are signed by key {receipts}",
        args.stores.data_dir.display()
    ))
}

async fn event_log(args: &ServeArgs) -> anyhow::Result<String> {
    let name = event_log_name(&args.stores)?;
    let log = open_log(&args.stores)?;
    let head = log.head().await.with_context(|| name.clone())?;
    Ok(format!("{name}, head at position {head}"))
}

async fn image_stores(args: &ServeArgs) -> anyhow::Result<String> {
    let dir = DataDir::open(&args.stores.data_dir)?;
    let stores = open_images(args, &dir, master_key(args, &dir)?)?;
    stores.check().await?;
    Ok(format!("{stores}: each writes, reads and deletes"))
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
