//! What the tests stand on.

mod api;
mod app;
mod binary;
mod bucket;
mod cluster;
mod random;
mod receiver;
mod socket;
mod sound;
mod wait;

pub(crate) use api::{Answer, Api, Check};
pub(crate) use app::TestApp;
pub(crate) use binary::{Service, keys, run, run_with};
pub(crate) use bucket::{Buckets, Fault};
pub(crate) use cluster::Cluster;
pub(crate) use random::Random;
pub(crate) use receiver::Receiver;
pub(crate) use socket::{Capture, Heard, attend, attend_by, fail_attempt, numbered};
pub(crate) use sound::{
    Recorded, assert_sound, assert_views_follow, await_receipts, everything, recorded_in,
};
pub(crate) use wait::{GUARD, eventually, eventually_within};

use std::path::PathBuf;

/// What takes long and must not come between two words with a service: done before one is started.
fn prepare() {
    built();
    crate::people::rendered();
}

/// The networks.
pub(crate) fn built() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/built");
    assert!(folder.join("facemesh.onnx").is_file(), "the networks are not there: run `make models`");
    folder
}

/// A file of the shared media; none, said aloud, where they are absent.
pub(crate) fn media(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/media").join(file);
    if !path.is_file() {
        eprintln!("passed over: needs ../shared/media/{file}, which is not here");
        return None;
    }
    Some(path)
}
