//! The data directory: the log, the views, the images, their keys and the master key of one installation.

use crate::receipts::ReceiptKey;
use anyhow::{Context as _, ensure};
use liveness_events::credentials::MasterKey;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// Held while the service runs; the system lets it go with the process, however that ends.
#[derive(Debug)]
pub struct ServiceLock(#[expect(dead_code, reason = "closing it lets the lock go")] File);

impl DataDir {
    /// Opens a data directory and makes it, for this user alone, where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(path).with_context(|| {
            format!(
                "{}: the data directory cannot be made: check its parent, or name another with --data-dir",
                path.display()
            )
        })?;
        Ok(Self(path.into()))
    }

    /// File of the event log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("events.db")
    }

    /// File of the views.
    #[must_use]
    pub fn views(&self) -> PathBuf {
        self.0.join("views.db")
    }

    /// File of the persistent subscriptions.
    #[must_use]
    pub fn groups(&self) -> PathBuf {
        self.0.join("groups.db")
    }

    /// Folder of the images.
    #[must_use]
    pub fn images(&self) -> PathBuf {
        self.0.join("images")
    }

    /// Folder of the keys of the images: the one thing in here that must not be backed up.
    #[must_use]
    pub fn image_keys(&self) -> PathBuf {
        self.0.join("image-keys")
    }

    /// Locks the directory for one running service.
    ///
    /// # Errors
    /// When another one runs on it.
    pub fn lock(&self) -> anyhow::Result<ServiceLock> {
        let path = self.0.join("service.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(ServiceLock(file)),
            Err(fs::TryLockError::WouldBlock) => {
                anyhow::bail!(
                    "{}: another liveness service runs on this data directory: stop it first",
                    self.0.display()
                )
            }
            Err(fs::TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Id of the node whose directory this is; drawn where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no id.
    pub fn node_id(&self) -> anyhow::Result<Uuid> {
        let path = self.0.join("node.id");
        let told = || format!("{}: remove the file, and the node gets a new id", path.display());
        match fs::read_to_string(&path) {
            Ok(text) => Uuid::try_parse(text.trim()).with_context(told),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let (id, beside) = (Uuid::new_v4(), self.0.join("node.id.new"));
                // Whole or not at all, whenever the process ends.
                fs::write(&beside, id.to_string())
                    .and_then(|()| fs::rename(&beside, &path))
                    .with_context(|| path.display().to_string())?;
                Ok(id)
            }
            Err(error) => Err(error).with_context(told),
        }
    }

    /// The master key; drawn, and written for this user alone, where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or written, is not 32 bytes long, or can be read by others.
    pub fn master_key(&self) -> anyhow::Result<MasterKey> {
        self.key("master.key").map(MasterKey::new)
    }

    /// The key that signs receipts; drawn like the master key.
    ///
    /// # Errors
    /// As [`DataDir::master_key`].
    pub fn receipt_key(&self) -> anyhow::Result<ReceiptKey> {
        ReceiptKey::from_seed(&self.key("receipt.key")?)
    }

    fn key(&self, name: &str) -> anyhow::Result<[u8; 32]> {
        let path = self.0.join(name);
        match File::open(&path) {
            Ok(file) => read_key(&path, file),
            Err(error) if error.kind() == ErrorKind::NotFound => self.draw_key(&path),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Writes beside and links into place, so that no half-written key is ever read and the first of two writers wins.
    fn draw_key(&self, path: &Path) -> anyhow::Result<[u8; 32]> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
        let beside = path.with_extension(format!("key.{}", std::process::id()));
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        file.write_all(&key).and_then(|()| file.sync_all()).with_context(|| beside.display().to_string())?;
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        match linked {
            Ok(()) => {
                File::open(&self.0)?.sync_all()?;
                Ok(key)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => read_key(path, File::open(path)?),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

fn read_key(path: &Path, mut file: File) -> anyhow::Result<[u8; 32]> {
    let mode = file.metadata()?.permissions().mode();
    ensure!(mode & 0o077 == 0, "{}: others can read the key: run `chmod 600` on it", path.display());
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    bytes.try_into().map_err(|bytes: Vec<u8>| {
        anyhow::anyhow!(
            "{}: the key must have 32 bytes and has {}: restore it from a backup",
            path.display(),
            bytes.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_drawn_once_and_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(&folder.path().join("data")).unwrap();
        let secret = |key: MasterKey| key.credentials(uuid::Uuid::nil()).token.expose().to_owned();
        let first = secret(dir.master_key().unwrap());
        assert_eq!(secret(dir.master_key().unwrap()), first);
        let path = folder.path().join("data/master.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(dir.master_key().unwrap_err().to_string().contains("chmod"));
    }

    #[test]
    fn one_service_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let held = dir.lock().unwrap();
        assert!(dir.lock().unwrap_err().to_string().contains("another liveness service"));
        drop(held);
        dir.lock().unwrap();
    }
}
