//! Deadlines: links expire and images are erased on time, also when nobody asks, and those that fell due while the
//! service was down are caught up with when it starts.

use super::Services;
use super::background::for_ever;
use super::projector::Progress;
use super::registry::Registry;
use super::session::messages::{CheckTime, EraseImages};
use actix::{Actor, Addr, AsyncContext as _, Context, WrapFuture as _};
use liveness_events::Timestamp;
use liveness_events::session::ErasedBecause;
use liveness_projections::ViewReader;
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

/// How often the clock is looked at: links and images end within this time of their moment.
const ROUND: Duration = Duration::from_millis(250);
/// Sessions that are woken in one round, so that thousands that fell due at once do not crowd out the living.
const BATCH: u32 = 256;

/// Watches expiry of links and retention of images.
pub struct Deadlines {
    services: Services,
    views: Option<ViewReader>,
    progress: Progress,
    registry: Addr<Registry>,
    retention: Duration,
}

impl Deadlines {
    /// Watches the sessions of these views; images are kept for `retention`.
    #[must_use]
    pub const fn new(
        services: Services,
        views: ViewReader,
        progress: Progress,
        registry: Addr<Registry>,
        retention: Duration,
    ) -> Self {
        Self { services, views: Some(views), progress, registry, retention }
    }
}

impl Actor for Deadlines {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let Some(views) = self.views.take() else { return };
        let watch = Watch {
            services: self.services.clone(),
            views,
            progress: self.progress.clone(),
            registry: self.registry.clone(),
            retention: self.retention,
        };
        let rounds = async move {
            let mut started = false;
            for_ever("deadlines", async || {
                if !started {
                    watch.recover().await?;
                    started = true;
                }
                let fell_due = watch.round().await?;
                if !fell_due {
                    tokio::time::sleep(ROUND).await;
                }
                Ok(())
            })
            .await;
        };
        context.spawn(rounds.into_actor(self));
    }
}

struct Watch {
    services: Services,
    views: ViewReader,
    progress: Progress,
    registry: Addr<Registry>,
    retention: Duration,
}

impl Watch {
    /// After a start: captures that a crash cut off are brought to their end, and images that nothing names are erased.
    async fn recover(&self) -> anyhow::Result<()> {
        let head = self.services.log.head().await?;
        self.progress.clone().wait_for(|position| *position >= head).await?;
        for session in self.views.in_progress()? {
            self.registry.send(CheckTime { session }).await??;
        }
        let mut erased = 0_usize;
        for session in self.services.images.sessions().await? {
            let view = self.views.session(session)?;
            let unfinished = view.as_ref().is_some_and(|view| view.ended_at.is_none());
            if view.is_none_or(|view| view.images.is_empty()) && !unfinished {
                self.services.images.erase(session).await?;
                erased += 1;
            }
        }
        if erased > 0 {
            tracing::info!(sessions = erased, "erased images that no event names");
        }
        Ok(())
    }

    /// Wakes the sessions that have something due; tells whether there were any.
    async fn round(&self) -> anyhow::Result<bool> {
        let now = self.services.clock.now();
        let kept_until = Timestamp::from_millis(
            now.as_millis().saturating_sub(i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX)),
        );
        let expired = self.views.expired_by(now, BATCH)?;
        let outlived = self.views.images_since(kept_until, BATCH)?;
        let mut woken: HashSet<Uuid> = HashSet::new();
        for session in expired {
            self.registry.send(CheckTime { session }).await??;
            woken.insert(session);
        }
        for session in outlived {
            self.registry.send(EraseImages { session, because: ErasedBecause::RetentionEnded }).await??;
            woken.insert(session);
        }
        if woken.is_empty() {
            return Ok(false);
        }
        // The views must show what was done before they are asked again.
        let head = self.services.log.head().await?;
        self.progress.clone().wait_for(|position| *position >= head).await?;
        Ok(true)
    }
}
