//! What the service needs beside its own code: the manifest pins each file by SHA-256, and what differs is refused.

mod model;
mod set;

pub use model::{Channels, Input, Model, ModelState, NotPermitted, Passive, Source};
pub(crate) use set::PassivePart;
pub use set::{ModelSet, UsedModel};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use thiserror::Error;

/// The manifest that this build was made with: the root of trust for the files beside it.
const TEXT: &str = include_str!("../manifest.toml");

/// The networks, the runtime library and where they come from.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// The ONNX runtime.
    pub runtime: RuntimeLibrary,
    /// The networks.
    pub models: Vec<Model>,
}

/// The ONNX runtime.
#[derive(Debug, Clone, Deserialize)]
pub struct RuntimeLibrary {
    /// Its version.
    pub version: String,
    /// Its licence.
    pub licence: String,
    /// Its library for each platform.
    pub platforms: Vec<Platform>,
}

/// The runtime's library for one platform.
#[derive(Debug, Clone, Deserialize)]
pub struct Platform {
    /// As `std::env::consts::OS`.
    pub os: String,
    /// As `std::env::consts::ARCH`.
    pub arch: String,
    /// File name.
    pub file: String,
    /// Hash of the file, in hex.
    pub sha256: String,
}

/// What is wrong with the files, and how to mend it.
#[derive(Debug, Error)]
pub enum SetUpError {
    /// The manifest that was built in cannot be read.
    #[error("the manifest of this build cannot be read: {0}")]
    Manifest(#[from] toml::de::Error),
    /// No runtime library is pinned for this machine.
    #[error(
        "no ONNX runtime is pinned for {os} on {arch}: see models/manifest.toml for the platforms that are"
    )]
    Platform {
        /// Operating system.
        os: &'static str,
        /// Processor.
        arch: &'static str,
    },
    /// A file is not there or cannot be read.
    #[error("{}: {why}: run `make models`, or name the folder with --models-dir", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The operator gave a part a state in which its networks are loaded, and a file of it is nowhere.
    #[error(
        "{file}: is in no folder of networks, and the state of `{part}` asks for it: run `liveness models pull \
         {model}` or `liveness models add FILE`, or `liveness models disable {part}`"
    )]
    Absent {
        /// The part.
        part: String,
        /// The network.
        model: String,
        /// Its file.
        file: String,
    },
    /// A file differs from what is pinned.
    #[error("{}: sha256 is {found}, pinned is {pinned}: delete the file and put the pinned one there", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The manifest's.
        pinned: String,
    },
    /// The operator's folder holds an entry or a state that cannot be.
    #[error("{}: {why}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// What is wrong, and how to mend it.
        why: String,
    },
}

impl Manifest {
    /// Reads the manifest that was built in.
    ///
    /// # Errors
    /// When it is not what this crate expects, which a test excludes.
    pub fn built_in() -> Result<Self, SetUpError> {
        Ok(toml::from_str(TEXT)?)
    }

    /// The runtime's library for this machine, verified.
    ///
    /// # Errors
    /// When there is none for this platform, or the file is missing or differs.
    pub fn runtime_library(&self, dirs: &[PathBuf]) -> Result<PathBuf, SetUpError> {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let platform = self
            .runtime
            .platforms
            .iter()
            .find(|platform| platform.os == os && platform.arch == arch)
            .ok_or(SetUpError::Platform { os, arch })?;
        read_pinned(dirs, &platform.file, &platform.sha256).map(|(path, _)| path)
    }

    /// Where a network is, and its bytes, verified.
    ///
    /// # Errors
    /// When the file is missing or differs.
    pub fn read(&self, model: &Model, dirs: &[PathBuf]) -> Result<(PathBuf, Vec<u8>), SetUpError> {
        read_pinned(dirs, &model.file, &model.sha256)
    }

    /// The network of this name. The name of its file serves too, with or without `.onnx`, in capitals or not.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Model> {
        let name = name.strip_suffix(".onnx").unwrap_or(name);
        self.models.iter().find(|model| {
            let file = model.file.strip_suffix(".onnx").unwrap_or(&model.file);
            [model.name.as_str(), file].iter().any(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// The networks of the part of this name, or of the part that the network of this name belongs to; none where there
    /// is neither.
    #[must_use]
    pub fn part(&self, name: &str) -> Vec<&Model> {
        let part = self.named(name).map_or(name, Model::part);
        self.models.iter().filter(|model| model.part() == part).collect()
    }
}

/// SHA-256 in hex, as it is pinned.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Reads a file from the first folder that has it and checks its hash.
fn read_pinned(dirs: &[PathBuf], file: &str, pinned: &str) -> Result<(PathBuf, Vec<u8>), SetUpError> {
    let Some(path) = dirs.iter().map(|dir| dir.join(file)).find(|path| path.exists()) else {
        let folders: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
        return Err(SetUpError::Missing {
            path: file.into(),
            why: format!("is in none of {}", folders.join(", ")),
        });
    };
    let bytes = std::fs::read(&path)
        .map_err(|error| SetUpError::Missing { path: path.clone(), why: error.to_string() })?;
    let found = sha256(&bytes);
    if found != pinned {
        return Err(SetUpError::Differs { path, found, pinned: pinned.into() });
    }
    Ok((path, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_manifest_is_whole() {
        let manifest = Manifest::built_in().unwrap();
        for model in &manifest.models {
            assert_eq!(model.sha256.len(), 64, "{} is not pinned", model.name);
            assert!(!model.source.label().contains("unknown"), "{} has no source", model.name);
            assert_eq!(model.permits(model.state), Ok(()), "{}", model.name);
            if let Some(passive) = &model.passive {
                assert_eq!(model.check(passive), Ok(()), "{}", model.name);
            }
            assert!(!model.optional || model.source.address.is_some(), "{} cannot be fetched", model.name);
        }
        for name in ["blazeface", "facemesh", "faceres", "minifasnet_v2", "minifasnet_v1se"] {
            assert!(manifest.named(name).is_some(), "{name}");
        }
        assert!(manifest.models.iter().filter(|model| !model.decides).any(|model| model.name == "antispoof"));
    }

    #[test]
    fn a_part_is_found_by_its_name_and_by_those_of_its_networks() {
        let manifest = Manifest::built_in().unwrap();
        for name in ["texture", "minifasnet_v2", "MiniFASNetV1SE", "minifasnetv2.onnx"] {
            let names: Vec<&str> = manifest.part(name).iter().map(|model| model.name.as_str()).collect();
            assert_eq!(names, ["minifasnet_v2", "minifasnet_v1se"], "{name}");
        }
        assert!(manifest.part("nothing").is_empty());
    }

    #[test]
    fn a_file_that_differs_is_refused() {
        let dir = std::env::temp_dir().join(format!("liveness-manifest-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("blazeface.onnx"), b"something else").unwrap();
        let manifest = Manifest::built_in().unwrap();
        let read = ModelSet::read(&manifest, std::slice::from_ref(&dir));
        assert!(matches!(read.err(), Some(SetUpError::Differs { .. })));
        std::fs::remove_dir_all(&dir).unwrap();
        let missing = ModelSet::read(&manifest, &[dir]);
        assert!(matches!(missing.err(), Some(SetUpError::Missing { .. })));
    }
}
