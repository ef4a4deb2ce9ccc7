use super::serve::log_to_stderr;
use crate::data_dir::DataDir;
use crate::event_log::wire::{Security, WireSettings, WireThreads};
use crate::settings::{LogFormat, StoreArgs, WireArgs};
use crate::stores::open_log;
use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Where the log is served unless told otherwise: the port that `EventStoreDB`'s clients take by default.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2113);

#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Serve the event log alone to clients of `EventStoreDB`, on 127.0.0.1:2113 unless told otherwise
    Serve(LogServeArgs),
}

#[derive(Debug, Args)]
pub(super) struct LogServeArgs {
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    wire: WireArgs,
    /// How log lines are written
    #[arg(long, env = "LIVENESS_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

pub(super) async fn run(command: LogCommand, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let LogCommand::Serve(args) = command;
    let mut settings = args.wire.settings_on(args.wire.esdb_listen.unwrap_or(DEFAULT_LISTEN))?;
    args.stores.check_embedded("liveness log serve")?;
    settings.groups = Some(DataDir::open(&args.stores.data_dir)?.groups());
    // Who only reads must not be shown a new, empty log for a mistyped one.
    let dir = DataDir::open(&args.stores.data_dir)?;
    ensure!(
        settings.write || dir.log().exists(),
        "{}: there is no event log: check --data-dir",
        dir.log().display()
    );
    // A service that has the directory believes that it has the log to itself.
    let _lock = settings.write.then(|| dir.lock()).transpose()?;
    log_to_stderr(args.log_format);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let log = open_log(&args.stores)?;
    let wire = WireThreads::start(log.clone(), settings.clone()).await.context("--esdb-listen")?;
    writeln!(out, "{}", told(&settings, wire.address()))?;
    out.flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    wire.stop().await;
    log.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The one line that says where the log is served, as clients take it.
pub(super) fn told(settings: &WireSettings, address: SocketAddr) -> String {
    let tls = matches!(settings.security, Security::Tls { .. });
    format!("liveness serves its event log on esdb://{address}?tls={tls}")
}
