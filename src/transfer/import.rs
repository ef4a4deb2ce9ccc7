use super::reader::{ExportError, ExportReader};
use crate::event_log::{
    AppendError, Direction, EventLog, ExpectedRevision, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, NewEvent,
    Position, ReadError, RecordedEvent, StreamFrom,
};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use liveness_events::stream;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Appends at once. A store may take tens of milliseconds for each; all events of one session are in one lane, so that
/// they are appended in the order in which they were recorded.
const LANES: usize = 64;
/// Events that wait in a lane: what waits together is appended together.
const LANE_EVENTS: usize = 512;
/// Bytes of all events that were read and are not appended yet.
const IN_FLIGHT_BYTES: usize = 64 * 1024 * 1024;
/// Tries of an append that the store is too busy for, or does not answer.
const MAX_TRIES: u32 = 10;
/// Pause before the second try; doubled from try to try up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why an import ended. What was appended stays, and the same import again goes on behind it.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The export cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The store holds something else.
    #[error("{stream}, revision {revision}: the store holds another event there; nothing was overwritten")]
    Differs {
        /// The stream.
        stream: String,
        /// The revision.
        revision: u64,
    },
    /// The event before is neither in the store nor in the export.
    #[error(
        "{stream}, revision {revision}: the event before it is missing: import the export that holds it first"
    )]
    Gap {
        /// The stream.
        stream: String,
        /// The revision.
        revision: u64,
    },
    /// The store did not take it.
    #[error("{stream}, revision {revision}: {source}")]
    Append {
        /// The stream.
        stream: String,
        /// The revision of the first event that was not taken.
        revision: u64,
        /// What the store said.
        source: AppendError,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Events that were appended.
    pub new: u64,
    /// Events that were there already.
    pub present: u64,
}

/// An event on its way, and its share of [`IN_FLIGHT_BYTES`].
type Waiting = (RecordedEvent, OwnedSemaphorePermit);

/// Appends all events of an export to a log. A stream that holds the same events already goes on behind them; one that
/// holds others is an error. The export's checksum is known to be right when this succeeds.
///
/// # Errors
/// See [`ImportError`].
pub async fn import<R: BufRead>(
    log: &dyn EventLog,
    export: &mut ExportReader<R>,
) -> Result<Imported, ImportError> {
    let present_up_to = log.head().await?;
    let mut senders = Vec::with_capacity(LANES);
    let mut lanes = FuturesUnordered::new();
    for _ in 0..LANES {
        let (sender, receiver) = channel(LANE_EVENTS);
        senders.push(sender);
        lanes.push(Lane { log, present_up_to, imported: Imported::default() }.work(receiver));
    }
    let feed = feed(export, senders);
    let work = async {
        let mut all = Imported::default();
        while let Some(lane) = lanes.next().await {
            let Imported { new, present } = lane?;
            all.new += new;
            all.present += present;
        }
        Ok::<_, ImportError>(all)
    };
    // The first failure of a lane ends the whole; the export is read to its end before its lanes can end well.
    let ((), all) = futures::try_join!(feed, work)?;
    Ok(all)
}

/// Hands each event to its session's lane.
async fn feed<R: BufRead>(
    export: &mut ExportReader<R>,
    lanes: Vec<Sender<Waiting>>,
) -> Result<(), ImportError> {
    let room = Arc::new(Semaphore::new(IN_FLIGHT_BYTES));
    while let Some(event) = export.next()? {
        let mut hasher = DefaultHasher::new();
        session_of(&event.stream).hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        let bytes = u32::try_from(event.data.len() + event.metadata.len()).unwrap_or(u32::MAX);
        let Ok(share) = Arc::clone(&room).acquire_many_owned(bytes.min(IN_FLIGHT_BYTES as u32)).await else {
            return Ok(());
        };
        if lanes[lane].send((event, share)).await.is_err() {
            // The lane has failed and says why.
            return Ok(());
        }
    }
    Ok(())
}

/// What keeps its order: a session with its deliveries and receipts, or a stream of another kind.
fn session_of(name: &str) -> Result<uuid::Uuid, &str> {
    stream::any_session_id(name).ok_or(name)
}

struct Lane<'a> {
    log: &'a dyn EventLog,
    /// The store's head before the import: an append that is answered by a place up to it was there before.
    present_up_to: Position,
    imported: Imported,
}

impl Lane<'_> {
    async fn work(mut self, mut events: Receiver<Waiting>) -> Result<Imported, ImportError> {
        let mut waiting = Vec::with_capacity(LANE_EVENTS);
        while events.recv_many(&mut waiting, LANE_EVENTS).await > 0 {
            // Stable: sessions are brought together and each keeps its order.
            waiting.sort_by(|(a, _), (b, _)| session_of(&a.stream).cmp(&session_of(&b.stream)));
            let mut rest = &waiting[..];
            while let Some(((first, _), _)) = rest.split_first() {
                let run =
                    rest.iter().take(run_length(rest, first)).map(|(event, _)| event).collect::<Vec<_>>();
                rest = &rest[run.len()..];
                self.put(&run).await?;
            }
            waiting.clear();
        }
        Ok(self.imported)
    }

    /// Appends events that follow each other in one stream, unless they are there.
    async fn put(&mut self, run: &[&RecordedEvent]) -> Result<(), ImportError> {
        match self.append(run).await {
            Ok(position) if position > self.present_up_to => self.imported.new += run.len() as u64,
            // They were there before, by their ids: so they must be in all else.
            Ok(_) | Err(Put::Elsewhere) => self.put_behind(run).await?,
            Err(Put::Failed(error)) => return Err(error),
        }
        Ok(())
    }

    /// Compares with what the stream holds and appends what is behind it.
    async fn put_behind(&mut self, run: &[&RecordedEvent]) -> Result<(), ImportError> {
        let Some(first) = run.first() else { return Ok(()) };
        let from = StreamFrom::Revision(first.revision);
        let held = self.log.read_stream(&first.stream, Direction::Forwards, from, run.len()).await?;
        for (held, event) in held.iter().zip(run) {
            if !held.is_same(event) {
                let (stream, revision) = (event.stream.clone(), event.revision);
                return Err(ImportError::Differs { stream, revision });
            }
        }
        self.imported.present += held.len() as u64;
        let behind = &run[held.len().min(run.len())..];
        let Some(next) = behind.first() else { return Ok(()) };
        let (stream, revision) = (next.stream.clone(), next.revision);
        match self.append(behind).await {
            Ok(_) => self.imported.new += behind.len() as u64,
            Err(Put::Elsewhere) => return Err(ImportError::Gap { stream, revision }),
            Err(Put::Failed(error)) => return Err(error),
        }
        Ok(())
    }

    async fn append(&self, run: &[&RecordedEvent]) -> Result<Position, Put> {
        let Some(first) = run.first() else { return Ok(self.present_up_to) };
        let expected =
            first.revision.checked_sub(1).map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
        let (mut tries, mut pause) = (0, FIRST_PAUSE);
        loop {
            let events = run.iter().map(|event| as_new(event)).collect();
            let source = match self.log.append(&first.stream, expected, events).await {
                Ok(appended) => return Ok(appended.position),
                Err(AppendError::WrongExpectedRevision { .. }) => return Err(Put::Elsewhere),
                Err(error) => error,
            };
            tries += 1;
            let passes = matches!(source, AppendError::Overloaded | AppendError::Unavailable(_));
            if !passes || tries == MAX_TRIES {
                let (stream, revision) = (first.stream.clone(), first.revision);
                return Err(Put::Failed(ImportError::Append { stream, revision, source }));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Why an append was not taken.
enum Put {
    /// The stream does not end where the events begin.
    Elsewhere,
    Failed(ImportError),
}

/// How many events from the first one on follow each other in its stream and fit in one append.
fn run_length(events: &[Waiting], first: &RecordedEvent) -> usize {
    let mut bytes = 0;
    let follows = |((event, _), revision): &(&Waiting, u64)| {
        bytes += event.event_type.len() + event.data.len() + event.metadata.len();
        event.stream == first.stream && event.revision == *revision && bytes <= MAX_APPEND_BYTES
    };
    let most = events.iter().take(MAX_APPEND_EVENTS);
    // One that is too large by itself is for the store to refuse.
    most.zip(first.revision..).take_while(follows).count().max(1)
}

fn as_new(event: &RecordedEvent) -> NewEvent {
    NewEvent {
        id: event.id,
        event_type: event.event_type.clone(),
        data: event.data.clone(),
        metadata: event.metadata.clone(),
    }
}
