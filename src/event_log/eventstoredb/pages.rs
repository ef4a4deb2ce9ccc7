//! What a follower reads, and when.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::client::Clients;
use super::read;
use crate::event_log::follow::Pages;
use crate::event_log::{Page, Position, ReadError};

/// Events a follower holds at most.
const PAGE_EVENTS: usize = 256;

/// Pauses of a follower whose reads fail, so that one who asks on at once does not spin.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pages of one subscription.
#[derive(Debug)]
pub(super) struct StorePages {
    clients: Arc<Clients>,
    ticks: watch::Receiver<u64>,
    prefixes: Vec<String>,
    /// The tick before the last page that was read whole.
    read_at: u64,
    pause: Backoff,
    /// Until when no read is tried.
    paused: Option<Instant>,
}

impl StorePages {
    pub(super) fn new(clients: Arc<Clients>, ticks: watch::Receiver<u64>, prefixes: Vec<String>) -> Self {
        let pause = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        Self { clients, ticks, prefixes, read_at: 0, pause, paused: None }
    }
}

#[async_trait]
impl Pages for StorePages {
    async fn read(&mut self, after: Position) -> Result<Page, ReadError> {
        if let Some(until) = self.paused {
            tokio::time::sleep_until(until).await;
        }
        // Taken before: a tick that comes while the page is read sends the reader back here.
        let tick = *self.ticks.borrow();
        match read::all(&self.clients, after, &self.prefixes, PAGE_EVENTS).await {
            Ok(page) => {
                self.read_at = tick;
                self.paused = None;
                self.pause.reset();
                Ok(page)
            }
            Err(error) => {
                self.paused = Some(Instant::now() + self.pause.next());
                Err(error.into())
            }
        }
    }

    async fn wait(&mut self, _: Position) -> Result<(), ReadError> {
        let read_at = self.read_at;
        self.ticks.wait_for(|tick| *tick != read_at).await.map(drop).map_err(|_| ReadError::Closed)
    }
}
