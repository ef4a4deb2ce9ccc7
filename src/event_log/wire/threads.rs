//! Threads of the wire face's own, so that who reads the log takes no time from captures.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::server::{StartError, WireServer};
use super::settings::WireSettings;
use crate::event_log::EventLog;

/// They encode and encrypt; the log has readers of its own. Two, so that one busy client does not stop all others.
const THREADS: usize = 2;

/// A [`WireServer`] on threads of its own.
#[derive(Debug)]
pub struct WireThreads {
    /// `None` once stopped.
    runtime: Option<Runtime>,
    server: Option<WireServer>,
    address: SocketAddr,
}

impl WireThreads {
    /// As [`WireServer::start`].
    ///
    /// # Errors
    ///
    /// As [`WireServer::start`], and when there are no threads to be had.
    pub async fn start(log: Arc<dyn EventLog>, settings: WireSettings) -> Result<Self, StartError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("wire")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let starting = runtime.spawn(async move { WireServer::start(log, &settings).await });
        let server = starting.await.map_err(|error| StartError::Threads(io::Error::other(error)));
        match server.and_then(|server| server) {
            Ok(server) => {
                let address = server.address();
                Ok(Self { runtime: Some(runtime), server: Some(server), address })
            }
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// As [`WireServer::stop`].
    pub async fn stop(mut self) {
        if let (Some(runtime), Some(server)) = (&self.runtime, self.server.take()) {
            // It does not panic; and if it did, it would be over all the same.
            let _ = runtime.spawn(server.stop()).await;
        }
    }
}

impl Drop for WireThreads {
    fn drop(&mut self) {
        // Waiting for threads is forbidden where tasks run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
