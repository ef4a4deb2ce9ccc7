//! Settings of the service: a flag over an environment variable over a key of `liveness.toml` over a default.

use crate::webhook::TargetPolicy;
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Command, ValueEnum};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where the file of settings is looked for when nothing names one.
pub const DEFAULT_FILE: &str = "liveness.toml";
/// Names the file of settings.
pub const FILE_VARIABLE: &str = "LIVENESS_CONFIG";

/// What `liveness serve` can be told.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "LIVENESS_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// How the outside reaches this service: links begin with it [default: http:// and the address listened on]
    #[arg(long, env = "LIVENESS_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,
    #[allow(
        missing_docs,
        reason = "a doc comment on flattened arguments would become the help of the command"
    )]
    #[command(flatten)]
    pub stores: StoreArgs,
    #[allow(
        missing_docs,
        reason = "a doc comment on flattened arguments would become the help of the command"
    )]
    #[command(flatten)]
    pub models: ModelArgs,
    /// Folder of the images [default: `images` in the data directory]
    #[arg(long, env = "LIVENESS_IMAGE_STORE", value_name = "DIR")]
    pub image_store: Option<PathBuf>,
    /// File of the key that signs receipts, 32 bytes [default: `receipt.key` in the data directory, drawn at the first start]
    #[arg(long, env = "LIVENESS_RECEIPT_KEY_FILE", value_name = "FILE")]
    pub receipt_key_file: Option<PathBuf>,
    /// Minutes for which images are kept after completion
    #[arg(long, env = "LIVENESS_IMAGE_RETENTION_MINS", default_value_t = 30, value_name = "MINUTES",
          value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pub image_retention_mins: u32,
    /// Threads that measure frames, each with networks of its own [default: one a processor]
    #[arg(long, env = "LIVENESS_THREADS", value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// How log lines are written
    #[arg(long, env = "LIVENESS_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Deliver webhooks to private, loopback and link-local addresses, and over plain http: for development
    #[arg(long, env = "LIVENESS_ALLOW_PRIVATE_WEBHOOKS", value_parser = clap::builder::BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    pub allow_private_webhooks: bool,
}

/// Where events are.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// Directory of the embedded event log, the views and the master key
    #[arg(long, env = "LIVENESS_DATA_DIR", default_value = "./data", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// The event log: `embedded`
    #[arg(long, env = "LIVENESS_EVENT_STORE", default_value = "embedded", value_name = "STORE")]
    pub event_store: String,
}

/// Where networks are.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// A further folder of networks: the optional texture pair is used where it is there
    #[arg(long, env = "LIVENESS_MODELS_DIR", value_name = "DIR")]
    pub models_dir: Option<PathBuf>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl ServeArgs {
    /// How long images are kept after completion.
    #[must_use]
    pub fn retention(&self) -> Duration {
        Duration::from_secs(u64::from(self.image_retention_mins) * 60)
    }

    /// Threads that measure frames.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }

    /// Where webhooks may go.
    #[must_use]
    pub const fn webhook_targets(&self) -> TargetPolicy {
        if self.allow_private_webhooks { TargetPolicy::AllowPrivate } else { TargetPolicy::PublicOnly }
    }

    /// How the outside reaches the service that listens on `address`.
    ///
    /// # Errors
    /// When the public address is no web address, or has a query or a fragment.
    pub fn public_url(&self, address: SocketAddr) -> anyhow::Result<Url> {
        let Some(url) = &self.public_url else {
            return Url::parse(&format!("http://{address}/")).context("--listen");
        };
        ensure!(
            matches!(url.scheme(), "http" | "https"),
            "--public-url: must begin with https:// (or http:// for development)"
        );
        ensure!(
            url.query().is_none() && url.fragment().is_none(),
            "--public-url: must have neither query nor fragment"
        );
        ensure!(
            url.path() == "/",
            "--public-url: must have no path: the service answers at the root of its host"
        );
        Ok(url.clone())
    }
}

impl StoreArgs {
    /// Checks what the flags name.
    ///
    /// # Errors
    /// When the event store is none that this version has.
    pub fn check(&self) -> anyhow::Result<()> {
        match self.event_store.as_str() {
            "embedded" => Ok(()),
            other => bail!("--event-store: `{other}` is not known: this version has `embedded` alone"),
        }
    }
}

impl ModelArgs {
    /// Folders in which networks and the runtime's library are looked for: the one that was named, the one beside the
    /// binary, and the one that `make models` fills.
    #[must_use]
    pub fn dirs(&self) -> Vec<PathBuf> {
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("models")));
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/models/built");
        self.models_dir
            .clone()
            .into_iter()
            .chain(beside)
            .chain([PathBuf::from(built)])
            .filter(|dir| dir.is_dir())
            .collect()
    }
}

/// Takes the keys of a file as defaults, so that flags and environment come before them.
///
/// # Errors
/// When the file cannot be read, is no TOML, or has a key that no command knows.
pub fn with_file(mut command: Command, file: &Path) -> anyhow::Result<Command> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let table: toml::Table = text.parse().with_context(|| file.display().to_string())?;
    for (key, value) in table {
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(_) | toml::Value::Boolean(_) => value.to_string(),
            _ => bail!("{}: `{key}` must be a text, a number, true or false", file.display()),
        };
        let id = key.replace('-', "_");
        let mut known = false;
        command = command.mut_subcommands(|subcommand| {
            if subcommand.get_arguments().all(|argument| argument.get_id() != id.as_str()) {
                return subcommand;
            }
            known = true;
            let value = value.clone();
            subcommand.mut_arg(&id, |argument| {
                argument.default_value(clap::builder::OsStr::from(value)).required(false)
            })
        });
        ensure!(known, "{}: `{key}` is not a setting: see `liveness serve --help`", file.display());
    }
    Ok(command)
}
