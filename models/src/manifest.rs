//! What the service needs beside its own code: the manifest pins each file by SHA-256, and what differs is refused.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
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

/// One network.
#[derive(Debug, Clone, Deserialize)]
pub struct Model {
    /// Name.
    pub name: String,
    /// File name.
    pub file: String,
    /// Hash of the file, in hex.
    pub sha256: String,
    /// What it is for.
    pub purpose: String,
    /// Licence of its weights.
    pub licence: String,
    /// Whether a verdict may rest on it.
    pub decides: bool,
    /// Whether the service runs without it.
    pub optional: bool,
    /// What goes in.
    pub input: Input,
    /// Where it comes from.
    pub source: Source,
}

/// What goes into a network.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// Batch, channels, height, width.
    pub shape: Vec<u32>,
}

/// Where a network comes from: a package of a registry, or a repository at one commit.
#[derive(Debug, Clone, Deserialize)]
pub struct Source {
    /// Name of the npm package.
    pub package: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Name of the repository.
    pub repository: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
}

impl Source {
    /// Package and version, or repository and commit.
    #[must_use]
    pub fn label(&self) -> String {
        let place = self.package.as_deref().or(self.repository.as_deref()).unwrap_or("unknown");
        let version = self.version.as_deref().or(self.commit.as_deref()).unwrap_or("unknown");
        format!("{place}@{version}")
    }
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
    /// A file differs from what is pinned.
    #[error("{}: sha256 is {found}, pinned is {pinned}: delete the file and run `make models`", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The manifest's.
        pinned: String,
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

    /// The bytes of a network, verified.
    ///
    /// # Errors
    /// When the file is missing or differs.
    pub fn read(&self, model: &Model, dirs: &[PathBuf]) -> Result<Vec<u8>, SetUpError> {
        read_pinned(dirs, &model.file, &model.sha256).map(|(_, bytes)| bytes)
    }

    fn named(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

/// Reads a file from the first folder that has it and checks its hash.
fn read_pinned(dirs: &[PathBuf], file: &str, pinned: &str) -> Result<(PathBuf, Vec<u8>), SetUpError> {
    let path =
        dirs.iter().map(|dir| dir.join(file)).find(|path| path.exists()).unwrap_or_else(|| {
            dirs.first().map(|dir| dir.join(file)).unwrap_or_else(|| Path::new(file).into())
        });
    let bytes = std::fs::read(&path)
        .map_err(|error| SetUpError::Missing { path: path.clone(), why: error.to_string() })?;
    let found = hex::encode(Sha256::digest(&bytes));
    if found != pinned {
        return Err(SetUpError::Differs { path, found, pinned: pinned.into() });
    }
    Ok((path, bytes))
}

/// The verified bytes of the networks that measure.
pub struct ModelSet {
    pub(crate) blazeface: Vec<u8>,
    pub(crate) facemesh: Vec<u8>,
    pub(crate) faceres: Vec<u8>,
    pub(crate) texture: Option<[Vec<u8>; 2]>,
    used: Vec<(String, String)>,
}

impl ModelSet {
    /// Reads what measures from the first of `dirs` that has it. The texture pair is used where both files are there.
    ///
    /// # Errors
    /// When a file that is needed is missing, or any differs.
    pub fn read(manifest: &Manifest, dirs: &[PathBuf]) -> Result<Self, SetUpError> {
        let mut used = Vec::new();
        let mut take = |name: &str| {
            let model = manifest.named(name).ok_or_else(|| SetUpError::Missing {
                path: name.into(),
                why: "not in the manifest".into(),
            })?;
            let bytes = manifest.read(model, dirs)?;
            used.push((model.name.clone(), model.sha256.clone()));
            Ok::<_, SetUpError>(bytes)
        };
        let (blazeface, facemesh, faceres) = (take("blazeface")?, take("facemesh")?, take("faceres")?);
        let pair = ["minifasnet_v2", "minifasnet_v1se"];
        let offered = pair.iter().all(|name| {
            manifest.named(name).is_some_and(|model| dirs.iter().any(|dir| dir.join(&model.file).exists()))
        });
        let texture = if offered { Some([take(pair[0])?, take(pair[1])?]) } else { None };
        Ok(Self { blazeface, facemesh, faceres, texture, used })
    }

    /// Name and SHA-256 in hex of each network that measures.
    #[must_use]
    pub fn used(&self) -> &[(String, String)] {
        &self.used
    }
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
        }
        for name in ["blazeface", "facemesh", "faceres", "minifasnet_v2", "minifasnet_v1se"] {
            assert!(manifest.named(name).is_some(), "{name}");
        }
        assert!(manifest.models.iter().filter(|model| !model.decides).any(|model| model.name == "antispoof"));
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
