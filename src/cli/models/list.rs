use super::Place;
use liveness_models::manifest::{Model, ModelState};
use liveness_models::{Manifest, SetUpError};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) fn run(place: &Place, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let manifest = place.parts().manifest()?;
    let dirs = place.dirs();
    let mut whole = true;
    for model in &manifest.models {
        let (told, well) = verified(&manifest, model, &dirs);
        whole &= well;
        let Some((height, width)) = model.size() else { continue };
        writeln!(out, "{}  {width}x{height}  {}  {}", model.name, model.licence, model.source.label())?;
        writeln!(out, "  {}\n  sha256 {}\n  {told}", model.purpose, model.sha256)?;
    }
    let runtime = &manifest.runtime;
    let told = match manifest.runtime_library(&dirs) {
        Ok(path) => format!("verified: {}", path.display()),
        Err(error) => {
            whole = false;
            format!("WRONG: {error}")
        }
    };
    writeln!(out, "onnxruntime  {}  {}\n  {told}", runtime.version, runtime.licence)?;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// State, input size, licence, version and hash of a network, in one line.
pub(in crate::cli) fn line(model: &Model) -> String {
    let (height, width) = model.size().unwrap_or_default();
    let (licence, source) = (&model.licence, model.source.label());
    format!(
        "{}: {}, {width}x{height}, {licence}, {source}, sha256 {}",
        model.name,
        state(model),
        model.sha256
    )
}

fn state(model: &Model) -> String {
    match model.part() == model.name {
        true => model.state.to_string(),
        false => format!("{} as part of {}", model.state, model.part()),
    }
}

/// The state of a network and whether its file is right, and whether all is well.
fn verified(manifest: &Manifest, model: &Model, dirs: &[PathBuf]) -> (String, bool) {
    let there = |model: &Model| dirs.iter().any(|dir| dir.join(&model.file).exists());
    if !there(model) && model.state == ModelState::Disabled {
        return ("disabled, not there".into(), true);
    }
    if !there(model) && model.passive.is_some() {
        if !model.chosen {
            return ("not there (optional)".into(), true);
        }
        let (part, name, file) = (model.part().into(), model.name.clone(), model.file.clone());
        return (format!("WRONG: {}", SetUpError::Absent { part, model: name, file }), false);
    }
    match manifest.read(model, dirs) {
        Err(error) => (format!("WRONG: {error}"), false),
        Ok((path, _)) => {
            let part = manifest.part(&model.name);
            let lacking = part.into_iter().find(|model| !model.chosen && !there(model));
            let told = match lacking {
                Some(other) => format!("not used as long as {} is not there", other.name),
                None => state(model),
            };
            (format!("{told}, verified: {}", path.display()), true)
        }
    }
}
