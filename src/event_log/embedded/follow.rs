//! Following the file: pages read by the reader threads, and the head to wait for between them.

use async_trait::async_trait;
use tokio::sync::watch;

use super::reader;
use super::readers::Readers;
use crate::event_log::follow::Pages;
use crate::event_log::{Page, Position, ReadError};

/// Events a subscription holds at most: enough that the way to a reader thread and back costs each of them little.
const PAGE_EVENTS: usize = 256;

/// The pages of one subscription.
#[derive(Debug)]
pub(super) struct EmbeddedPages {
    pub(super) readers: Readers,
    pub(super) head: watch::Receiver<Position>,
    pub(super) prefixes: Vec<String>,
}

#[async_trait]
impl Pages for EmbeddedPages {
    async fn read(&mut self, after: Position) -> Result<Page, ReadError> {
        let prefixes = self.prefixes.clone();
        let read = move |connection: &_| reader::read_all(connection, after, &prefixes, PAGE_EVENTS);
        self.readers.read(read).await
    }

    async fn wait(&mut self, next: Position) -> Result<(), ReadError> {
        self.head.wait_for(|head| *head > next).await.map(drop).map_err(|_| ReadError::Closed)
    }
}
