//! Whether the service can do its work, and how old its views may be.

use crate::actors::projector::Progress;
use crate::event_log::{EventLog, Position};
use anyhow::Context as _;
use liveness_events::credentials::MasterKey;
use liveness_projections::ViewReader;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a start waits for the views to catch up before it goes on; readiness tells when they have.
const START_LIMIT: Duration = Duration::from_secs(30);
/// A log that was silent for longer is away. Its answers take milliseconds, and it is asked twice a second.
const SILENCE_LIMIT: Duration = Duration::from_secs(3);
/// How often a log that is away at the start is asked for its head.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What is known of the service's state.
#[derive(Clone)]
pub struct Readiness {
    log: Arc<dyn EventLog>,
    progress: Progress,
    views: Arc<ViewReader>,
    master_key: MasterKey,
    /// Where the log ended when the service started; unknown while the log has not answered.
    head_at_start: Arc<OnceLock<Position>>,
}

impl Readiness {
    /// Of a service whose views are as far as `progress` says.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, progress: Progress, views: ViewReader, master_key: MasterKey) -> Self {
        Self { log, progress, views: Arc::new(views), master_key, head_at_start: Arc::default() }
    }

    /// Waits, bounded, until the views show what the log holds. A log that is away is waited for in the background:
    /// the service answers meanwhile, and says that it is not ready.
    ///
    /// # Errors
    /// When the projector has ended, or the master key is another one than that of the log's checks.
    pub async fn await_start(&self) -> anyhow::Result<()> {
        match self.log.head().await {
            Ok(head) => {
                // Nobody else sets it yet.
                let _ = self.head_at_start.set(head);
                self.catch_up(head).await?;
                self.check_master_key().map_err(|why| anyhow::anyhow!(why))
            }
            Err(error) => {
                tracing::warn!(%error, "the event log does not answer: the service waits for it");
                let (log, head_at_start) = (self.log.clone(), self.head_at_start.clone());
                actix_web::rt::spawn(async move {
                    let head = loop {
                        tokio::time::sleep(ASK_AGAIN).await;
                        if let Ok(head) = log.head().await {
                            break head;
                        }
                    };
                    tracing::info!(head, "the event log answers");
                    let _ = head_at_start.set(head);
                });
                Ok(())
            }
        }
    }

    async fn catch_up(&self, head: Position) -> anyhow::Result<()> {
        let mut progress = self.progress.clone();
        match tokio::time::timeout(START_LIMIT, progress.wait_for(|position| *position >= head)).await {
            Ok(passed) => {
                passed.context("the projector has ended")?;
            }
            Err(_) => tracing::warn!(head, "views are still being rebuilt; the service answers meanwhile"),
        }
        Ok(())
    }

    /// Tokens, links and webhooks' signatures follow from the master key: with another one, none would fit.
    fn check_master_key(&self) -> Result<(), String> {
        let known = self.views.any_token().map_err(|error| error.to_string())?;
        let fits = known.is_none_or(|(session, token)| self.master_key.fits(session, token));
        fits.then_some(()).ok_or_else(|| {
            "the master key is not the one that the checks of this log were made with: give this node the same one".to_owned()
        })
    }

    /// Ready while the log answers and is followed, and the views have passed what there was at the start.
    ///
    /// # Errors
    /// Says what is amiss.
    pub fn check(&self) -> Result<(), String> {
        self.progress
            .has_changed()
            .map_err(|_| "the projector has ended: start the service anew".to_owned())?;
        let silence = self.log.silent_for();
        if silence >= SILENCE_LIMIT {
            return Err(format!("the event log has not answered for {} s", silence.as_secs()));
        }
        let Some(head) = self.head_at_start.get() else {
            return Err("the event log has not answered yet".to_owned());
        };
        let position = *self.progress.borrow();
        if position < *head {
            return Err(format!("the views are being rebuilt: at {position} of {head}"));
        }
        self.check_master_key()
    }

    /// How old what the views show may be; none while they follow the log.
    #[must_use]
    pub fn staleness(&self) -> Option<Duration> {
        let silence = self.log.silent_for();
        (silence >= SILENCE_LIMIT).then_some(silence)
    }
}
