//! Deadlines: links expire and images are erased on time, also when nobody asks, and those that fell due while the
//! service was down are caught up with when it starts.

use super::Services;
use super::background::for_ever;
use super::projector::Progress;
use super::registry::Registry;
use super::session::messages::{CheckTime, EraseImages};
use crate::lease::Turn;
use actix::dev::ToEnvelope;
use actix::{Actor, Addr, AsyncContext as _, Context, Handler, Message, WrapFuture as _};
use liveness_events::session::{ErasedBecause, guidance};
use liveness_projections::ViewReader;
use liveness_web::messages::Trouble;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often the clock is looked at: links and images end within this time of their moment.
const ROUND: Duration = Duration::from_millis(250);
/// How often, at least, images are looked for that no event names: a crash of another node may have left some.
const SWEEP_PAUSE: Duration = Duration::from_mins(15);
/// Sessions that are woken in one round, so that thousands that fell due at once do not crowd out the living.
const BATCH: u32 = 256;

/// Watches expiry of links and retention of images.
pub struct Deadlines {
    services: Services,
    views: Option<ViewReader>,
    progress: Progress,
    registry: Addr<Registry>,
    retention: Duration,
    turn: Option<Turn>,
}

impl Deadlines {
    /// Watches the sessions of these views, when it is this node's turn; images are kept for `retention`.
    #[must_use]
    pub const fn new(
        services: Services,
        views: ViewReader,
        progress: Progress,
        registry: Addr<Registry>,
        retention: Duration,
        turn: Turn,
    ) -> Self {
        Self { services, views: Some(views), progress, registry, retention, turn: Some(turn) }
    }
}

impl Actor for Deadlines {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let (Some(views), Some(turn)) = (self.views.take(), self.turn.take()) else { return };
        let mut watch = Watch {
            services: self.services.clone(),
            views,
            progress: self.progress.clone(),
            registry: self.registry.clone(),
            retention: self.retention,
            turn,
        };
        let rounds = async move {
            let mut started = false;
            // What no event names is gone about as soon as what one names.
            let sweep_pause = SWEEP_PAUSE.min(watch.retention);
            let mut swept = Instant::now();
            for_ever("deadlines", async || {
                if !started {
                    watch.recover().await?;
                    started = true;
                }
                if swept.elapsed() >= sweep_pause {
                    if watch.turn.is_ours().await? {
                        watch.sweep().await?;
                    }
                    swept = Instant::now();
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
    turn: Turn,
}

impl Watch {
    /// After a start: captures that a crash cut off are brought to their end, and images that nothing names are erased.
    async fn recover(&self) -> anyhow::Result<()> {
        self.catch_up().await?;
        if self.turn.is_alone() {
            for session in self.views.capturing_since(self.services.clock.now(), u32::MAX)? {
                self.wake(session, CheckTime { session }).await;
            }
        }
        self.sweep().await
    }

    /// Waits until the views show all that the log holds now.
    async fn catch_up(&self) -> anyhow::Result<()> {
        let head = self.services.log.head().await?;
        self.progress.clone().wait_for(|position| *position >= head).await?;
        Ok(())
    }

    /// Erases images that no event names, once nobody can be about to name them.
    async fn sweep(&self) -> anyhow::Result<()> {
        if !self.knows_its_log()? {
            return Ok(());
        }
        let left = self.services.images.sessions().await?;
        // Views that lag would not know what names them.
        self.catch_up().await?;
        let mut erased = 0_usize;
        for session in left {
            // An open session has none: what a capture had stored before the crash belongs to an end that was not recorded.
            if self.views.session(session)?.is_none_or(|view| view.images.is_empty()) {
                self.services.images.erase(session).await?;
                erased += 1;
            }
        }
        if erased > 0 {
            tracing::info!(sessions = erased, "erased images that no event names");
        }
        Ok(())
    }

    /// Whether the log is the one that the images are of, as far as the master key tells. An empty log, or one of others,
    /// names none of them.
    fn knows_its_log(&self) -> anyhow::Result<bool> {
        let known = self.views.any_token()?;
        Ok(known.is_some_and(|(session, token)| self.services.master_key.fits(session, token)))
    }

    /// Wakes the sessions that have something due; tells whether any did it.
    async fn round(&mut self) -> anyhow::Result<bool> {
        let now = self.services.clock.now();
        let mut due = self.views.expired_by(now, BATCH)?;
        // Whoever drives an attempt ends it in time: these were left behind by a node that died.
        due.extend(self.views.capturing_since(now.minus(guidance::LONGEST_ATTEMPT), BATCH)?);
        let outlived = self.views.images_since(now.minus(self.retention), BATCH)?;
        if due.is_empty() && outlived.is_empty() || !self.turn.is_ours().await? {
            return Ok(false);
        }
        let mut woken = 0;
        for session in due {
            woken += usize::from(self.wake(session, CheckTime { session }).await);
        }
        for session in outlived {
            let erase = EraseImages { session, because: ErasedBecause::RetentionEnded };
            woken += usize::from(self.wake(session, erase).await);
        }
        if woken == 0 {
            return Ok(false);
        }
        // The views must show what was done before they are asked again.
        self.catch_up().await?;
        Ok(true)
    }

    /// Has a session do what is due; tells whether anything was. One that cannot, now or ever, keeps no other one
    /// waiting.
    async fn wake<M>(&self, session: Uuid, message: M) -> bool
    where
        M: Message<Result = Result<bool, Trouble>> + Send + 'static,
        Registry: Handler<M>,
        Context<Registry>: ToEnvelope<Registry, M>,
    {
        match self.registry.send(message).await {
            Ok(Ok(due)) => due,
            Ok(Err(trouble)) => {
                tracing::warn!(session.id = %session, %trouble, "session could not do what is due");
                false
            }
            Err(error) => {
                tracing::warn!(session.id = %session, %error, "session could not be told what is due");
                false
            }
        }
    }
}
