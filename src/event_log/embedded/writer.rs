//! The thread that writes: it commits what waits in groups.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use super::schema::OpenError;
use super::{HEAD_POLL, append, reader};
use crate::event_log::{
    AppendError, Appended, Cause, ExpectedRevision, MAX_APPEND_BYTES, NewEvent, Position,
};

/// Most appends in one commit: enough that the flush of the disk costs each of them little, few enough that the
/// first does not wait long for the last (about 20 microseconds each).
const GROUP_APPENDS: usize = 256;

/// A group takes no more appends beyond this many bytes, so that large ones do not make one long commit.
const GROUP_BYTES: usize = 4 * MAX_APPEND_BYTES;

/// How long a group waits to become as large as the one before. Writers that were answered together come back
/// together: without it, the first to come would have a flush of the disk for itself, while all others wait.
/// Far below the duration of a flush; a lone writer never waits.
const LINGER: Duration = Duration::from_micros(200);

/// An append on its way to the writer.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) stream: String,
    pub(super) expected: ExpectedRevision,
    pub(super) events: Vec<NewEvent>,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
    /// Its share of the queue's bytes.
    pub(super) room: OwnedSemaphorePermit,
}

/// Owns the one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    // Dropped in this order: whoever sees the head's sender gone finds the file closed.
    pub(super) connection: Connection,
    head: watch::Sender<Position>,
}

impl Writer {
    /// Starts the thread. It ends, and drops the sender of the head, when all senders of `appends` are gone.
    pub(super) fn start(
        path: &Path,
        connection: Connection,
        appends: Receiver<Append>,
    ) -> Result<watch::Receiver<Position>, OpenError> {
        let (mut writer, head) = Self::new(connection);
        writer.look_for_others();
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run(&appends))
            .map_err(|source| OpenError::io(path, source))?;
        Ok(head)
    }

    pub(super) fn new(connection: Connection) -> (Self, watch::Receiver<Position>) {
        let (sender, head) = watch::channel(0);
        (Self { connection, head: sender }, head)
    }

    fn run(mut self, appends: &Receiver<Append>) {
        let mut before = 1;
        loop {
            match appends.recv_timeout(HEAD_POLL) {
                Ok(first) => {
                    let group = gather(first, appends, before);
                    before = group.len();
                    self.commit(group);
                }
                Err(RecvTimeoutError::Timeout) => self.look_for_others(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // Moves everything into the main file, so that a copy of it alone is whole. It is no loss when it fails: the
        // next opening finds the write-ahead log.
        let checkpoint = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = checkpoint {
            tracing::warn!(%error, "event log closed without a checkpoint");
        }
    }

    /// Writes a group and answers its appends: none before all of it is durable, and refusals no sooner, for they
    /// may rest on what the same group wrote.
    pub(super) fn commit(&mut self, group: Vec<Append>) {
        match self.write(&group) {
            Ok((answers, head)) => {
                self.publish(head);
                for (append, answer) in group.into_iter().zip(answers) {
                    // The caller may have gone; what it appended stays.
                    let _ = append.reply.send(answer);
                }
            }
            Err(error) => {
                tracing::error!(%error, log.appends = group.len(), "event log commit failed");
                let cause: Cause = Arc::new(error);
                for append in group {
                    let _ = append.reply.send(Err(AppendError::Unavailable(Arc::clone(&cause))));
                }
                self.look_for_others();
            }
        }
    }

    /// Writes a group in one transaction, which is rolled back whenever this fails.
    fn write(
        &mut self,
        group: &[Append],
    ) -> rusqlite::Result<(Vec<Result<Appended, AppendError>>, Position)> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let created = Utc::now().timestamp_micros();
        let answers = group
            .iter()
            .map(|a| append::append(&transaction, &a.stream, a.expected, &a.events, created))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let head = reader::head(&transaction)?;
        transaction.commit()?;
        Ok((answers, head))
    }

    /// Makes known what other processes appended.
    fn look_for_others(&mut self) {
        match reader::head(&self.connection) {
            Ok(head) => self.publish(head),
            Err(error) => tracing::warn!(%error, "cannot read the head of the event log"),
        }
    }

    fn publish(&self, head: Position) {
        self.head.send_if_modified(|known| {
            let risen = head > *known;
            *known = head.max(*known);
            risen
        });
    }
}

/// Takes what waits, up to the limits of a group; waits for a moment for as many appends as came `before`.
fn gather(first: Append, appends: &Receiver<Append>, before: usize) -> Vec<Append> {
    let deadline = Instant::now() + LINGER;
    let mut bytes = first.room.num_permits();
    let mut group = vec![first];
    while group.len() < GROUP_APPENDS && bytes < GROUP_BYTES {
        let next = if group.len() < before {
            appends.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
        } else {
            appends.try_recv().ok()
        };
        let Some(append) = next else { break };
        bytes += append.room.num_permits();
        group.push(append);
    }
    group
}
