use crate::clock::Clock;
use crate::event_log::{AppendError, EventLog};
use crate::journal::{self, WriteError};
use crate::settings::StoreArgs;
use crate::stores::open_log;
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use liveness_events::api_key::{ApiKey, ApiKeyEvent, Scope};
use liveness_events::stream;
use liveness_events::{Digest, Timestamp};
use std::io::Write;
use std::process::ExitCode;
use uuid::Uuid;

/// Times that a change is tried again because somebody else changed the keys at the same moment.
const MAX_CONFLICTS: u32 = 10;
/// Longest name of a key, in characters.
const MAX_NAME: usize = 100;

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key; it is printed once and stored only as a hash
    Create(CreateArgs),
    /// List the keys
    List(StoreArgs),
    /// Revoke a key
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// What the key is called
    #[arg(long, env = "LIVENESS_NAME")]
    name: String,
    /// Make a key for rehearsals
    #[arg(long)]
    sandbox: bool,
    /// What it may be used for: api, audit, node
    #[arg(long, value_delimiter = ',', default_value = "api", env = "LIVENESS_SCOPE")]
    scope: Vec<Scope>,
    #[command(flatten)]
    stores: StoreArgs,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// Its id, as `keys list` tells it
    id: Uuid,
    #[command(flatten)]
    stores: StoreArgs,
}

pub(super) async fn run(command: KeysCommand, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::Create(args) => create(args, out).await?,
        KeysCommand::List(stores) => list(&stores, out).await?,
        KeysCommand::Revoke(args) => revoke(&args, out).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(args: CreateArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let name = args.name.trim().to_owned();
    ensure!(
        !name.is_empty() && name.chars().count() <= MAX_NAME,
        "--name: must have 1 to {MAX_NAME} characters"
    );
    let log = open_log(&args.stores)?;
    let key = draw_key(args.sandbox)?;
    let created = ApiKey {
        at: Clock::default().now(),
        id: Uuid::new_v4(),
        name,
        hash: Digest::of(key.as_bytes()),
        scopes: args.scope.into_iter().collect(),
        sandbox: args.sandbox,
    };
    record(&*log, |_| Ok(ApiKeyEvent::Created(created.clone()))).await?;
    log.close().await;
    writeln!(out, "{key}")?;
    Ok(())
}

async fn list(stores: &StoreArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let log = open_log(stores)?;
    let (events, _) = journal::load::<ApiKeyEvent>(&*log, stream::API_KEYS).await?;
    writeln!(out, "{:36}  {:24}  {:9}  {:7}  {:24}  REVOKED", "ID", "CREATED", "SCOPES", "SANDBOX", "NAME")?;
    for event in &events {
        let ApiKeyEvent::Created(ApiKey { at, id, name, scopes, sandbox, .. }) = event else { continue };
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let revoked = revoked_at(&events, *id).map_or_else(|| "-".to_owned(), |at| at.to_string());
        let sandbox = if *sandbox { "yes" } else { "no" };
        writeln!(out, "{id:36}  {at:24}  {:9}  {sandbox:7}  {name:24}  {revoked}", scopes.join(","))?;
    }
    Ok(())
}

async fn revoke(args: &RevokeArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let log = open_log(&args.stores)?;
    let id = args.id;
    record(&*log, |events| {
        let exists = events.iter().any(|event| matches!(event, ApiKeyEvent::Created(key) if key.id == id));
        ensure!(exists, "there is no key {id}: see `liveness keys list`");
        ensure!(revoked_at(events, id).is_none(), "key {id} is revoked already");
        Ok(ApiKeyEvent::Revoked { at: Clock::default().now(), id })
    })
    .await?;
    log.close().await;
    writeln!(out, "revoked {id}")?;
    Ok(())
}

fn revoked_at(events: &[ApiKeyEvent], key: Uuid) -> Option<Timestamp> {
    events.iter().find_map(|event| match event {
        ApiKeyEvent::Revoked { at, id } if *id == key => Some(*at),
        _ => None,
    })
}

/// Appends what `change` makes of the keys that there are.
async fn record(
    log: &dyn EventLog,
    change: impl Fn(&[ApiKeyEvent]) -> anyhow::Result<ApiKeyEvent>,
) -> anyhow::Result<()> {
    let request = Uuid::new_v4();
    for _ in 0..MAX_CONFLICTS {
        let (events, head) = journal::load::<ApiKeyEvent>(log, stream::API_KEYS).await?;
        let event = change(&events)?;
        // All keys are one aggregate, and it is nobody's session: its correlation is nil.
        match journal::append(log, stream::API_KEYS, head, Uuid::nil(), request, &[event]).await {
            Ok(_) => return Ok(()),
            Err(WriteError::Append(AppendError::WrongExpectedRevision { .. })) => {}
            Err(error) => return Err(error).context("the key could not be recorded"),
        }
    }
    bail!("others change the keys all the time: try again")
}

/// A key: where it is found by accident, its beginning tells what it is.
fn draw_key(sandbox: bool) -> anyhow::Result<String> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    Ok(format!("lk_{}_{}", if sandbox { "test" } else { "live" }, hex::encode(bytes)))
}
