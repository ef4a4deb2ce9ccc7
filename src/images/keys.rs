use super::seal::{SealError, SealKey};
use super::{ImageError, Place, check};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use liveness_events::Digest;
use liveness_events::credentials::MasterKey;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// The sessions' keys: one object each, wrapped under a key that follows from the master key.
#[derive(Debug, Clone)]
pub(super) struct KeyStore {
    store: Arc<dyn ObjectStore>,
    place: Place,
    master: MasterKey,
}

impl KeyStore {
    pub(super) fn open(place: &Place, master: MasterKey) -> Result<Self, ImageError> {
        let store = place.open()?;
        if let Place::Folder(folder) = place {
            let named = || folder.display().to_string();
            let folder_of = |source| ImageError::Folder { folder: named(), source };
            if fs::metadata(folder).map_err(folder_of)?.permissions().mode() & 0o077 != 0 {
                return Err(ImageError::OpenToOthers { folder: named() });
            }
        }
        Ok(Self { store, place: place.clone(), master })
    }

    /// The session's key, drawn where there is none, and the hash of its wrapped form. Of two that draw at once, both
    /// get the key of the first.
    pub(super) async fn get_or_draw(&self, session: Uuid) -> Result<(SealKey, Digest), ImageError> {
        if let Some(found) = self.get(session).await? {
            return Ok(found);
        }
        let key = SealKey::random()?;
        let wrapped = Bytes::from(self.wrapping(session).wrap(session.as_bytes(), &key)?);
        let digest = Digest::of(&wrapped);
        let name = name(session);
        match self.store.put_opts(&name, PutPayload::from_bytes(wrapped), PutMode::Create.into()).await {
            Ok(_) => {
                if let Some(file) = self.file(session) {
                    let closed = fs::set_permissions(&file, Permissions::from_mode(0o600));
                    closed.map_err(|source| self.file_failed(source))?;
                }
                Ok((key, digest))
            }
            // One that has gone again meanwhile was destroyed: there is nothing to keep images for.
            Err(Error::AlreadyExists { .. }) => {
                self.get(session).await?.ok_or(ImageError::Key(SealError::Refused))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The session's key, and the hash of its wrapped form.
    pub(super) async fn get(&self, session: Uuid) -> Result<Option<(SealKey, Digest)>, ImageError> {
        let read = async { self.store.get(&name(session)).await?.bytes().await };
        match read.await {
            Ok(wrapped) => {
                let key = self.wrapping(session).unwrap(session.as_bytes(), &wrapped)?;
                Ok(Some((key, Digest::of(&wrapped))))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Destroys the session's key; none need be there.
    pub(super) async fn destroy(&self, session: Uuid) -> Result<(), ImageError> {
        if let (Place::Folder(folder), Some(file)) = (&self.place, self.file(session)) {
            let folder = folder.clone();
            let destroyed = tokio::task::spawn_blocking(move || destroy_file(&folder, &file)).await;
            return destroyed.map_err(io::Error::other).flatten().map_err(|error| self.file_failed(error));
        }
        match self.store.delete(&name(session)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Sessions of which there is a key, and when it was written.
    pub(super) async fn list(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, ImageError> {
        let found: Vec<_> = self.store.list(None).try_collect().await.map_err(|error| self.failed(error))?;
        let session = |key: &Key| Uuid::try_parse(key.filename()?.strip_suffix(SUFFIX)?).ok();
        Ok(found
            .into_iter()
            .filter_map(|object| Some((session(&object.location)?, object.last_modified)))
            .collect())
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) async fn check(&self) -> Result<(), ImageError> {
        if check::check(&*self.store, &self.place).await?.keeps_versions {
            return Err(ImageError::Versioned { place: self.place.clone() });
        }
        Ok(())
    }

    fn wrapping(&self, session: Uuid) -> SealKey {
        SealKey::new(self.master.image_key(session))
    }

    fn file(&self, session: Uuid) -> Option<PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.join(name(session).as_ref())),
            Place::Bucket { .. } => None,
        }
    }

    fn failed(&self, source: Error) -> ImageError {
        ImageError::Store { place: self.place.clone(), source }
    }

    fn file_failed(&self, source: io::Error) -> ImageError {
        ImageError::Folder { folder: self.place.to_string(), source }
    }
}

const SUFFIX: &str = ".key";

fn name(session: Uuid) -> Key {
    Key::from(format!("{session}{SUFFIX}"))
}

/// Writes zeros over a file before its name goes, so that a file system that writes in place keeps nothing of it, and
/// syncs the folder, so that what is told to be destroyed does not come back with the power.
fn destroy_file(folder: &Path, path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return File::open(folder)?.sync_all(),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    match fs::remove_file(path) {
        // Another node was faster.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed?,
    }
    File::open(folder)?.sync_all()
}
