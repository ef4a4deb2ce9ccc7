//! The projector: follows the log and folds it into the views.

use super::background::for_ever;
use crate::event_log::{EventLog, Position, Subscription, SubscriptionEvent};
use actix::{Actor, AsyncContext as _, Context, Handler, ResponseFuture, WrapFuture as _};
use futures::FutureExt as _;
use liveness_projections::Views;
use liveness_web::messages::{CatchUp, Trouble};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Events that are folded in one transaction at most: enough to catch up fast, few enough to show progress.
const BATCH: usize = 512;
/// How long a reader waits for the views to pass the log's head. They are milliseconds behind; longer is a fault.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(3);

/// Events that are read at a time on the way to the log's first one: a store's own come before it.
const FIRST_LOOK: usize = 512;

/// How far the views are.
pub type Progress = watch::Receiver<Position>;

/// Follows the log. It lives on a thread of its own, for folding writes to a file.
pub struct Projector {
    log: Arc<dyn EventLog>,
    views: Option<Views>,
    progress: Arc<watch::Sender<Position>>,
}

impl Projector {
    /// A projector of these views.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn new(log: Arc<dyn EventLog>, views: Views) -> anyhow::Result<Self> {
        let progress = Arc::new(watch::Sender::new(views.checkpoint()?));
        Ok(Self { log, views: Some(views), progress })
    }

    /// Tells how far the views are, as they go on.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.subscribe()
    }
}

impl Actor for Projector {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let Some(mut views) = self.views.take() else { return };
        let (log, progress) = (self.log.clone(), self.progress.clone());
        let follow = async move {
            let mut subscription = None;
            let mut known = false;
            for_ever("projector", async || {
                if !known {
                    reset_unless_of(&*log, &mut views).await?;
                    progress.send_replace(views.checkpoint()?);
                    known = true;
                }
                let checkpoint = views.checkpoint()?;
                let following = subscription.get_or_insert_with(|| log.subscribe_all(checkpoint, Vec::new()));
                let folded = fold_next(following, &mut views).await;
                match folded {
                    Ok(position) => {
                        progress.send_replace(position);
                        Ok(())
                    }
                    Err(error) => {
                        // What was read and not folded is read again.
                        subscription = None;
                        Err(error)
                    }
                }
            })
            .await;
        };
        context.spawn(follow.into_actor(self));
    }
}

/// Views of another log are made anew: those that are ahead of this one, or whose first event is not its first.
async fn reset_unless_of(log: &dyn EventLog, views: &mut Views) -> anyhow::Result<()> {
    let Some(origin) = views.origin()? else { return Ok(()) };
    let head = log.head().await?;
    let (mut after, mut first) = (0, None);
    while first.is_none() && after < head {
        let page = log.read_all(after, &[], FIRST_LOOK).await?;
        first = page.events.first().map(|event| (event.id, event.position));
        after = page.next;
        if page.end {
            break;
        }
    }
    if first != Some(origin) || views.checkpoint()? > head {
        tracing::warn!(head, "views are of another log and are rebuilt");
        views.reset()?;
    }
    Ok(())
}

/// Waits for what is next, takes what is there beside it, folds it, and says how far the views are then.
async fn fold_next(subscription: &mut Subscription, views: &mut Views) -> anyhow::Result<Position> {
    let mut events = Vec::new();
    let mut next = Some(subscription.next().await?);
    let mut passed = 0;
    while let Some(event) = next {
        match event {
            SubscriptionEvent::Event(event) => {
                passed = event.position;
                events.push(event);
            }
            SubscriptionEvent::CaughtUp { position } | SubscriptionEvent::Checkpoint { position } => {
                passed = position
            }
        }
        next = if events.len() < BATCH { subscription.next().now_or_never().transpose()? } else { None };
    }
    views.apply(&events)?;
    Ok(passed.max(views.checkpoint()?))
}

/// Waits, bounded, until the views have passed a position; tells whether they have.
pub async fn passed(mut progress: Progress, position: Position) -> bool {
    let waited = tokio::time::timeout(CATCH_UP_LIMIT, progress.wait_for(|passed| *passed >= position)).await;
    matches!(waited, Ok(Ok(_)))
}

impl Handler<CatchUp> for Projector {
    type Result = ResponseFuture<Result<(), Trouble>>;

    fn handle(&mut self, _: CatchUp, _: &mut Self::Context) -> Self::Result {
        let (log, progress) = (self.log.clone(), self.progress());
        Box::pin(async move {
            let head = log.head().await.map_err(|error| Trouble::Unavailable(error.to_string()))?;
            if passed(progress, head).await {
                Ok(())
            } else {
                Err(Trouble::Busy { retry_after: CATCH_UP_LIMIT })
            }
        })
    }
}
