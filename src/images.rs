//! The images that are kept for a while. Each is sealed under a key of its session alone, and the keys are kept apart:
//! whoever has the one store opens nothing without the other and the master key. Destroying a session's key erases its
//! images wherever copies of them may be.

mod check;
mod keys;
mod objects;
mod place;
mod seal;
#[cfg(test)]
mod tests;

pub use place::Place;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join_all;
use keys::KeyStore;
use liveness_events::Digest;
use liveness_events::credentials::MasterKey;
use liveness_events::session::Sealed;
use objects::Objects;
use seal::SealError;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;
use uuid::Uuid;

/// On a store that others write to, what is younger may belong to a capture that is just ending at another node. Its
/// images and the event that names them are seconds apart, where every call takes its longest a minute and a half.
const ORPHAN_AGE: TimeDelta = TimeDelta::minutes(2);

/// Why the image store or the key store did not do what it should.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The store said so.
    #[error("{place}: {source}")]
    Store {
        /// Which.
        place: Place,
        /// What it said.
        source: object_store::Error,
    },
    /// The folder cannot be used.
    #[error("{folder}: {source}: check that the folder can be written to")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read the keys.
    #[error(
        "{folder}: others can read the image keys: run `chmod 700` on it, or name a folder below it, which is made so"
    )]
    OpenToOthers {
        /// The folder.
        folder: String,
    },
    /// What was deleted could be brought back.
    #[error(
        "{place}: the bucket keeps old versions, so that a key is not gone when it is destroyed: turn versioning off, \
         or name another bucket with --image-key-store"
    )]
    Versioned {
        /// The key store.
        place: Place,
    },
    /// It replaces what it was told to leave.
    #[error(
        "{place}: the store does not honour `If-None-Match: *`, so that nodes could replace each other's keys: \
         use an S3 service that does"
    )]
    Replaces {
        /// Which.
        place: Place,
    },
    /// It does not give back what was written, or gives it back after it was deleted.
    #[error("{place}: a test object could not be {failed}")]
    Unsound {
        /// Which.
        place: Place,
        /// What could not be done with it.
        failed: &'static str,
    },
    /// Nothing can be sealed, or the session's key is not what was wrapped.
    #[error("session key: {0}")]
    Key(#[from] SealError),
}

impl ImageError {
    /// Whether a store works but is not fit for what it is to hold, which no waiting mends.
    #[must_use]
    pub const fn is_unfit(&self) -> bool {
        matches!(self, Self::Versioned { .. } | Self::Replaces { .. } | Self::Unsound { .. })
    }
}

impl fmt::Display for ImageStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "images in {}, keys in {}", self.objects.place(), self.keys.place())
    }
}

/// Who else writes to the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Alone,
    /// Other nodes, or a machine with a clock of its own.
    Shared,
}

/// The image store, with the keys that open it.
#[derive(Debug, Clone)]
pub struct ImageStore {
    objects: Objects,
    keys: KeyStore,
    /// Since when this process is the only writer; none where it is not.
    alone_since: Option<DateTime<Utc>>,
}

impl ImageStore {
    /// Opens both stores; folders are made where they are missing.
    ///
    /// # Errors
    /// When a folder cannot be made or can be read by others, or the settings of a bucket are not complete.
    pub fn open(
        images: &Place,
        keys: &Place,
        master: MasterKey,
        sharing: Sharing,
    ) -> Result<Self, ImageError> {
        let alone_since = match sharing {
            Sharing::Alone => Some(Utc::now()),
            Sharing::Shared => None,
        };
        Ok(Self { objects: Objects::open(images)?, keys: KeyStore::open(keys, master)?, alone_since })
    }

    /// Whether both stores are folders.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!((self.objects.place(), self.keys.place()), (Place::Folder(_), Place::Folder(_)))
    }

    /// Keeps pictures of a session, and says how they lie in the store. What is there already stays as it is, so that
    /// all who keep the same pictures say the same.
    ///
    /// # Errors
    /// When a store does not take them.
    pub async fn put(&self, session: Uuid, pictures: &BTreeMap<Digest, Bytes>) -> Result<Sealed, ImageError> {
        let (key, wrapped) = self.keys.get_or_draw(session).await?;
        let put = pictures.iter().map(|(sha256, jpeg)| self.objects.put(session, *sha256, &key, jpeg));
        Ok(Sealed { key: wrapped, objects: try_join_all(put).await? })
    }

    /// Fetches pictures of a session. One that is gone is missing in what comes back, and so is one that is not what
    /// was sealed, which is logged.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub async fn get(
        &self,
        session: Uuid,
        wanted: &BTreeSet<Digest>,
    ) -> Result<BTreeMap<Digest, Bytes>, ImageError> {
        let key = match self.keys.get(session).await {
            Ok(Some((key, _))) => key,
            Ok(None) => return Ok(BTreeMap::new()),
            Err(ImageError::Key(error)) => {
                tracing::error!(session.id = %session, %error, "the key of a session is refused");
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(error),
        };
        let get = wanted.iter().map(async |sha256| match self.objects.get(session, *sha256, &key).await {
            Ok(found) => Ok(found.map(|jpeg| (*sha256, jpeg))),
            Err(ImageError::Key(error)) => {
                tracing::error!(session.id = %session, image.sha256 = %sha256, %error, "an image is refused");
                Ok(None)
            }
            Err(error) => Err(error),
        });
        Ok(try_join_all(get).await?.into_iter().flatten().collect())
    }

    /// Erases all images of a session; none need be there. The key goes first: from then on nothing can be opened,
    /// whatever becomes of the rest, which the next try finishes.
    ///
    /// # Errors
    /// When a store does not erase what it has.
    pub async fn erase(&self, session: Uuid) -> Result<(), ImageError> {
        self.keys.destroy(session).await?;
        self.objects.delete(session).await
    }

    /// Sessions of which there is a key or an image that nobody can be about to name any more.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub async fn sessions(&self) -> Result<BTreeSet<Uuid>, ImageError> {
        let settled = self.alone_since.unwrap_or_else(|| Utc::now() - ORPHAN_AGE);
        let mut touched = BTreeMap::<Uuid, DateTime<Utc>>::new();
        for (session, at) in self.objects.list().await?.into_iter().chain(self.keys.list().await?) {
            let last = touched.entry(session).or_insert(at);
            *last = at.max(*last);
        }
        Ok(touched.into_iter().filter(|(_, at)| *at < settled).map(|(session, _)| session).collect())
    }

    /// Writes a test object to each store, reads it and deletes it.
    ///
    /// # Errors
    /// When a store does not do so, or is not fit for what it is to hold.
    pub async fn check(&self) -> Result<(), ImageError> {
        self.objects.check().await?;
        self.keys.check().await
    }
}
