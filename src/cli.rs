//! The command line: one file a command.

mod attack;
mod doctor;
mod eval;
mod export;
mod import;
mod keys;
mod log;
mod models;
mod replay;
mod serve;
mod verify;

use crate::settings::{self, DEFAULT_FILE, FILE_VARIABLE};
use crate::webhook::listen::{ListenArgs, VerifyArgs, run_listen, run_verify};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A self-hosted face-liveness check
///
/// A flag that says how the service is set up has an environment variable LIVENESS_<FLAG> and a key in liveness.toml,
/// as its help tells; a flag comes before the environment, the environment before the file.
#[derive(Debug, Parser)]
#[command(name = "liveness", version, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service
    Serve(Box<crate::settings::ServeArgs>),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Draw a session as a timeline and recompute its verdict from its events
    Replay(replay::ReplayArgs),
    /// Check hash chains and receipts: of a session, of the whole log, or of an export
    Verify(verify::VerifyChainArgs),
    /// Write the whole log as lines of JSON
    Export(export::ExportArgs),
    /// Append the events of an export, read from standard input, to the log
    Import(import::ImportArgs),
    /// Play attacks on your own service over its own socket, and label them for `eval`
    Attack(attack::AttackArgs),
    /// Score labelled presentations: rates of error by attack species, with confidence intervals
    Eval(eval::EvalArgs),
    /// List and verify the networks; add some, and say which of them verdicts may rest on
    Models(models::ModelsArgs),
    /// Serve the event log alone
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Check the set-up and say how to mend what is wrong
    Doctor(Box<doctor::DoctorArgs>),
    /// Receive webhooks here, or verify one
    #[command(subcommand)]
    Webhook(WebhookCommand),
}

#[derive(Debug, Subcommand)]
enum WebhookCommand {
    /// Receive deliveries and check their signatures
    Listen(ListenArgs),
    /// Verify one body against one header
    Verify(VerifyArgs),
}

/// Runs the command line and returns the exit code: 0, 1 for a failure, 2 for bad usage.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let mut out = io::stdout().lock();
    match run(cli, &mut out) {
        Ok(code) => code,
        // The reader of our output has gone, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(&args, out),
        Command::Keys(command) => wait(keys::run(command, out)),
        Command::Replay(args) => wait(replay::run(&args, out)),
        Command::Verify(args) => wait(verify::run(&args, out)),
        Command::Export(args) => wait(export::run(&args, out)),
        Command::Import(args) => wait(import::run(&args, out)),
        Command::Attack(args) => wait(attack::run(&args, out)),
        Command::Eval(args) => eval::run(&args, out),
        Command::Models(args) => wait(models::run(&args, out)),
        Command::Log(command) => wait(log::run(command, out)),
        Command::Doctor(args) => wait(doctor::run(&args, out)),
        Command::Webhook(WebhookCommand::Listen(args)) => {
            actix_web::rt::System::new().block_on(run_listen(args, out))
        }
        Command::Webhook(WebhookCommand::Verify(args)) => run_verify(&args, &mut io::stdin().lock(), out),
    }
}

fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Parses the arguments behind the file of settings. What clap has to say it says in its own form.
fn parse(arguments: Vec<OsString>) -> Result<Cli, ExitCode> {
    let command = with_settings_file().map_err(|error| {
        complain(&format!("{error:#}"));
        ExitCode::from(2)
    })?;
    command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches)).map_err(
        |error| {
            let wrong = error.use_stderr();
            if wrong {
                complain(&one_line(&error));
            } else {
                // Help and version; nothing can be done where even they cannot be written.
                let _ = error.print();
            }
            ExitCode::from(if wrong { 2 } else { 0 })
        },
    )
}

fn with_settings_file() -> anyhow::Result<clap::Command> {
    let named = std::env::var_os(FILE_VARIABLE).map(PathBuf::from);
    let command = Cli::command();
    match named {
        Some(file) => settings::with_file(command, &file),
        None if Path::new(DEFAULT_FILE).exists() => settings::with_file(command, Path::new(DEFAULT_FILE)),
        None => Ok(command),
    }
}

/// What clap says, as one line: its message and the tip, without the usage.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let told: Vec<&str> =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).collect();
    let told = told.join(" ");
    format!("{}: see `liveness --help`", told.strip_prefix("error: ").unwrap_or(&told))
}

fn complain(what: &str) {
    // Nothing can be done where even the complaint cannot be written.
    let _ = writeln!(io::stderr(), "liveness: {}", what.replace('\n', " "));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
