//! How the service ends once no request comes any more: sessions carry out what they have begun, and what has ended gets
//! its receipt.

use crate::actors::notary::{Notary, SignDue};
use crate::actors::projector::Progress;
use crate::actors::registry::Registry;
use crate::actors::session::messages::Close;
use crate::event_log::EventLog;
use actix::{Addr, Arbiter};
use std::sync::Arc;
use std::time::Duration;

/// How long that may take. What is left over is done after the next start, or by another node.
const LIMIT: Duration = Duration::from_secs(5);

/// The threads of the actors, and those actors that an orderly end needs.
pub(super) struct Actors {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) progress: Progress,
    pub(super) registry: Addr<Registry>,
    pub(super) notary: Addr<Notary>,
    /// Of those who begin what nobody asks for.
    pub(super) working: Arbiter,
    /// Of all others.
    pub(super) others: Vec<Arbiter>,
}

impl Actors {
    /// Ends them all, and closes the log.
    pub(super) async fn end(self) {
        stop(vec![self.working]).await;
        let settled = settle(&*self.log, self.progress, &self.registry, &self.notary);
        let settled = tokio::time::timeout(LIMIT, settled).await;
        if let Err(error) = settled.map_err(Into::into).flatten() {
            let error = format!("{error:#}");
            tracing::warn!(error, "not all that has ended has its receipt: it is signed after a start");
        }
        stop(self.others).await;
        self.log.close().await;
    }
}

/// Each step brings what the next one needs: sessions end, the views show it, the notary signs it.
async fn settle(
    log: &dyn EventLog,
    mut progress: Progress,
    registry: &Addr<Registry>,
    notary: &Addr<Notary>,
) -> anyhow::Result<()> {
    anyhow::ensure!(log.silent_for().is_zero(), "the event log does not answer");
    registry.send(Close).await?;
    let head = log.head().await?;
    progress.wait_for(|position| *position >= head).await?;
    notary.send(SignDue).await?
}

async fn stop(arbiters: Vec<Arbiter>) {
    for arbiter in &arbiters {
        arbiter.stop();
    }
    for arbiter in arbiters {
        // An arbiter that panicked has ended all the same.
        let _ = tokio::task::spawn_blocking(move || arbiter.join()).await;
    }
}
