use super::log::told;
use crate::app::App;
use crate::clock::Clock;
use crate::settings::{LogFormat, ServeArgs};
use std::io::{IsTerminal as _, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

pub(super) fn run(args: &ServeArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    log_to_stderr(args.log_format);
    actix_web::rt::System::new().block_on(async {
        let app = App::build(args, Clock::default()).await?;
        writeln!(out, "liveness listens on http://{}", app.address())?;
        if let (Some(settings), Some(address)) = (args.wire.settings()?, app.wire_address()) {
            writeln!(out, "{}", told(&settings, address))?;
        }
        out.flush()?;
        app.run().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// `RUST_LOG` chooses what is told; without it, what an operator wants to know. What the crate `eventstore` says of each
/// failed call, the log says of the store once in a while.
pub(super) fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn,eventstore=off"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
