//! The data directory: the log, the views, the images, their keys and the master key of one installation.

use crate::secret_file;
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
                let id = Uuid::new_v4();
                fs::write(&path, id.to_string()).with_context(|| path.display().to_string())?;
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
        let path = self.0.join("master.key");
        match File::open(&path) {
            Ok(file) => read_key(&path, file),
            Err(error) if error.kind() == ErrorKind::NotFound => self.draw_key(&path),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// A master key that was handed over in a file, as 32 bytes or as 64 hex digits.
    ///
    /// # Errors
    /// When the file cannot be read, can be written by others, or holds something else.
    pub fn handed_master_key(path: &Path) -> anyhow::Result<MasterKey> {
        const FLAG: &str = "--master-key-file";
        let secret = secret_file::read(FLAG, path)?;
        let mut key = [0; 32];
        let whole = if secret.len() == key.len() {
            key.copy_from_slice(&secret);
            true
        } else {
            hex::decode_to_slice(secret.trim_ascii(), &mut key).is_ok()
        };
        ensure!(
            whole,
            "{FLAG}: {}: must hold 32 bytes or 64 hex digits: make one with `openssl rand -hex 32`",
            path.display()
        );
        Ok(MasterKey::new(key))
    }

    /// Writes beside and links into place, so that no half-written key is ever read and the first of two writers wins.
    fn draw_key(&self, path: &Path) -> anyhow::Result<MasterKey> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
        let beside = self.0.join(format!("master.key.{}", std::process::id()));
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        file.write_all(&key).and_then(|()| file.sync_all()).with_context(|| beside.display().to_string())?;
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        match linked {
            Ok(()) => {
                File::open(&self.0)?.sync_all()?;
                Ok(MasterKey::new(key))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => read_key(path, File::open(path)?),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

fn read_key(path: &Path, mut file: File) -> anyhow::Result<MasterKey> {
    let mode = file.metadata()?.permissions().mode();
    ensure!(mode & 0o077 == 0, "{}: others can read the master key: run `chmod 600` on it", path.display());
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    let key: [u8; 32] = bytes.try_into().map_err(|bytes: Vec<u8>| {
        anyhow::anyhow!(
            "{}: the master key must have 32 bytes and has {}: restore it from a backup",
            path.display(),
            bytes.len()
        )
    })?;
    Ok(MasterKey::new(key))
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
    fn a_handed_key_is_taken_in_both_forms_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let handed = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            let key = DataDir::handed_master_key(&path);
            key.map(|key| key.credentials(uuid::Uuid::nil()).token.expose().to_owned())
        };
        let raw = handed(&[0xab; 32]).unwrap();
        assert_eq!(handed(format!("{}\n", "ab".repeat(32)).as_bytes()).unwrap(), raw);
        for wrong in
            [&b""[..], &[0xab; 31], &[0xab; 33], "ab".repeat(31).as_bytes(), "xy".repeat(32).as_bytes()]
        {
            assert!(handed(wrong).unwrap_err().to_string().contains("openssl rand"), "{wrong:?}");
        }
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
