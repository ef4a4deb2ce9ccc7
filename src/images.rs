//! The images that are kept for a while: each session's in a folder of its own, named by their hash.

use bytes::Bytes;
use futures::TryStreamExt as _;
use liveness_events::Digest;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use uuid::Uuid;

/// Why the image store did not do what it should.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The store said so.
    #[error("the image store: {0}")]
    Store(#[from] object_store::Error),
    /// The folder cannot be made.
    #[error("{folder}: {source}: check that the folder can be written to")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The image store.
#[derive(Debug, Clone)]
pub struct ImageStore(Arc<dyn ObjectStore>);

impl ImageStore {
    /// Images in a local folder, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn local(folder: &Path) -> Result<Self, ImageError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| ImageError::Folder { folder: folder.display().to_string(), source })?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true))))
    }

    /// Keeps an image.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn put(&self, session: Uuid, sha256: Digest, jpeg: Bytes) -> Result<(), ImageError> {
        self.0.put(&key(session, sha256), PutPayload::from_bytes(jpeg)).await?;
        Ok(())
    }

    /// Fetches an image; none where it is gone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn get(&self, session: Uuid, sha256: Digest) -> Result<Option<Bytes>, ImageError> {
        match self.0.get(&key(session, sha256)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases all images of a session; none need be there.
    ///
    /// # Errors
    /// When the store does not erase one.
    pub async fn erase(&self, session: Uuid) -> Result<(), ImageError> {
        let keys: Vec<Key> = self
            .0
            .list(Some(&Key::from(session.to_string())))
            .map_ok(|found| found.location)
            .try_collect()
            .await?;
        for key in keys {
            match self.0.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Sessions of which there are images.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sessions(&self) -> Result<BTreeSet<Uuid>, ImageError> {
        let found: Vec<_> = self.0.list(None).try_collect().await?;
        let folder = |key: Key| Uuid::try_parse(key.parts().next()?.as_ref()).ok();
        Ok(found.into_iter().filter_map(|object| folder(object.location)).collect())
    }
}

fn key(session: Uuid, sha256: Digest) -> Key {
    Key::from(format!("{session}/{sha256}.jpg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn images_come_back_until_they_are_erased() {
        let folder = tempfile::tempdir().unwrap();
        let store = ImageStore::local(&folder.path().join("images")).unwrap();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let picture = Bytes::from_static(b"a picture");
        let digest = Digest::of(&picture);
        store.put(one, digest, picture.clone()).await.unwrap();
        store.put(other, digest, picture.clone()).await.unwrap();
        assert_eq!(store.get(one, digest).await.unwrap(), Some(picture.clone()));
        store.erase(one).await.unwrap();
        store.erase(one).await.unwrap();
        assert_eq!(store.get(one, digest).await.unwrap(), None);
        assert_eq!(store.get(other, digest).await.unwrap(), Some(picture));
        assert_eq!(store.sessions().await.unwrap(), [other].into());
    }
}
