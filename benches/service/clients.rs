//! Many clients on one thread.

use crate::http::{self, Http};
use crate::service::Service;
use anyhow::ensure;
use futures::future::try_join_all;
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Connections that POST at the same time.
pub(crate) const POSTING: usize = 64;

/// The one thread of all clients: on few cores whatever it uses is taken from the service.
pub(crate) fn thread() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// POSTs over all connections, each as soon as its last one is answered, until there were `most` or the time is over;
/// tells how many were answered 201 and how long that took.
pub(crate) async fn post(
    service: &Service,
    most: usize,
    within: Duration,
) -> anyhow::Result<(usize, Duration)> {
    let request = http::post(service);
    let mut connections = Vec::with_capacity(POSTING);
    for _ in 0..POSTING {
        connections.push(Http::connect(service).await?);
    }
    let (begun, done, started) = (Cell::new(0), Cell::new(0), Instant::now());
    try_join_all(connections.into_iter().map(async |mut connection| {
        while begun.get() < most && started.elapsed() < within {
            begun.set(begun.get() + 1);
            let (status, _) = connection.ask(&request).await?;
            ensure!(status == 201, "POST was answered {status}");
            done.set(done.get() + 1);
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok((done.get(), started.elapsed()))
}
