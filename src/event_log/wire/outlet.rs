//! Carries what a task reads to the client at the client's own pace.
//!
//! A full channel makes the task wait, so a slow client costs two batches of memory and nobody else's time. The stream
//! of the answer always ends with a status of the task's own: clients spin or panic when a subscription ends well.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures::{FutureExt as _, Stream};
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use tonic::Status;

use super::fault::Fault;
use super::limits::{OUTLET_BATCHES, STALL_LIMIT};

/// Takes batches for the client.
#[derive(Debug)]
pub(crate) struct Sink<T>(Sender<Vec<T>>);

impl<T> Sink<T> {
    /// Hands a batch over; waits while the client has not taken those before.
    ///
    /// # Errors
    ///
    /// [`Fault::ConsumerTooSlow`] after [`STALL_LIMIT`]; [`Fault::GoingAway`] when the client has gone.
    pub(crate) async fn send(&self, batch: Vec<T>) -> Result<(), Fault> {
        if batch.is_empty() {
            return Ok(());
        }
        self.0.send_timeout(batch, STALL_LIMIT).await.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Fault::ConsumerTooSlow,
            SendTimeoutError::Closed(_) => Fault::GoingAway,
        })
    }
}

/// The stream of an answer. Dropping it ends the task behind it.
#[derive(Debug)]
pub(crate) struct Outlet<T> {
    batches: Receiver<Vec<T>>,
    batch: vec::IntoIter<T>,
    task: JoinHandle<Result<(), Fault>>,
    ended: bool,
}

impl<T: Send + 'static> Outlet<T> {
    /// Starts the task that fills it; what the task returns is the status of the call.
    pub(crate) fn start<F>(fill: impl FnOnce(Sink<T>) -> F) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        let (sender, batches) = mpsc::channel(OUTLET_BATCHES);
        let task = tokio::spawn(fill(Sink(sender)));
        Self { batches, batch: Vec::new().into_iter(), task, ended: false }
    }
}

// Nothing in it is pinned.
impl<T> Unpin for Outlet<T> {}

impl<T> Stream for Outlet<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(message) = self.batch.next() {
                return Poll::Ready(Some(Ok(message)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(batch) = ready!(self.batches.poll_recv(cx)) {
                self.batch = batch.into_iter();
                continue;
            }
            let result = ready!(self.task.poll_unpin(cx));
            self.ended = true;
            match result {
                Ok(Ok(())) => return Poll::Ready(None),
                Ok(Err(fault)) => return Poll::Ready(Some(Err(fault.into()))),
                Err(_) => return Poll::Ready(Some(Err(Status::internal("the read failed")))),
            }
        }
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::StreamExt as _;
    use tokio::sync::oneshot;
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn ends_with_the_status_of_its_task_after_all_that_was_sent() {
        let outlet = Outlet::start(|sink| async move {
            sink.send(vec![1, 2]).await?;
            sink.send(vec![]).await?;
            sink.send(vec![3]).await?;
            Err(Fault::GoingAway)
        });
        let told: Vec<_> = outlet.map(|item| item.map_err(|status| status.code())).collect().await;
        assert_eq!(told, [Ok(1), Ok(2), Ok(3), Err(Code::Unavailable)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_too_slow() {
        let mut outlet = Outlet::start(|sink| async move {
            for number in 0.. {
                sink.send(vec![number]).await?;
            }
            Ok(())
        });
        while !outlet.task.is_finished() {
            tokio::time::advance(STALL_LIMIT).await;
        }
        assert_eq!(outlet.next().await.unwrap().unwrap(), 0);
        let status = outlet.next().await.unwrap().unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Aborted, "Consumer too slow"));
        assert!(outlet.next().await.is_none());
    }

    #[tokio::test]
    async fn a_client_that_goes_ends_the_task() {
        let (held, dropped) = oneshot::channel::<()>();
        let outlet = Outlet::<()>::start(|_sink| async move {
            let _held = held;
            pending().await
        });
        drop(outlet);
        dropped.await.unwrap_err();
    }
}
