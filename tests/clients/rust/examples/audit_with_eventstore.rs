//! Reads the log of a liveness service with the crate `eventstore`; see `steps` for what it does.

mod steps;

use eventstore as db;
use eventstore::{AppendToStreamOptions, ExpectedRevision, ReadAllOptions, StreamPosition};

/// The log from one end or the other. This crate cannot filter it: the whole log comes.
fn everything(from: StreamPosition<db::Position>) -> ReadAllOptions {
    ReadAllOptions::default().position(from)
}

/// An append to a stream that ends at this revision, or has no events.
fn expecting(revision: Option<u64>) -> AppendToStreamOptions {
    let expected = revision.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
    AppendToStreamOptions::default().expected_revision(expected)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    steps::run().await
}
