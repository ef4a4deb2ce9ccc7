use crate::settings::ModelArgs;
use clap::Args;
use liveness_models::{Manifest, SetUpError};
use std::io::Write;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    #[command(flatten)]
    models: ModelArgs,
}

pub(super) fn run(args: &ModelsArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let manifest = Manifest::built_in()?;
    let dirs = args.models.dirs();
    let mut whole = true;
    for model in &manifest.models {
        let state = match manifest.read(model, &dirs) {
            Ok(_) if model.decides => "verified".to_owned(),
            Ok(_) => "verified, decides nothing".to_owned(),
            Err(SetUpError::Missing { .. }) if model.optional => "not offered (optional)".to_owned(),
            Err(error) => {
                whole = false;
                format!("WRONG: {error}")
            }
        };
        let [.., height, width] = model.input.shape[..] else { continue };
        writeln!(out, "{}  {width}x{height}  {}  {}", model.name, model.licence, model.source.label())?;
        writeln!(out, "  {}\n  sha256 {}\n  {state}", model.purpose, model.sha256)?;
    }
    let runtime = &manifest.runtime;
    let state = match manifest.runtime_library(&dirs) {
        Ok(path) => format!("verified: {}", path.display()),
        Err(error) => {
            whole = false;
            format!("WRONG: {error}")
        }
    };
    writeln!(out, "onnxruntime  {}  {}\n  {state}", runtime.version, runtime.licence)?;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
