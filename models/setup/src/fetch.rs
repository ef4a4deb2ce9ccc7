//! Fetches packages with the clients of their registries, and checks them.
//!
//! Which registry is asked is the client's own matter (its configuration, its credentials): no address is written here.
//! Where a client is not installed, `direct` asks the registry that its configuration names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{checksum, direct};

/// A package, pinned to its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Where it is published.
    pub registry: Registry<'a>,
    /// Name as the registry knows it.
    pub name: &'a str,
    /// Exact version.
    pub version: &'a str,
    /// Hash of the file.
    pub sha256: &'a str,
}

/// A kind of registry.
#[derive(Debug, Clone, Copy)]
pub enum Registry<'a> {
    /// JavaScript packages; a package is one tarball.
    Npm,
    /// Python packages; a package has a wheel for each tag (Python, ABI, platform).
    PyPi {
        /// Tag of the wheel.
        tag: &'a str,
    },
}

/// What makes a package unusable.
#[derive(Debug, thiserror::Error)]
#[error(
    "{file}: its sha256 is {found}, but the manifest pins {pinned}; it is not what was reviewed and is refused"
)]
pub struct WrongHash {
    file: String,
    found: String,
    pinned: String,
}

impl Package<'_> {
    /// Returns the name of the package's file, as registries name it.
    pub fn file_name(&self) -> String {
        match self.registry {
            Registry::Npm => {
                format!("{}-{}.tgz", self.name.trim_start_matches('@').replace('/', "-"), self.version)
            }
            Registry::PyPi { tag } => format!("{}-{}-{tag}.whl", self.name.replace('-', "_"), self.version),
        }
    }

    /// Returns the package's path in `cache`, where it is fetched to if it is not there.
    pub fn fetch(&self, cache: &Path) -> Result<PathBuf> {
        let path = cache.join(self.file_name());
        if checksum::of_file(&path)?.as_deref() == Some(self.sha256) {
            return Ok(path);
        }
        fs::create_dir_all(cache).with_context(|| format!("cannot make the folder {}", cache.display()))?;
        let folder = tempfile::tempdir_in(cache)?;
        self.download(folder.path())
            .with_context(|| format!("cannot fetch {} {}", self.name, self.version))?;
        let fetched = only_file(folder.path())?;
        self.check(&fetched)?;
        fs::rename(fetched, &path)?;
        Ok(path)
    }

    fn check(&self, path: &Path) -> Result<()> {
        let found = checksum::of_file(path)?.unwrap_or_default();
        if found != self.sha256 {
            bail!(WrongHash { file: self.file_name(), found, pinned: self.sha256.to_owned() });
        }
        Ok(())
    }

    fn download(&self, folder: &Path) -> Result<()> {
        match self.registry {
            Registry::Npm => {
                let Some(npm) = installed(&[&["npm"]]) else {
                    return direct::npm(self, folder);
                };
                let package = format!("{}@{}", self.name, self.version);
                run(client(npm)
                    .args(["pack", "--ignore-scripts", &package, "--pack-destination"])
                    .arg(folder))
            }
            Registry::PyPi { tag } => {
                let Some(pip) = installed(&[&["python3", "-m", "pip"], &["pip3"], &["pip"]]) else {
                    return direct::pypi(self, folder);
                };
                let requirements = tempfile::NamedTempFile::new()?;
                let requirement = format!("{}=={} --hash=sha256:{}\n", self.name, self.version, self.sha256);
                fs::write(requirements.path(), requirement)?;
                let [python, abi, platforms] = tag.splitn(3, '-').collect::<Vec<_>>()[..] else {
                    bail!("`{tag}` is not the tag of a wheel");
                };
                let mut command = client(pip);
                command.args(["download", "--no-deps", "--require-hashes", "--only-binary", ":all:"]);
                command.args(["--implementation", "cp", "--abi", abi]);
                command.args(["--python-version", python.trim_start_matches("cp")]);
                for platform in platforms.split('.') {
                    command.args(["--platform", platform]);
                }
                run(command.arg("--requirement").arg(requirements.path()).arg("--dest").arg(folder))
            }
        }
    }
}

/// Returns the first of the commands that runs here.
pub(crate) fn installed<'a>(commands: &[&'a [&'a str]]) -> Option<&'a [&'a str]> {
    commands.iter().copied().find(|command| {
        let mut version = client(command);
        version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    })
}

fn client(words: &[&str]) -> Command {
    let mut command = Command::new(words.first().copied().unwrap_or_default());
    command.args(words.iter().skip(1));
    command
}

/// Runs a client; what it says is shown only if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) => bail!("expected one file from the registry's client, got {}", files.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: Package<'static> = Package {
        registry: Registry::Npm,
        name: "@scope/name",
        version: "1.2.3",
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn names_files_as_the_registries_do() {
        assert_eq!(PACKAGE.file_name(), "scope-name-1.2.3.tgz");
        let wheel = Package { registry: Registry::PyPi { tag: "cp311-cp311-any" }, name: "a-b", ..PACKAGE };
        assert_eq!(wheel.file_name(), "a_b-1.2.3-cp311-cp311-any.whl");
    }

    #[test]
    fn takes_what_is_cached_and_right() {
        let cache = tempfile::tempdir().unwrap();
        fs::write(cache.path().join("scope-name-1.2.3.tgz"), "abc").unwrap();
        assert!(PACKAGE.fetch(cache.path()).is_ok());
    }

    #[test]
    fn refuses_other_bytes_than_the_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fetched");
        fs::write(&path, "abd").unwrap();
        let error = PACKAGE.check(&path).unwrap_err();
        assert!(error.is::<WrongHash>(), "{error}");
    }
}
