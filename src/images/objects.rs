use super::seal::SealKey;
use super::{ImageError, Place, check};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use liveness_events::Digest;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use std::sync::Arc;
use uuid::Uuid;

/// The sealed images: each session's in a folder of its own, named by the hash of the picture.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    place: Place,
}

impl Objects {
    pub(super) fn open(place: &Place) -> Result<Self, ImageError> {
        Ok(Self { store: place.open()?, place: place.clone() })
    }

    /// Seals and keeps a picture; returns the hash of the sealed object. One that is there and can be opened stays.
    pub(super) async fn put(
        &self,
        session: Uuid,
        sha256: Digest,
        key: &SealKey,
        jpeg: &[u8],
    ) -> Result<Digest, ImageError> {
        let name = name(session, sha256);
        let sealed = Bytes::from(key.seal(&purpose(session, sha256), jpeg)?);
        let digest = Digest::of(&sealed);
        let payload = PutPayload::from_bytes(sealed);
        match self.store.put_opts(&name, payload.clone(), PutMode::Create.into()).await {
            Ok(_) => return Ok(digest),
            Err(Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(self.failed(error)),
        }
        if let Some(there) = self.read(&name).await?
            && key.open(&purpose(session, sha256), &there).is_ok()
        {
            return Ok(Digest::of(&there));
        }
        self.store.put(&name, payload).await.map_err(|error| self.failed(error))?;
        Ok(digest)
    }

    pub(super) async fn get(
        &self,
        session: Uuid,
        sha256: Digest,
        key: &SealKey,
    ) -> Result<Option<Bytes>, ImageError> {
        let Some(sealed) = self.read(&name(session, sha256)).await? else { return Ok(None) };
        Ok(Some(key.open(&purpose(session, sha256), &sealed)?.into()))
    }

    /// Deletes all that there is of a session.
    pub(super) async fn delete(&self, session: Uuid) -> Result<(), ImageError> {
        let folder = Key::from(session.to_string());
        let found = self.store.list(Some(&folder)).map_ok(|found| found.location);
        let names: Vec<Key> = found.try_collect().await.map_err(|error| self.failed(error))?;
        for name in names {
            match self.store.delete(&name).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    /// Sessions of which there are objects, and when each object was written.
    pub(super) async fn list(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, ImageError> {
        let found: Vec<_> = self.store.list(None).try_collect().await.map_err(|error| self.failed(error))?;
        let session = |key: Key| Uuid::try_parse(key.parts().next()?.as_ref()).ok();
        Ok(found
            .into_iter()
            .filter_map(|object| Some((session(object.location)?, object.last_modified)))
            .collect())
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) async fn check(&self) -> Result<(), ImageError> {
        check::check(&*self.store, &self.place).await.map(drop)
    }

    async fn read(&self, name: &Key) -> Result<Option<Bytes>, ImageError> {
        let read = async { self.store.get(name).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, source: Error) -> ImageError {
        ImageError::Store { place: self.place.clone(), source }
    }
}

fn name(session: Uuid, sha256: Digest) -> Key {
    Key::from(format!("{session}/{sha256}.sealed"))
}

/// What an object is sealed for: this picture of this session.
fn purpose(session: Uuid, sha256: Digest) -> Vec<u8> {
    [&session.as_bytes()[..], sha256.as_bytes()].concat()
}
