use super::Place;
use super::add::{install, tell_of};
use anyhow::{Context as _, ensure};
use clap::Args;
use liveness_models::manifest::Model;
use liveness_models::parts::{Candidate, PartError};
use std::io::Write;
use std::time::Duration;

/// A network of this kind has a few MiB: more than this is something else.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// How long a connection may take: a slow proxy on the way needs seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the other side may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Fetches a network from the address in the manifest, or in its entry
///
/// What does not have the pinned sha256 is not kept. A proxy is taken from the usual variables (HTTPS_PROXY).
#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// Name of a network, or of a part with all its networks
    name: String,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(args: &PullArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let parts = args.place.parts_to_write()?;
    let manifest = parts.manifest()?;
    let models = match manifest.named(&args.name) {
        Some(model) => vec![model],
        None => manifest.part(&args.name),
    };
    let first = models.first().ok_or_else(|| PartError::Unknown(args.name.clone()))?;
    for model in &models {
        if let Ok((path, _)) = manifest.read(model, &args.place.dirs()) {
            writeln!(out, "{}: is there: {}", model.name, path.display())?;
            continue;
        }
        let address = model.source.address.as_deref();
        let address = address.with_context(|| {
            format!("{}: no address is known: `make models` makes the networks of the set-up", model.name)
        })?;
        let bytes = fetch(address).await.with_context(|| cannot(model, address))?;
        install(&Candidate::pinned((*model).clone(), bytes, address)?, &parts, &args.place, out)?;
    }
    tell_of(&first.name, &parts, &args.place, out)
}

fn cannot(model: &Model, address: &str) -> String {
    format!(
        "{}: {address} cannot be fetched; where the internet is out of reach, carry the file here (sha256 {}) and run \
         `liveness models add FILE`",
        model.name, model.sha256
    )
}

async fn fetch(address: &str) -> anyhow::Result<Vec<u8>> {
    let client = reqwest::Client::builder()
        .user_agent(crate::webhook::client::USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()?;
    let mut answer = client.get(address).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        bytes.extend_from_slice(&chunk);
        ensure!(bytes.len() <= MOST_BYTES, "it has more than {} MiB", MOST_BYTES / 1024 / 1024);
    }
    Ok(bytes)
}
