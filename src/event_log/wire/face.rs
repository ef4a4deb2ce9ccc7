//! What every service of the wire face stands on.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tonic::metadata::MetadataMap;

use super::access::{Access, Act, Pass};
use super::fault::Fault;
use super::limits::{MAX_APPENDS, MAX_READS, MAX_SUBSCRIPTIONS, TURN_WAIT};
use super::outlet::{Outlet, Sink};
use crate::event_log::EventLog;

/// The log, who may use it, how much at a time, and until when. Clones are the same face.
#[derive(Clone)]
pub(crate) struct Face {
    /// The log that is served.
    pub(crate) log: Arc<dyn EventLog>,
    access: Access,
    write: bool,
    reads: Arc<Semaphore>,
    appends: Arc<Semaphore>,
    subscriptions: Arc<Semaphore>,
    leaving: watch::Receiver<bool>,
}

const TOO_MANY_APPENDS: Fault = Fault::Busy("too many appends at a time");

/// Held by who reads, follows or appends.
#[derive(Debug)]
pub(crate) struct Slot(#[expect(dead_code, reason = "dropping it makes room")] OwnedSemaphorePermit);

impl Face {
    /// A face over `log`; `leaving` becomes true when the server stops.
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        access: Access,
        write: bool,
        leaving: watch::Receiver<bool>,
    ) -> Self {
        let reads = Arc::new(Semaphore::new(MAX_READS));
        let appends = Arc::new(Semaphore::new(MAX_APPENDS));
        let subscriptions = Arc::new(Semaphore::new(MAX_SUBSCRIPTIONS));
        Self { log, access, write, reads, appends, subscriptions, leaving }
    }

    /// Lets a reader in.
    ///
    /// # Errors
    ///
    /// As [`Access::admit`].
    pub(crate) async fn reader(&self, headers: &MetadataMap) -> Result<Pass, Fault> {
        self.access.admit(headers, Act::Read).await
    }

    /// Lets a writer in.
    ///
    /// # Errors
    ///
    /// As [`Access::admit`]; [`Fault::AccessDenied`] when nobody may append here.
    pub(crate) async fn writer(&self, headers: &MetadataMap) -> Result<Pass, Fault> {
        if !self.write {
            self.reader(headers).await?;
            return Err(Fault::AccessDenied("this log is served for reading alone"));
        }
        self.access.admit(headers, Act::Append).await
    }

    /// Room for a read that ends by itself.
    ///
    /// # Errors
    ///
    /// [`Fault::Busy`] when there was none for [`TURN_WAIT`].
    pub(crate) async fn read_slot(&self) -> Result<Slot, Fault> {
        turn(&self.reads).await.ok_or(Fault::Busy("too many reads at a time"))
    }

    /// Room for one append.
    ///
    /// # Errors
    ///
    /// [`Fault::Busy`] when there was none for [`TURN_WAIT`].
    pub(crate) async fn append_slot(&self) -> Result<Slot, Fault> {
        turn(&self.appends).await.ok_or(TOO_MANY_APPENDS)
    }

    /// Room for a call that appends again and again, of which nobody knows how long it takes.
    ///
    /// # Errors
    ///
    /// [`Fault::Busy`] when there is none.
    pub(crate) fn batch_slot(&self) -> Result<Slot, Fault> {
        let room = Arc::clone(&self.appends).try_acquire_owned();
        room.map(Slot).map_err(|_| TOO_MANY_APPENDS)
    }

    /// Room for a subscription.
    ///
    /// # Errors
    ///
    /// [`Fault::Busy`] when there is none.
    pub(crate) fn subscription_slot(&self) -> Result<Slot, Fault> {
        let room = Arc::clone(&self.subscriptions).try_acquire_owned();
        room.map(Slot).map_err(|_| Fault::Busy("too many subscriptions at a time"))
    }

    /// Answers with what `fill` sends, until the server stops or the caller's key is revoked. `slot` is held as long.
    pub(crate) fn answer<T, F>(&self, pass: Pass, slot: Slot, fill: impl FnOnce(Sink<T>) -> F) -> Outlet<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        let mut leaving = self.leaving.clone();
        Outlet::start(move |sink| {
            let filled = fill(sink);
            async move {
                let _slot = slot;
                tokio::select! {
                    result = filled => result,
                    fault = pass.revoked() => Err(fault),
                    () = left(&mut leaving) => Err(Fault::GoingAway),
                }
            }
        })
    }

    /// Does `work` unless the server stops before it is done.
    ///
    /// # Errors
    ///
    /// [`Fault::GoingAway`] when it stops; else those of the work.
    pub(crate) async fn unless_leaving<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut leaving = self.leaving.clone();
        tokio::select! {
            result = work => result,
            () = left(&mut leaving) => Err(Fault::GoingAway),
        }
    }
}

/// Waits for room, but not for ever.
async fn turn(room: &Arc<Semaphore>) -> Option<Slot> {
    timeout(TURN_WAIT, Arc::clone(room).acquire_owned()).await.ok()?.ok().map(Slot)
}

/// Waits until the server stops, or is no more.
pub(crate) async fn left(leaving: &mut watch::Receiver<bool>) {
    // An error says that the server is gone: that is leaving too.
    let _ = leaving.wait_for(|leaving| *leaving).await;
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face")
            .field("access", &self.access)
            .field("write", &self.write)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_log::embedded::EmbeddedLog;

    fn face() -> (Face, watch::Sender<bool>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
        let (stop, leaving) = watch::channel(false);
        (Face::new(log, Access::open(), false, leaving), stop, folder)
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_finds_no_room_in_time_is_told_to_come_again() {
        let (face, _stop, _folder) = face();
        let mut held = Vec::new();
        for _ in 0..MAX_READS {
            held.push(face.read_slot().await.unwrap());
        }
        assert!(matches!(face.read_slot().await, Err(Fault::Busy(_))));
        held.pop();
        face.read_slot().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn appends_have_room_of_their_own_which_batches_share() {
        let (face, _stop, _folder) = face();
        let mut held = vec![face.append_slot().await.unwrap()];
        for _ in 1..MAX_APPENDS {
            held.push(face.batch_slot().unwrap());
        }
        assert!(matches!(face.batch_slot(), Err(Fault::Busy(_))));
        assert!(matches!(face.append_slot().await, Err(Fault::Busy(_))));
        face.read_slot().await.unwrap();
        held.pop();
        face.append_slot().await.unwrap();
    }

    #[tokio::test]
    async fn work_ends_when_the_server_does() {
        let (face, stop, _folder) = face();
        let waiting = tokio::spawn({
            let face = face.clone();
            async move { face.unless_leaving(std::future::pending::<Result<(), Fault>>()).await }
        });
        stop.send(true).unwrap();
        assert_eq!(waiting.await.unwrap(), Err(Fault::GoingAway));
        drop(stop);
        assert_eq!(
            face.unless_leaving(std::future::pending::<Result<(), Fault>>()).await,
            Err(Fault::GoingAway)
        );
    }
}
