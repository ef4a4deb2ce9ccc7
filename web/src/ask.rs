use crate::messages::Trouble;
use actix::{Message, Recipient};
use std::time::Duration;

/// How long a caller waits for an answer. Appends and reads take milliseconds; a queue that needs longer is too long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
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
    match tokio::time::timeout(PATIENCE, recipient.send(message)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_closed)) => {
            Err(Trouble::Unavailable(format!("nobody answers {}", std::any::type_name::<M>())).into())
        }
        Err(_elapsed) => Err(Trouble::Busy { retry_after: RETRY_AFTER }.into()),
    }
}
