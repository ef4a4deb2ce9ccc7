use super::{ImageError, Place};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use uuid::Uuid;

/// What the version of an object is called in a bucket that keeps no versions any more.
const NO_VERSION: &str = "null";

/// What became known of a store that works.
pub(super) struct Checked {
    /// Deleted objects can be brought back.
    pub(super) keeps_versions: bool,
}

/// Writes an object, sees that it is not replaced, reads it, deletes it and sees that it is gone.
pub(super) async fn check(store: &dyn ObjectStore, place: &Place) -> Result<Checked, ImageError> {
    let failed = |source| ImageError::Store { place: place.clone(), source };
    let unsound = |failed| ImageError::Unsound { place: place.clone(), failed };
    let name = Key::from(format!("check-{}", Uuid::new_v4()));
    let create = async |text: &'static str| {
        store.put_opts(&name, PutPayload::from_static(text.as_bytes()), PutMode::Create.into()).await
    };
    let first = create("first").await.map_err(failed)?;
    let again = create("again").await;
    let read = async { store.get(&name).await?.bytes().await };
    let read = read.await;
    store.delete(&name).await.map_err(failed)?;
    match again {
        Err(Error::AlreadyExists { .. }) => {}
        Ok(_) => return Err(ImageError::Replaces { place: place.clone() }),
        Err(error) => return Err(failed(error)),
    }
    if read.map_err(failed)? != "first" {
        return Err(unsound("read back"));
    }
    match store.head(&name).await {
        Err(Error::NotFound { .. }) => {}
        Ok(_) => return Err(unsound("deleted")),
        Err(error) => return Err(failed(error)),
    }
    Ok(Checked { keeps_versions: first.version.is_some_and(|version| version != NO_VERSION) })
}
