//! Opens the stores that the settings name; every command does it here.

use crate::data_dir::DataDir;
use crate::event_log::EventLog;
use crate::event_log::embedded::EmbeddedLog;
use crate::event_log::eventstoredb::{EventStoreLog, Settings};
use crate::images::{ImageStore, Place, Sharing};
use crate::settings::{ServeArgs, StoreArgs};
use anyhow::{Context as _, ensure};
use liveness_events::credentials::MasterKey;
use std::sync::Arc;

/// Opens the event log.
///
/// # Errors
/// When the setting names none that there is, or it cannot be opened; the text says what to do. An event store that is
/// away is none of these: what is asked of the log fails until it is there.
pub fn open_log(args: &StoreArgs) -> anyhow::Result<Arc<dyn EventLog>> {
    args.check()?;
    if args.is_embedded() {
        return Ok(Arc::new(EmbeddedLog::open(DataDir::open(&args.data_dir)?.log())?));
    }
    let settings = event_store_settings(args)?;
    Ok(Arc::new(EventStoreLog::open(settings).context("--event-store")?))
}

/// Tells where the event log is, without a word of what is secret.
///
/// # Errors
/// When the setting names none that there is.
pub fn event_log_name(args: &StoreArgs) -> anyhow::Result<String> {
    args.check()?;
    Ok(if args.is_embedded() { "embedded".to_owned() } else { event_store_settings(args)?.to_string() })
}

fn event_store_settings(args: &StoreArgs) -> anyhow::Result<Settings> {
    Settings::parse(args.event_store.as_str(), args.event_store_credentials.as_deref())
        .context("--event-store")
}

/// The master key: the one that was handed over, or the one of the data directory.
///
/// # Errors
/// When it cannot be read, or others could read or write it where they should not.
pub fn master_key(args: &ServeArgs, dir: &DataDir) -> anyhow::Result<MasterKey> {
    match &args.master_key_file {
        Some(file) => DataDir::handed_master_key(file),
        None => dir.master_key(),
    }
}

/// Opens the image store and the key store.
///
/// # Errors
/// When the key store must be named and is not, is not apart from the images, or one of them cannot be opened.
pub fn open_images(args: &ServeArgs, dir: &DataDir, master: MasterKey) -> anyhow::Result<ImageStore> {
    let images = args.image_store.clone().unwrap_or_else(|| Place::Folder(dir.images()));
    let embedded = args.stores.is_embedded();
    let keys = match &args.image_key_store {
        Some(keys) => keys.clone(),
        None => {
            let why = "name a place that all nodes share and that is neither versioned nor backed up, because a key \
                       that can be brought back erases nothing";
            ensure!(embedded, "--image-key-store: needed with this --event-store: {why}");
            ensure!(
                matches!(images, Place::Folder(_)),
                "--image-key-store: needed with --image-store {images}: {why}"
            );
            Place::Folder(dir.image_keys())
        }
    };
    ensure!(
        !images.holds(&keys) && !keys.holds(&images),
        "--image-key-store: {keys} and the images in {images} must be apart: a copy of the one must not hold the other"
    );
    let own = |place: &Place| matches!(place, Place::Folder(_));
    let sharing =
        if args.is_alone() && own(&images) && own(&keys) { Sharing::Alone } else { Sharing::Shared };
    Ok(ImageStore::open(&images, &keys, master, sharing)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn refusal(flags: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let args = Flags::try_parse_from([&["liveness"], flags].concat()).unwrap().serve;
        format!("{:#}", open_images(&args, &dir, MasterKey::new([7; 32])).unwrap_err())
    }

    #[test]
    fn nodes_that_share_must_name_their_key_store() {
        for flags in [&["--image-store", "s3://images"][..], &["--event-store", "esdb://localhost:2113"]] {
            let told = refusal(flags);
            assert!(told.contains("--image-key-store") && told.contains("backed up"), "{told}");
        }
    }

    #[test]
    fn the_keys_are_apart_from_the_images() {
        for (images, keys) in [
            ("s3://bucket/liveness", "s3://bucket/liveness/keys"),
            ("s3://bucket", "s3://bucket/keys"),
            ("s3://bucket/all/images", "s3://bucket/all"),
            ("/srv/images", "/srv/images"),
            ("/srv/images", "/srv/images/../images/keys"),
        ] {
            let told = refusal(&["--image-store", images, "--image-key-store", keys]);
            assert!(told.contains("must be apart"), "{images} {keys}: {told}");
        }
    }
}
