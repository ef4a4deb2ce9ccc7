//! Reads the log of a liveness service with the crate `kurrentdb`; see `steps` for what it does.

mod steps;

use kurrentdb as db;
use kurrentdb::{AppendToStreamOptions, ReadAllOptions, StreamPosition, StreamState};

/// The streams of sessions from one end or the other.
fn everything(from: StreamPosition<db::Position>) -> ReadAllOptions {
    ReadAllOptions::default().position(from).filter(steps::sessions())
}

/// An append to a stream that ends at this revision, or has no events.
fn expecting(revision: Option<u64>) -> AppendToStreamOptions {
    let expected = revision.map_or(StreamState::NoStream, StreamState::StreamRevision);
    AppendToStreamOptions::default().stream_state(expected)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    steps::run().await
}
