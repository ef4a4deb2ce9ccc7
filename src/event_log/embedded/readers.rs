//! The threads that read.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::schema::{self, OpenError};
use crate::event_log::{Cause, ReadError};

/// Threads that read, each with a connection of its own: one may wait for the disk while others answer from memory.
const READERS: usize = 4;

/// Reads that may wait for a thread; who comes later waits outside, without having handed anything over.
const QUEUE_READS: usize = 64;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Hands reads to the threads. They end when the last clone is dropped.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    jobs: flume::Sender<Job>,
}

impl Readers {
    /// Starts the threads on the file at `path`.
    pub(super) fn start(path: &Path) -> Result<Self, OpenError> {
        let (sender, jobs) = flume::bounded::<Job>(QUEUE_READS);
        for number in 0..READERS {
            let connection = schema::open_for_reading(path)?;
            let jobs = jobs.clone();
            thread::Builder::new()
                .name(format!("log-reader-{number}"))
                .spawn(move || jobs.iter().for_each(|job| job(&connection)))
                .map_err(|source| OpenError::io(path, source))?;
        }
        Ok(Self { jobs: sender })
    }

    /// Runs `read` on one of the threads. A read whose caller has gone before its turn is not run.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if !reply.is_closed() {
                // The caller may go while the read runs: then nobody wants the answer.
                let _ = reply.send(read(connection));
            }
        });
        self.jobs.send_async(job).await.map_err(|_| ReadError::Closed)?;
        let rows = answer.await.map_err(|_| ReadError::Closed)?;
        rows.map_err(|error| ReadError::Unavailable(Arc::new(error) as Cause))
    }
}
