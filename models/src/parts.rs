//! The operator's folder of networks: files that the manifest pins, further networks with an entry each, and the state
//! of each part. It is read at the start of the service.
//!
//! | file | holds |
//! | --- | --- |
//! | `states.toml` | `PART = "enabled"`, `"shadow"` or `"disabled"`, for each part to which the operator gave a state |
//! | `NAME.onnx`, `NAME.toml` | a network that the manifest does not know, and its [entry](Entry) |
//! | other `.onnx` | networks that the manifest knows |

mod candidate;
mod entry;

pub use candidate::Candidate;
pub use entry::Entry;

use crate::manifest::{Manifest, Model, ModelState, NotPermitted, SetUpError};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// File of the states.
const STATES: &str = "states.toml";

type States = BTreeMap<String, ModelState>;

/// The operator's folder of networks.
#[derive(Debug, Clone)]
pub struct Parts {
    dir: PathBuf,
}

/// Why a network was not added, or a state not changed.
#[derive(Debug, Error)]
pub enum PartError {
    /// What is there is not in order.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// The part cannot have that state.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// No network and no part has this name.
    #[error("`{0}` is no network and no part: see `liveness models`")]
    Unknown(String),
    /// The name cannot be given to a network.
    #[error("`{0}` cannot name a network: take 1 to 40 of a-z, 0-9 and _, and no name that is taken")]
    Name(String),
    /// The bytes are not those that are pinned.
    #[error("{file}: sha256 is {found}, and `{model}` is pinned to {pinned}: nothing was added")]
    Differs {
        /// The file or the address.
        file: String,
        /// The network.
        model: String,
        /// Its hash.
        found: String,
        /// The manifest's.
        pinned: String,
    },
    /// The manifest knows the bytes by another name.
    #[error("{file}: is `{model}` of the manifest: leave --name out")]
    Known {
        /// The file.
        file: String,
        /// The network.
        model: String,
    },
    /// The manifest does not know the bytes, and nothing says what they are.
    #[error(
        "{file}: no network of the manifest has the sha256 {sha256}: to add it all the same, describe it in {entry} \
         (docs/operations.md, Models as parts)"
    )]
    NoEntry {
        /// The file.
        file: String,
        /// Its hash.
        sha256: String,
        /// Where the entry is looked for.
        entry: String,
    },
    /// A file could not be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

impl Parts {
    /// The folder at `dir`, which need not be there.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The manifest of this build, with the networks that were added and the states that were chosen here.
    ///
    /// # Errors
    /// When an entry or a state cannot be, naming its file.
    pub fn manifest(&self) -> Result<Manifest, SetUpError> {
        let mut manifest = Manifest::built_in()?;
        for path in self.entries()? {
            let broken = |why: String| SetUpError::Entry { path: path.clone(), why };
            let text = fs::read_to_string(&path).map_err(|error| broken(error.to_string()))?;
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if !may_name(&manifest, name) {
                return Err(broken(PartError::Name(name.into()).to_string()));
            }
            manifest
                .models
                .push(Entry::parse(&text).and_then(|entry| entry.into_model(name)).map_err(broken)?);
        }
        let path = self.dir.join(STATES);
        for (part, state) in self.states()? {
            let broken = |why: String| SetUpError::Entry { path: path.clone(), why };
            let models = manifest.models.iter_mut().filter(|model| model.part() == part).collect::<Vec<_>>();
            if models.is_empty() {
                return Err(broken(format!("there is no part `{part}`: remove its line")));
            }
            for model in models {
                model.permits(state).map_err(|error| broken(format!("{error}: mend its line")))?;
                (model.state, model.chosen) = (state, true);
            }
        }
        Ok(manifest)
    }

    /// Gives a state to the part of this name, or to the part of the network of this name, and returns its networks.
    ///
    /// # Errors
    /// When there is none, it cannot have that state, it is to be loaded and a file of it is missing or differs, or the
    /// state cannot be written.
    pub fn set(&self, name: &str, state: ModelState, dirs: &[PathBuf]) -> Result<Vec<Model>, PartError> {
        let manifest = self.manifest()?;
        let mut models: Vec<Model> = manifest.part(name).into_iter().cloned().collect();
        let part = models.first().ok_or_else(|| PartError::Unknown(name.into()))?.part().to_owned();
        for model in &mut models {
            model.permits(state)?;
            if state != ModelState::Disabled {
                if !dirs.iter().any(|dir| dir.join(&model.file).exists()) {
                    let (model, file) = (model.name.clone(), model.file.clone());
                    return Err(SetUpError::Absent { part, model, file }.into());
                }
                manifest.read(model, dirs)?;
            }
            (model.state, model.chosen) = (state, true);
        }
        if models.iter().all(Model::is_required) {
            return Ok(models);
        }
        let mut states = self.states()?;
        states.insert(part, state);
        self.write_states(&states)?;
        Ok(models)
    }

    fn write_states(&self, states: &States) -> Result<(), PartError> {
        let lines = states.iter().map(|(part, state)| format!("{part} = \"{state}\"\n"));
        let head = "# Written by `liveness models`, read at the start of the service.\n".to_owned();
        self.write(STATES, (head + &lines.collect::<String>()).as_bytes()).map(drop)
    }

    fn states(&self) -> Result<States, SetUpError> {
        let path = self.dir.join(STATES);
        match fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).map_err(|error| SetUpError::Entry { path, why: error.to_string() })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(States::new()),
            Err(error) => Err(SetUpError::Entry { path, why: error.to_string() }),
        }
    }

    /// Files of the entries, in the order of their names.
    fn entries(&self) -> Result<Vec<PathBuf>, SetUpError> {
        let failed = |error: io::Error| SetUpError::Entry { path: self.dir.clone(), why: error.to_string() };
        let files = match fs::read_dir(&self.dir) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(failed(error)),
        };
        let paths = files.map(|file| file.map(|file| file.path())).collect::<Result<Vec<_>, _>>();
        let mut paths = paths.map_err(failed)?;
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "toml") && !path.ends_with(STATES));
        paths.sort();
        Ok(paths)
    }

    /// Writes a file as a whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, PartError> {
        let (path, partial) = (self.dir.join(name), self.dir.join(format!("{name}.partial")));
        fs::create_dir_all(&self.dir)
            .and_then(|()| fs::write(&partial, bytes))
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(|why| PartError::File { path: path.clone(), why })?;
        Ok(path)
    }
}

/// Whether a network that is added can have this name.
fn may_name(manifest: &Manifest, name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=40).contains(&name.len())
        && name.chars().all(plain)
        && format!("{name}.toml") != STATES
        && manifest.part(name).is_empty()
}

#[cfg(test)]
mod tests;
