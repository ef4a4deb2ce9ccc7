//! A consumer's place in a group.

use std::sync::{Arc, OnceLock};

use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use super::engine::{ConsumerId, Delivery, Refusal};
use super::runner::Command;
use crate::event_log::wire::fault::Fault;

/// A consumer's place; dropping it leaves the group.
#[derive(Debug)]
pub(super) struct Seat {
    deliveries: Deliveries,
    answers: Answers,
}

impl Seat {
    pub(super) fn new(
        id: ConsumerId,
        taken: mpsc::Receiver<Delivery>,
        commands: mpsc::Sender<Command>,
        bell: Arc<Notify>,
        ended: Arc<OnceLock<Fault>>,
    ) -> Self {
        Self { deliveries: Deliveries { taken, bell, ended }, answers: Answers { id, commands } }
    }

    /// What comes in, and where answers go.
    pub(super) fn split(self) -> (Deliveries, Answers) {
        (self.deliveries, self.answers)
    }
}

/// What a group sends to its consumer.
#[derive(Debug)]
pub(super) struct Deliveries {
    taken: mpsc::Receiver<Delivery>,
    bell: Arc<Notify>,
    ended: Arc<OnceLock<Fault>>,
}

impl Deliveries {
    /// Waits for some events, at most `max`.
    ///
    /// # Errors
    ///
    /// The reason for which the group let its consumers go.
    pub(super) async fn take(&mut self, max: usize) -> Result<Vec<Delivery>, Fault> {
        let mut batch = Vec::new();
        if self.taken.recv_many(&mut batch, max).await == 0 {
            return Err(self.ended.get().cloned().unwrap_or(Fault::GoingAway));
        }
        self.bell.notify_one();
        Ok(batch)
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.taken.close();
        self.bell.notify_one();
    }
}

/// Where a consumer's answers go.
#[derive(Debug)]
pub(super) struct Answers {
    id: ConsumerId,
    commands: mpsc::Sender<Command>,
}

impl Answers {
    /// Acknowledges events, or refuses them.
    pub(super) async fn give(&self, events: Vec<Uuid>, refusal: Option<(Refusal, String)>) {
        // Without a group there is nobody to tell; the deliveries say so.
        let _ = self.commands.send(Command::Answer { consumer: self.id, events, refusal }).await;
    }
}
