//! The manifest: what is fetched, what is made of it, and which bytes are right.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use toml_edit::DocumentMut;

/// `models/manifest.toml`.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// The inference library.
    pub runtime: Runtime,
    /// Packages that models are taken from.
    pub packages: Vec<NpmPackage>,
    /// A picture of a face for tests.
    pub test_material: TestMaterial,
    /// Every model that the service can load.
    pub models: Vec<Model>,
}

/// The inference library.
#[derive(Debug, Deserialize)]
pub struct Runtime {
    /// Name of the PyPI package.
    pub name: String,
    /// Version of package and library.
    pub version: String,
    /// The library for each platform.
    pub platforms: Vec<Platform>,
}

/// The inference library of one platform.
#[derive(Debug, Deserialize)]
pub struct Platform {
    /// Operating system, as `std::env::consts::OS` names it.
    pub os: String,
    /// Processor, as `std::env::consts::ARCH` names it.
    pub arch: String,
    /// Name of the file made.
    pub file: String,
    /// Hash of the file made.
    pub sha256: String,
    /// Path of the library in the wheel.
    pub member: String,
    /// Python, ABI and platform tags of the wheel.
    pub wheel_tag: String,
    /// Hash of the wheel.
    pub wheel_sha256: String,
}

/// An npm package.
#[derive(Debug, Deserialize)]
pub struct NpmPackage {
    /// Name with scope.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Hash of the tarball.
    pub sha256: String,
}

/// A file of a wheel that only tests need.
#[derive(Debug, Deserialize)]
pub struct TestMaterial {
    /// Name of the PyPI package.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Tags of the wheel.
    pub wheel_tag: String,
    /// Hash of the wheel.
    pub wheel_sha256: String,
    /// Path of the file in the wheel.
    pub member: String,
    /// Path of the file made.
    pub file: String,
    /// Hash of the file made.
    pub sha256: String,
}

/// A model.
#[derive(Debug, Deserialize)]
pub struct Model {
    /// Unique name.
    pub name: String,
    /// Name of the ONNX file.
    pub file: String,
    /// Hash of the ONNX file; empty before the first `--record`.
    pub sha256: String,
    /// Whether the service runs without the file.
    pub optional: bool,
    /// Where the model comes from.
    pub source: Source,
    /// What it takes.
    pub input: Input,
    /// What it gives.
    pub outputs: Vec<Output>,
}

/// Where a model comes from.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A TensorFlow.js model in an npm package: fetched and converted.
    Package {
        /// Name of the package.
        package: String,
        /// Version of the package.
        version: String,
        /// Path of the topology in the package.
        topology: String,
        /// Path of the weights in the package.
        weights: String,
    },
    /// An ONNX file in a public Git repository: put in place by hand.
    Repository {
        /// Owner and name.
        repository: String,
        /// Commit.
        commit: String,
        /// Path of the file in the repository.
        path: String,
    },
}

/// What a model takes: a picture, as numbers `pixel * scale + offset`.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// Shape, batch first.
    pub shape: Vec<i64>,
    /// Factor of a pixel's value (0 to 255).
    pub scale: f32,
    /// What is added after that.
    pub offset: f32,
}

/// What a model gives.
#[derive(Debug, Deserialize)]
pub struct Output {
    /// Name in the ONNX file.
    pub name: String,
    /// Node of the source's graph that computes it.
    pub node: Option<String>,
    /// Shape, batch first.
    pub shape: Vec<i64>,
}

impl Manifest {
    /// Reads the manifest.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path)?;
        toml::from_str(&text).with_context(|| format!("{} is not a manifest of models", path.display()))
    }
}

impl Runtime {
    /// Returns the library for this machine.
    pub fn platform(&self) -> Result<&Platform> {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        self.platforms.iter().find(|platform| platform.os == os && platform.arch == arch).with_context(|| {
            let known: Vec<_> = self.platforms.iter().map(|it| format!("{} {}", it.os, it.arch)).collect();
            format!("the manifest pins no {} for {os} {arch}, only for {}", self.name, known.join(", "))
        })
    }
}

/// Writes the hashes of models, given as (name, sha256), into the manifest; all else stays as it is.
pub fn record(path: &Path, hashes: &[(String, String)]) -> Result<()> {
    let mut document: DocumentMut = read_text(path)?.parse()?;
    let models = document.get_mut("models").and_then(|it| it.as_array_of_tables_mut());
    for model in models.into_iter().flat_map(|models| models.iter_mut()) {
        let name = model.get("name").and_then(|it| it.as_str());
        if let Some((_, sha256)) = hashes.iter().find(|(made, _)| Some(made.as_str()) == name) {
            model.insert("sha256", toml_edit::value(sha256));
        }
    }
    std::fs::write(path, document.to_string()).with_context(|| format!("cannot write {}", path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; run this from the root of the repository", path.display()))
}
