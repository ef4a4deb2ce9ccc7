use crate::messages::Trouble;
use actix::{Message, Recipient};
use std::time::Duration;

/// How long a caller waits for an answer. Appends and reads take milliseconds; a queue that needs longer is too long.
const PATIENCE: Duration = Duration::from_secs(10);
/// When to come again after a full queue: it holds about a second of work.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Sends a message and waits, bounded, for room in the mailbox and for the answer. The message may still be followed
/// after the wait is over; whoever repeats it meets what it did.
pub(crate) async fn ask<M, T, E>(recipient: &Recipient<M>, message: M) -> Result<T, E>
where
    M: Message<Result = Result<T, E>> + Send + 'static,
    T: Send,
    E: From<Trouble> + Send,
{
    ask_within(PATIENCE, recipient, message).await
}

async fn ask_within<M, T, E>(patience: Duration, recipient: &Recipient<M>, message: M) -> Result<T, E>
where
    M: Message<Result = Result<T, E>> + Send + 'static,
    T: Send,
    E: From<Trouble> + Send,
{
    match tokio::time::timeout(patience, recipient.send(message)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_closed)) => {
            Err(Trouble::Unavailable(format!("nobody answers {}", std::any::type_name::<M>())).into())
        }
        Err(_elapsed) => Err(Trouble::Busy { retry_after: RETRY_AFTER }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::CatchUp;
    use actix::{Actor, ActorContext as _, AsyncContext as _, Context, Handler, ResponseFuture};

    /// Has room for one message and answers none.
    struct Mute;

    impl Actor for Mute {
        type Context = Context<Self>;

        fn started(&mut self, context: &mut Self::Context) {
            context.set_mailbox_capacity(1);
            context.wait(actix::fut::wrap_future(std::future::pending()));
        }
    }

    impl Handler<CatchUp> for Mute {
        type Result = ResponseFuture<Result<(), Trouble>>;

        fn handle(&mut self, _: CatchUp, _: &mut Self::Context) -> Self::Result {
            Box::pin(std::future::pending())
        }
    }

    struct Stopped;

    impl Actor for Stopped {
        type Context = Context<Self>;

        fn started(&mut self, context: &mut Self::Context) {
            context.stop();
        }
    }

    impl Handler<CatchUp> for Stopped {
        type Result = Result<(), Trouble>;

        fn handle(&mut self, _: CatchUp, _: &mut Self::Context) -> Self::Result {
            Ok(())
        }
    }

    #[actix_web::test]
    async fn a_full_mailbox_is_busy() {
        let mute = Mute.start().recipient();
        while mute.try_send(CatchUp).is_ok() {}
        let answer = ask_within(Duration::from_millis(10), &mute, CatchUp).await;
        assert!(matches!(answer, Err(Trouble::Busy { .. })), "{answer:?}");
    }

    #[actix_web::test]
    async fn an_actor_that_stopped_is_unavailable() {
        let answer = ask(&Stopped.start().recipient(), CatchUp).await;
        assert!(matches!(answer, Err(Trouble::Unavailable(_))), "{answer:?}");
    }
}
