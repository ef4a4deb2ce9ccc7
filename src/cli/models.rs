//! The networks: what there is, and in which state. A running service goes on as it started.

mod add;
mod list;
mod pull;

pub(super) use list::line;

use crate::data_dir::DataDir;
use crate::networks::Networks;
use crate::settings::ModelArgs;
use clap::{Args, Subcommand};
use liveness_models::manifest::{Model, ModelState};
use liveness_models::parts::Parts;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    command: Option<ModelsCommand>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Put a network into the folder of networks, once its hash is known to be right
    Add(add::AddArgs),
    /// Fetch a network from the address in the manifest, or in its entry
    Pull(pull::PullArgs),
    /// Let a part measure, and verdicts rest on it
    Enable(StateArgs),
    /// Let a part measure, and record what it says without a verdict resting on it
    Shadow(StateArgs),
    /// Do not load a part
    Disable(StateArgs),
}

/// Where networks and states are.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    models: ModelArgs,
    /// Directory of the embedded event log, the views and the master key
    #[arg(long, env = "LIVENESS_DATA_DIR", default_value = "./data", value_name = "DIR")]
    data_dir: PathBuf,
}

#[derive(Debug, Args)]
struct StateArgs {
    /// Name of a part, or of a network in it
    name: String,
    #[command(flatten)]
    place: Place,
}

impl Place {
    /// The networks that measure.
    pub(super) fn load(&self) -> anyhow::Result<Networks> {
        Networks::load(&self.models, &self.data_dir)
    }

    fn parts(&self) -> Parts {
        self.models.parts(&self.data_dir)
    }

    fn dirs(&self) -> Vec<PathBuf> {
        self.models.dirs(&self.data_dir)
    }

    /// The folder, to be written to.
    fn parts_to_write(&self) -> anyhow::Result<Parts> {
        if self.models.models_dir.is_none() {
            DataDir::open(&self.data_dir)?;
        }
        Ok(self.parts())
    }
}

pub(super) async fn run(args: &ModelsArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match &args.command {
        None => return list::run(&args.place, out),
        Some(ModelsCommand::Add(args)) => add::run(args, out)?,
        Some(ModelsCommand::Pull(args)) => pull::run(args, out).await?,
        Some(ModelsCommand::Enable(args)) => set(args, ModelState::Enabled, out)?,
        Some(ModelsCommand::Shadow(args)) => set(args, ModelState::Shadow, out)?,
        Some(ModelsCommand::Disable(args)) => set(args, ModelState::Disabled, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn set(args: &StateArgs, state: ModelState, out: &mut dyn Write) -> anyhow::Result<()> {
    let models = args.place.parts_to_write()?.set(&args.name, state, &args.place.dirs())?;
    tell(&models, &args.place.dirs(), out)
}

/// Says what will be of the networks of one part.
fn tell(models: &[Model], dirs: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(first) = models.first() else { return Ok(()) };
    let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    let part = if names == [first.part()] {
        first.part().to_owned()
    } else {
        format!("{} ({})", first.part(), names.join(", "))
    };
    let absent: Vec<&str> = models
        .iter()
        .filter(|model| !dirs.iter().any(|dir| dir.join(&model.file).exists()))
        .map(|model| model.name.as_str())
        .collect();
    if absent.is_empty() || first.state == ModelState::Disabled {
        writeln!(out, "{part}: {}, from the next start of the service", first.state)?;
    } else {
        writeln!(out, "{part}: not used as long as {} is not there", absent.join(", "))?;
    }
    Ok(())
}
