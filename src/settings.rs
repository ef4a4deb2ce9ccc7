//! Settings of the service: a flag over an environment variable over a key of `liveness.toml` over a default.

mod wire;

pub use self::wire::WireArgs;
use crate::event_log::eventstoredb::Settings;
use crate::images::Place;
use crate::webhook::TargetPolicy;
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Command, ValueEnum};
use liveness_models::parts::Parts;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where the file of settings is looked for when nothing names one.
pub const DEFAULT_FILE: &str = "liveness.toml";
/// Names the file of settings.
pub const FILE_VARIABLE: &str = "LIVENESS_CONFIG";

/// The event log in the data directory.
const EMBEDDED: &str = "embedded";

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
    #[allow(
        missing_docs,
        reason = "a doc comment on flattened arguments would become the help of the command"
    )]
    #[command(flatten)]
    pub wire: WireArgs,
    /// Where the sealed images are: a folder, or s3://bucket/prefix (with the usual AWS_ variables) [default: `images`
    /// in the data directory]
    #[arg(long, env = "LIVENESS_IMAGE_STORE", value_name = "PLACE")]
    pub image_store: Option<Place>,
    /// Where the keys of the images are: a folder or s3://bucket/prefix, apart from the images, shared by all nodes,
    /// neither versioned nor backed up [default: `image-keys` in the data directory, for one machine]
    #[arg(long, env = "LIVENESS_IMAGE_KEY_STORE", value_name = "PLACE")]
    pub image_key_store: Option<Place>,
    /// File of the master key, 32 bytes or 64 hex digits: all nodes need the same [default: `master.key` in the data
    /// directory, drawn at the first start]
    #[arg(long, env = "LIVENESS_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
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
    /// The event log: `embedded`, or the connection string of `EventStoreDB` or `KurrentDB`, such as
    /// esdb://host:2113 or esdb+discover://cluster:2113?tlsCaFile=ca.pem [default: embedded]
    #[arg(
        long,
        env = "LIVENESS_EVENT_STORE",
        default_value = EMBEDDED,
        value_name = "STORE",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub event_store: StoreName,
    /// File of one line `user:password` for the event store, instead of the connection string's
    #[arg(long, env = "LIVENESS_EVENT_STORE_CREDENTIALS", value_name = "FILE")]
    pub event_store_credentials: Option<PathBuf>,
}

/// What `--event-store` says. It may hold a password, and so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreName(String);

impl StoreName {
    /// What was said.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StoreName {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for StoreName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0 == EMBEDDED { EMBEDDED } else { "(not shown)" })
    }
}

/// Where networks are.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// Folder of further networks and of the states of parts, see `liveness models --help` [default: `models` in the
    /// data directory]
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

    /// Whether no other node works on the same log.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.stores.is_embedded() && !self.wire.esdb_write
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
    /// Whether the log is in the data directory, where this process is its only writer.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.event_store.as_str() == EMBEDDED
    }

    /// Checks that the flags fit together.
    ///
    /// # Errors
    /// When the event store is none that there is, or credentials are given for the embedded one.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.is_embedded() || Settings::is_connection_string(self.event_store.as_str()),
            "--event-store: must be `embedded` or begin with esdb:// or esdb+discover://"
        );
        ensure!(
            !self.is_embedded() || self.event_store_credentials.is_none(),
            "--event-store-credentials: the embedded event store has no users; name another by --event-store"
        );
        Ok(())
    }

    /// Checks that the log is this machine's own, as `what` needs it.
    ///
    /// # Errors
    /// When the event store is another.
    pub fn check_embedded(&self, what: &str) -> anyhow::Result<()> {
        ensure!(
            self.is_embedded(),
            "{what}: needs the embedded log; clients reach another event store by themselves"
        );
        Ok(())
    }
}

impl ModelArgs {
    /// The operator's folder of networks.
    #[must_use]
    pub fn parts(&self, data_dir: &Path) -> Parts {
        Parts::at(self.models_dir.clone().unwrap_or_else(|| data_dir.join("models")))
    }

    /// Folders in which networks and the runtime's library are looked for: the operator's, the one beside the binary, and
    /// the one that `make models` fills.
    #[must_use]
    pub fn dirs(&self, data_dir: &Path) -> Vec<PathBuf> {
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("models")));
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/models/built");
        [self.parts(data_dir).dir().to_owned()]
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
        command = command.mut_subcommands(|subcommand| with_default(subcommand, &id, &value, &mut known));
        ensure!(known, "{}: `{key}` is not a setting: see `liveness serve --help`", file.display());
    }
    Ok(command)
}

/// Takes `value` as the default of the argument `id` of a command and of those below it.
fn with_default(mut command: Command, id: &str, value: &str, known: &mut bool) -> Command {
    // Another variable means another setting that happens to bear the same name.
    let variable = format!("LIVENESS_{}", id.to_uppercase());
    let is_meant = |argument: &clap::Arg| {
        argument.get_id() == id && argument.get_env().is_none_or(|named| named == variable.as_str())
    };
    if command.get_arguments().any(is_meant) {
        *known = true;
        let value = clap::builder::OsStr::from(value.to_owned());
        command = command.mut_arg(id, |argument| argument.default_value(value).required(false));
    }
    command.mut_subcommands(|below| with_default(below, id, value, known))
}
