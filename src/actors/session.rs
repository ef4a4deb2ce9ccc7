//! The session actor: the one that decides and writes for its session while that is in use.

/// How the frames of an attempt are compared.
pub mod comparing;
mod core;
/// What sessions are asked by the registry and the deadlines.
pub mod messages;

use super::Services;
use super::registry::SessionStopped;
use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, AtomicResponse, Context,
    ContextFutureSpawner as _, Handler, Recipient, SpawnHandle, WrapFuture as _,
};
use core::Core;
use liveness_events::session::AttemptFailure;
use liveness_web::messages::{
    CancelOrErase, CaptureError, CaptureNotice, LeaveCapture, StartCapture, SubmitFrame, Trouble,
};
use messages::{CheckTime, Close, Create, CreateFailed, Created, EraseImages};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// A session that nobody uses for so long leaves the memory; its stream brings it back.
const IDLE_LIMIT: Duration = Duration::from_secs(5);
/// Least time until the clock is looked at again, so that a log that is away for a while is not asked without pause.
const LEAST_PAUSE: Duration = Duration::from_millis(50);
/// Messages that wait for one session: two frames, a departure, a look at the clock, a cancellation, and room.
const MAILBOX: usize = 16;

/// Records a session whose id was drawn just now. Nobody else knows the id yet, so that no actor need hold it.
///
/// # Errors
/// When it cannot be recorded.
pub async fn create_new(services: Services, id: Uuid, message: Create) -> Result<Created, CreateFailed> {
    Core::new(services, id).create(message).await
}

/// One session in use.
pub struct SessionActor {
    id: Uuid,
    /// Away while a message is being carried out, and where the stream could not be read.
    core: Option<Core>,
    connection: Option<Connection>,
    timer: Option<SpawnHandle>,
    registry: Recipient<SessionStopped>,
}

struct Connection {
    id: Uuid,
    notices: mpsc::Sender<CaptureNotice>,
}

impl SessionActor {
    /// A session that is about to come into memory; `registry` hears when it leaves it.
    #[must_use]
    pub fn new(services: Services, id: Uuid, registry: Recipient<SessionStopped>) -> Self {
        Self { id, core: Some(Core::new(services, id)), connection: None, timer: None, registry }
    }

    /// Carries out one piece of work on the core. No other message is looked at meanwhile.
    fn on_core<T: 'static, E: From<Trouble> + 'static>(
        &mut self,
        work: impl AsyncFnOnce(&mut Core) -> Result<T, E> + 'static,
    ) -> AtomicResponse<Self, Result<T, E>> {
        let core = self.core.take();
        let carried_out = async move {
            match core {
                Some(mut core) => {
                    let result = work(&mut core).await;
                    (Some(core), result)
                }
                None => (None, Err(Trouble::Unavailable("the session cannot be read".into()).into())),
            }
        };
        AtomicResponse::new(Box::pin(carried_out.into_actor(self).map(|(core, result), actor, context| {
            actor.core = core;
            actor.settle(context);
            result
        })))
    }

    /// Tells the page what it did not ask for, and sets the timer to what falls due next.
    fn settle(&mut self, context: &mut Context<Self>) {
        let Some(core) = &mut self.core else {
            context.stop();
            return;
        };
        if let (Some(notice), Some(connection)) = (core.notice.take(), &self.connection) {
            let goes_on_elsewhere = notice == CaptureNotice::Replaced;
            if connection.notices.try_send(notice).is_err() || goes_on_elsewhere {
                // The page does not listen, its socket being gone or stuck, or need not any more.
                self.connection = None;
            }
        }
        if core.session().attempt().is_none() {
            // The page was told how the attempt ended, and another one comes over a connection of its own.
            self.connection = None;
        }
        if let Some(timer) = self.timer.take() {
            context.cancel_future(timer);
        }
        let due = core.session().attempt().and_then(|_| core.session().deadline());
        self.timer = match due {
            Some(deadline) => {
                let session = self.id;
                let pause = core.services().clock.until(deadline).max(LEAST_PAUSE);
                Some(context.run_later(pause, move |_, context| context.notify(CheckTime { session })))
            }
            None if self.connection.is_none() => {
                Some(context.run_later(IDLE_LIMIT, |_, context| context.stop()))
            }
            None => None,
        };
    }

    fn is_connected_by(&self, connection: Uuid) -> bool {
        self.connection.as_ref().is_some_and(|current| current.id == connection)
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX);
        let Some(mut core) = self.core.take() else { return };
        let read = async move {
            let read = core.rehydrate().await;
            read.map(|()| core)
        };
        read.into_actor(self)
            .map(|read, actor, context| match read {
                Ok(core) => {
                    actor.core = Some(core);
                    actor.settle(context);
                }
                Err(error) => tracing::error!(session.id = %actor.id, %error, "session cannot be read"),
            })
            .wait(context);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.registry.do_send(SessionStopped { session: self.id });
    }
}

impl Handler<Create> for SessionActor {
    type Result = AtomicResponse<Self, Result<Created, CreateFailed>>;

    fn handle(&mut self, message: Create, _: &mut Self::Context) -> Self::Result {
        self.on_core(async move |core| core.create(message).await)
    }
}

impl Handler<StartCapture> for SessionActor {
    type Result = AtomicResponse<Self, Result<CaptureNotice, CaptureError>>;

    fn handle(&mut self, message: StartCapture, _: &mut Self::Context) -> Self::Result {
        let connection = Connection { id: message.connection, notices: message.notices };
        if let Some(before) = self.connection.replace(connection) {
            // One that does not listen any more need not be told.
            let _ = before.notices.try_send(CaptureNotice::Replaced);
        }
        let StartCapture { connection, way, camera, .. } = message;
        self.on_core(async move |core| core.start_capture(connection, way, camera).await)
    }
}

impl Handler<SubmitFrame> for SessionActor {
    type Result = AtomicResponse<Self, Result<CaptureNotice, CaptureError>>;

    fn handle(&mut self, message: SubmitFrame, _: &mut Self::Context) -> Self::Result {
        let heard = self.is_connected_by(message.connection);
        self.on_core(async move |core| if heard { core.submit(message).await } else { Ok(core.went_on()) })
    }
}

impl Handler<LeaveCapture> for SessionActor {
    type Result = AtomicResponse<Self, Result<(), Trouble>>;

    fn handle(&mut self, message: LeaveCapture, _: &mut Self::Context) -> Self::Result {
        let heard = self.is_connected_by(message.connection);
        if heard {
            self.connection = None;
        }
        self.on_core(async move |core| match (heard, message.cancelled) {
            (false, _) => Ok(()),
            (true, Some(by)) => core.cancel(message.connection, by).await,
            (true, None) => core.fail_attempt(message.connection, AttemptFailure::ConnectionLost).await,
        })
    }
}

impl Handler<CancelOrErase> for SessionActor {
    type Result = AtomicResponse<Self, Result<(), Trouble>>;

    fn handle(&mut self, message: CancelOrErase, _: &mut Self::Context) -> Self::Result {
        self.on_core(async move |core| core.cancel_or_erase(message.request_id).await)
    }
}

impl Handler<CheckTime> for SessionActor {
    type Result = AtomicResponse<Self, Result<bool, Trouble>>;

    fn handle(&mut self, _: CheckTime, _: &mut Self::Context) -> Self::Result {
        self.on_core(async move |core| core.check_time(Uuid::new_v4()).await)
    }
}

impl Handler<EraseImages> for SessionActor {
    type Result = AtomicResponse<Self, Result<bool, Trouble>>;

    fn handle(&mut self, message: EraseImages, _: &mut Self::Context) -> Self::Result {
        self.on_core(async move |core| core.erase(Uuid::new_v4(), message.because).await)
    }
}

impl Handler<Close> for SessionActor {
    type Result = ();

    fn handle(&mut self, _: Close, context: &mut Self::Context) {
        context.stop();
    }
}
