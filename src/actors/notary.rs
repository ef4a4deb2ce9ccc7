//! The notary: signs a receipt of every session that has ended, and another when its images were erased. It looks at a
//! view of what lacks one, so that a crash, or a start of a version that is the first to sign, is caught up with.

use super::Services;
use super::background::for_ever;
use super::projector::Progress;
use crate::lease::Turn;
use crate::receipts::{self, ReceiptKey, Refused};
use actix::{Actor, AsyncContext as _, Context, Handler, Message, ResponseFuture, WrapFuture as _};
use futures::StreamExt as _;
use liveness_projections::ViewReader;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use uuid::Uuid;

/// How often is looked for what lacks a receipt when the log brings nothing new.
const ROUND: Duration = Duration::from_secs(1);
/// Sessions of one round. The views are waited for after it, so that none is signed twice.
const BATCH: u32 = 256;
/// Sessions at once: each reads and appends, and a log that is far away takes tens of milliseconds for either.
const AT_ONCE: usize = 32;
/// Sessions that nothing can be signed of, and that are not tried again before the next start. More are tried again.
const MAX_REFUSED: usize = 10_000;

/// Signs receipts.
pub struct Notary {
    progress: Progress,
    desk: Arc<Mutex<Desk>>,
}

/// Sign all that the views show to be due, before the service stops.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "anyhow::Result<()>")]
pub struct SignDue;

impl Notary {
    /// Signs, with this key, what these views say lacks a receipt, when it is this node's turn.
    #[must_use]
    pub fn new(
        services: Services,
        views: ViewReader,
        progress: Progress,
        key: ReceiptKey,
        turn: Turn,
    ) -> Self {
        let (refused, announced) = (HashSet::new(), false);
        let desk = Desk { services, views, progress: progress.clone(), key, refused, turn, announced };
        Self { progress, desk: Arc::new(Mutex::new(desk)) }
    }
}

impl Actor for Notary {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let (desk, mut progress) = (self.desk.clone(), self.progress.clone());
        let rounds = async move {
            for_ever("notary", async || {
                progress.mark_unchanged();
                let signed = desk.lock().await.round().await?;
                if !signed {
                    tokio::select! {
                        Ok(()) = progress.changed() => {}
                        () = tokio::time::sleep(ROUND) => {}
                    }
                }
                Ok(())
            })
            .await;
        };
        context.spawn(rounds.into_actor(self));
    }
}

impl Handler<SignDue> for Notary {
    type Result = ResponseFuture<anyhow::Result<()>>;

    fn handle(&mut self, _: SignDue, _: &mut Self::Context) -> Self::Result {
        let desk = self.desk.clone();
        Box::pin(async move {
            let mut desk = desk.lock().await;
            while desk.round().await? {}
            Ok(())
        })
    }
}

/// What is signed with, by one at a time.
struct Desk {
    services: Services,
    views: ViewReader,
    progress: Progress,
    key: ReceiptKey,
    refused: HashSet<Uuid>,
    turn: Turn,
    announced: bool,
}

impl Desk {
    /// Signs what lacks a receipt; tells whether there was anything.
    async fn round(&mut self) -> anyhow::Result<bool> {
        let (Services { log, clock, .. }, key) = (&self.services, &self.key);
        if !self.announced {
            receipts::announce(&**log, clock, key).await?;
            self.announced = true;
        }
        let refused = u32::try_from(self.refused.len()).unwrap_or(u32::MAX);
        let mut due = self.views.receipts_due(BATCH.saturating_add(refused))?;
        due.retain(|session| !self.refused.contains(session));
        if due.is_empty() || !self.turn.is_ours().await? {
            return Ok(false);
        }
        let sign = |session| async move { (session, receipts::complete(&**log, clock, key, session).await) };
        let signed: Vec<_> = futures::stream::iter(due).map(sign).buffer_unordered(AT_ONCE).collect().await;
        let mut last = None;
        for (session, result) in signed {
            match result {
                Ok(position) => last = last.max(position),
                Err(error) => self.note(session, &error),
            }
        }
        let Some(last) = last else { return Ok(false) };
        self.progress.wait_for(|position| *position >= last).await?;
        Ok(true)
    }

    /// One that cannot be signed keeps no other one waiting.
    fn note(&mut self, session: Uuid, error: &anyhow::Error) {
        let told = format!("{error:#}");
        if error.is::<Refused>() {
            tracing::error!(session.id = %session, error = told, "receipt refused");
            if self.refused.len() < MAX_REFUSED {
                self.refused.insert(session);
            }
        } else {
            tracing::warn!(session.id = %session, error = told, "receipt could not be written and is tried again");
        }
    }
}
