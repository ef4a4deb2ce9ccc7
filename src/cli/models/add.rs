use super::{Place, tell};
use clap::Args;
use liveness_models::parts::{Candidate, Parts};
use liveness_models::{Manifest, Runtime};
use std::io::Write;
use std::path::PathBuf;

/// Puts a network into the folder of networks, once its hash is known to be right
///
/// A file that the manifest pins is known by its sha256. Another one needs an entry beside it (NAME.toml beside NAME.onnx)
/// that says what goes in and how to read what comes out; it is tried, and put into the shadow until it is enabled.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// File of the network (ONNX)
    file: PathBuf,
    /// Name that it is to have [default: the name in the manifest, or the file's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &AddArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let parts = args.place.parts_to_write()?;
    let candidate = parts.candidate(&args.file, args.name.as_deref())?;
    install(&candidate, &parts, &args.place, out)?;
    tell_of(&candidate.model().name, &parts, &args.place, out)
}

/// Tries a network that the manifest does not know, and puts it into the folder.
pub(super) fn install(
    candidate: &Candidate,
    parts: &Parts,
    place: &Place,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if candidate.model().source.added {
        candidate.try_out(&Runtime::load(&Manifest::built_in()?.runtime_library(&place.dirs())?)?)?;
    }
    let path = candidate.install(parts)?;
    writeln!(out, "{}: {}", candidate.model().name, path.display())?;
    Ok(())
}

/// Says what will be of the part that a network belongs to.
pub(super) fn tell_of(name: &str, parts: &Parts, place: &Place, out: &mut dyn Write) -> anyhow::Result<()> {
    let models: Vec<_> = parts.manifest()?.part(name).into_iter().cloned().collect();
    tell(&models, &place.dirs(), out)
}
