//! The stored form of the two events that name kept images. Version 2 of each says besides how they lie in the store;
//! where nothing was sealed, version 1 says all there is.

use super::{Unreadable, body, unknown, versioned};
use crate::session::{ErasedBecause, KeptImage, ModelUsed, Sealed, SessionEvent};
use crate::verdict::{PolicyVersion, Verdict};
use crate::{Digest, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct SessionCompletedV1 {
    pub(super) at: Timestamp,
    pub(super) policy: PolicyVersion,
    pub(super) verdict: Verdict,
    pub(super) models: Vec<ModelUsed>,
    pub(super) images: Vec<KeptImage>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ImagesErasedV1 {
    pub(super) at: Timestamp,
    pub(super) because: ErasedBecause,
    pub(super) images: Vec<Digest>,
}

/// Version 1, and how the images lie in the store, or lay in it.
#[derive(Serialize, Deserialize)]
struct V2<T> {
    #[serde(flatten)]
    v1: T,
    sealed: SealedV2,
}

#[derive(Serialize, Deserialize)]
struct SealedV2 {
    key_sha256: Digest,
    objects_sha256: Vec<Digest>,
}

pub(super) fn encode<T: Serialize>(
    event_type: &'static str,
    v1: T,
    sealed: Option<Sealed>,
) -> Result<(&'static str, Bytes), serde_json::Error> {
    match sealed {
        None => versioned(event_type, 1, &v1),
        Some(Sealed { key, objects }) => {
            let sealed = SealedV2 { key_sha256: key, objects_sha256: objects };
            versioned(event_type, 2, &V2 { v1, sealed })
        }
    }
}

/// Reads a version 1 or 2 whose part that both have is `T`.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(
    event_type: &str,
    version: u32,
    data: &[u8],
) -> Result<(T, Option<Sealed>), Unreadable> {
    match version {
        1 => Ok((body(event_type, data)?, None)),
        2 => {
            let V2 { v1, sealed: SealedV2 { key_sha256, objects_sha256 } } = body(event_type, data)?;
            Ok((v1, Some(Sealed { key: key_sha256, objects: objects_sha256 })))
        }
        _ => Err(unknown(event_type, version)),
    }
}

impl From<(SessionCompletedV1, Option<Sealed>)> for SessionEvent {
    fn from((stored, sealed): (SessionCompletedV1, Option<Sealed>)) -> Self {
        let SessionCompletedV1 { at, policy, verdict, models, images } = stored;
        Self::Completed { at, policy, verdict, models, images, sealed }
    }
}

impl From<(ImagesErasedV1, Option<Sealed>)> for SessionEvent {
    fn from((stored, sealed): (ImagesErasedV1, Option<Sealed>)) -> Self {
        let ImagesErasedV1 { at, because, images } = stored;
        Self::ImagesErased { at, because, images, sealed }
    }
}
