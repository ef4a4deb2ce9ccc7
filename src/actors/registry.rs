//! The registry: brings a session into memory when it is needed, and hands its messages on. One live actor a session.

mod creation;

use super::Services;
use super::projector::Progress;
use super::session::SessionActor;
use super::session::messages::{CheckTime, Close, EraseImages};
use actix::dev::ToEnvelope;
use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, Addr, Arbiter, ArbiterHandle, AsyncContext as _,
    AtomicResponse, Context, Handler, Message, MessageResult, Recipient, ResponseFuture, WrapFuture as _,
};
use liveness_web::messages::{
    CancelOrErase, CaptureError, CaptureNotice, CatchUp, LeaveCapture, StartCapture, SubmitFrame, Trouble,
};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

/// Messages that wait for the registry, which only hands them on.
const MAILBOX: usize = 1024;
/// When to come again after a session's actor failed.
const RETRY_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Holds the sessions that are in memory.
pub struct Registry {
    services: Services,
    views: Recipient<CatchUp>,
    progress: Progress,
    sessions: HashMap<Uuid, Addr<SessionActor>>,
    arbiters: Vec<ArbiterHandle>,
    next_arbiter: usize,
}

/// A session has left the memory.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct SessionStopped {
    /// Which.
    pub session: Uuid,
}

/// Find the actor of a session; bring it into memory where it is not.
#[derive(Message)]
#[rtype(result = "Addr<SessionActor>")]
struct Locate {
    session: Uuid,
}

impl Registry {
    /// A registry whose sessions live on `threads` threads of their own; `views` and `progress` say when the views show
    /// what was done.
    #[must_use]
    pub fn new(services: Services, views: Recipient<CatchUp>, progress: Progress, threads: usize) -> Self {
        let arbiters = (0..threads.max(1)).map(|_| Arbiter::new().handle()).collect();
        Self { services, views, progress, sessions: HashMap::new(), arbiters, next_arbiter: 0 }
    }

    fn locate(&mut self, id: Uuid, registry: Recipient<SessionStopped>) -> Addr<SessionActor> {
        if let Some(addr) = self.sessions.get(&id).filter(|addr| addr.connected()) {
            return addr.clone();
        }
        let services = self.services.clone();
        let arbiter = &self.arbiters[self.next_arbiter];
        self.next_arbiter = (self.next_arbiter + 1) % self.arbiters.len();
        let addr =
            SessionActor::start_in_arbiter(arbiter, move |_| SessionActor::new(services, id, registry));
        self.sessions.insert(id, addr.clone());
        addr
    }

    /// Hands a message to a session. A session that left the memory just then, or whose actor panicked at an earlier
    /// message, is brought back once.
    fn hand_on<M, T, E>(
        &mut self,
        session: Uuid,
        message: M,
        context: &mut Context<Self>,
    ) -> ResponseFuture<Result<T, E>>
    where
        M: Message<Result = Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<Trouble> + Send + 'static,
        SessionActor: Handler<M>,
        Context<SessionActor>: ToEnvelope<SessionActor, M>,
    {
        let addr = self.locate(session, context.address().recipient());
        let registry = context.address();
        Box::pin(async move {
            if let Ok(answer) = addr.send(message.clone()).await {
                return answer;
            }
            let gone = || E::from(Trouble::Busy { retry_after: RETRY_AFTER_FAILURE });
            let addr = registry.send(Locate { session }).await.map_err(|_| gone())?;
            addr.send(message).await.map_err(|_| gone())?
        })
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
    }
}

impl Handler<Locate> for Registry {
    type Result = MessageResult<Locate>;

    fn handle(&mut self, message: Locate, context: &mut Self::Context) -> Self::Result {
        MessageResult(self.locate(message.session, context.address().recipient()))
    }
}

impl Handler<SessionStopped> for Registry {
    type Result = ();

    /// One that was brought back meanwhile stays.
    fn handle(&mut self, message: SessionStopped, _: &mut Self::Context) {
        if self.sessions.get(&message.session).is_some_and(|addr| !addr.connected()) {
            self.sessions.remove(&message.session);
        }
    }
}

impl Handler<Close> for Registry {
    type Result = AtomicResponse<Self, ()>;

    /// One that has left already need not do so.
    fn handle(&mut self, _: Close, _: &mut Self::Context) -> Self::Result {
        let closed: Vec<_> = self.sessions.values().map(|session| session.send(Close)).collect();
        let all = futures::future::join_all(closed).into_actor(self);
        AtomicResponse::new(Box::pin(all.map(|_, _, context| context.stop())))
    }
}

/// Messages that are handed to the session they name.
macro_rules! handed_on {
    ($($message:ty),+ $(,)?) => {$(
        impl Handler<$message> for Registry {
            type Result = ResponseFuture<<$message as Message>::Result>;

            fn handle(&mut self, message: $message, context: &mut Self::Context) -> Self::Result {
                self.hand_on(message.session, message, context)
            }
        }
    )+};
}

handed_on!(StartCapture, CheckTime, EraseImages);

/// Answers when the views show what was done, so that whoever asks next is not told that the check is open still. It is
/// done and recorded, whether or not the views are on time.
async fn shown(views: Recipient<CatchUp>) {
    let _ = views.send(CatchUp).await;
}

impl Handler<CancelOrErase> for Registry {
    type Result = ResponseFuture<Result<(), Trouble>>;

    fn handle(&mut self, message: CancelOrErase, context: &mut Self::Context) -> Self::Result {
        let done = self.hand_on(message.session, message, context);
        let views = self.views.clone();
        Box::pin(async move {
            done.await?;
            shown(views).await;
            Ok(())
        })
    }
}

impl Handler<SubmitFrame> for Registry {
    type Result = ResponseFuture<Result<CaptureNotice, CaptureError>>;

    /// The person is sent back at the end, and the backend asks at once.
    fn handle(&mut self, message: SubmitFrame, context: &mut Self::Context) -> Self::Result {
        let answered = self.hand_on(message.session, message, context);
        let views = self.views.clone();
        Box::pin(async move {
            let notice = answered.await?;
            if matches!(notice, CaptureNotice::Complete | CaptureNotice::Ended(_)) {
                shown(views).await;
            }
            Ok(notice)
        })
    }
}

impl Handler<LeaveCapture> for Registry {
    type Result = ResponseFuture<Result<(), Trouble>>;

    fn handle(&mut self, message: LeaveCapture, context: &mut Self::Context) -> Self::Result {
        let ends = message.cancelled.is_some();
        let left = self.hand_on(message.session, message, context);
        let views = self.views.clone();
        Box::pin(async move {
            left.await?;
            if ends {
                shown(views).await;
            }
            Ok(())
        })
    }
}
