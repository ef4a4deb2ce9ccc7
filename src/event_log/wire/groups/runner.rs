//! Runs one group: reads on, sends, hears the consumers, stores what is settled. A task of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::definition::Definition;
use super::engine::{Changes, ConsumerId, Delivery, Engine, Moment, Place, Refusal};
use super::info::{ConsumerState, GroupState};
use super::seat::Seat;
use super::source::{Read, Reader};
use super::store::{GroupId, Store, StoreError};
use crate::event_log::wire::fault::{Fault, GroupFault};
use crate::event_log::{Direction, EventLog, StreamFrom};

/// Commands that wait for a group; a consumer that sends more waits itself.
const MAILBOX: usize = 64;

/// How long to wait before reading a log again that could not be read.
const READ_PAUSE: Duration = Duration::from_secs(1);

/// What a group is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Let a consumer in.
    Join { slots: usize, name: String, reply: oneshot::Sender<Result<Seat, Fault>> },
    /// A consumer answers for events: `None` acknowledges them.
    Answer { consumer: ConsumerId, events: Vec<Uuid>, refusal: Option<(Refusal, String)> },
    /// Send parked events again: so many of the oldest, or all.
    Replay { limit: Option<u64>, reply: oneshot::Sender<Result<(), Fault>> },
    /// Tell how it stands.
    Tell { reply: oneshot::Sender<GroupState> },
    /// Store all, let the consumers go with this fault, and end.
    Close { fault: Fault, reply: oneshot::Sender<()> },
}

/// Parked events on their way back: those after one number, up to another.
#[derive(Debug, Clone, Copy)]
struct Replay {
    after: i64,
    until: i64,
}

/// A consumer, as the group sees it.
struct Outgoing {
    deliveries: mpsc::Sender<Delivery>,
    name: String,
}

pub(super) struct Runner {
    id: GroupId,
    definition: Definition,
    log: Arc<dyn EventLog>,
    store: Store,
    engine: Engine,
    reader: Reader,
    mailbox: mpsc::Receiver<Command>,
    /// The other end, for the consumers; weak, so that the group ends when nobody else can reach it.
    commands: mpsc::WeakSender<Command>,
    consumers: BTreeMap<ConsumerId, Outgoing>,
    next_consumer: u64,
    /// Rung by consumers that took something or left.
    bell: Arc<Notify>,
    /// Why the consumers were let go.
    ended: Arc<OnceLock<Fault>>,
    replay: Option<Replay>,
    /// No reading before it.
    pause: Option<Moment>,
    live: bool,
    checkpoint: Option<Place>,
    started: Instant,
    /// What had been sent when the group was asked last.
    told_sent: u64,
}

impl Runner {
    /// Starts a group where it was left.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] when its progress cannot be read; else as [`Reader::new`].
    pub(super) async fn start(
        log: Arc<dyn EventLog>,
        store: Store,
        id: GroupId,
        definition: Definition,
    ) -> Result<mpsc::Sender<Command>, Fault> {
        let progress = store.progress(id).await.map_err(|error| unavailable(&error))?;
        let resume = progress.checkpoint.unwrap_or(definition.first);
        let parked = progress.parked.into_iter().collect();
        let (commands, mailbox) = mpsc::channel(MAILBOX);
        let runner = Self {
            engine: Engine::new(definition.settings.clone(), resume, parked),
            reader: Reader::new(Arc::clone(&log), &definition, resume)?,
            id,
            definition,
            log,
            store,
            mailbox,
            commands: commands.downgrade(),
            consumers: BTreeMap::new(),
            next_consumer: 0,
            bell: Arc::default(),
            ended: Arc::default(),
            replay: None,
            pause: None,
            live: false,
            checkpoint: progress.checkpoint,
            started: Instant::now(),
            told_sent: 0,
        };
        tokio::spawn(runner.run());
        Ok(commands)
    }

    async fn run(mut self) {
        let mut closed = None;
        let fault = loop {
            match self.step().await {
                Ok(None) => {}
                Ok(Some((fault, reply))) => {
                    closed = reply;
                    break fault;
                }
                Err(fault) => break fault,
            }
        };
        // Before all else: consumers that see the channel closed find the reason.
        let _ = self.ended.set(fault);
        let changes = self.engine.all_changes(self.now());
        if let Err(error) = self.keep(changes).await {
            tracing::warn!(%error, group = self.definition.key.group, "the last checkpoint was not stored");
        }
        self.consumers.clear();
        if let Some(reply) = closed {
            let _ = reply.send(());
        }
    }

    /// Does what can be done, then waits for one thing to happen.
    async fn step(&mut self) -> Result<Option<(Fault, Option<oneshot::Sender<()>>)>, Fault> {
        if let Some(end) = self.let_go().await? {
            return Ok(Some(end));
        }
        self.replay_parked().await?;
        self.send();
        let changes = self.engine.changes(self.now());
        self.keep(changes).await?;

        let now = self.now();
        self.pause = self.pause.filter(|pause| *pause > now);
        let wakes = self.engine.next_moment().into_iter().chain(self.pause).min();
        let wake = wakes.map_or(self.started, |moment| self.started + moment);
        let reads = self.pause.is_none() && self.engine.wants_new();
        tokio::select! {
            command = self.mailbox.recv() => return self.hear(command).await,
            () = self.bell.notified() => {}
            () = sleep_until(wake), if wakes.is_some() => self.engine.expire(self.now()),
            read = self.reader.next(), if reads => self.take(read)?,
        }
        Ok(None)
    }

    /// Time since the start, as the engine counts it.
    fn now(&self) -> Moment {
        self.started.elapsed()
    }

    fn take(&mut self, read: Result<Read, Fault>) -> Result<(), Fault> {
        match read {
            Ok(Read::Event(place, event)) => self.engine.offer(place, event),
            Ok(Read::Passed(place)) => self.engine.passed(place),
            Ok(Read::CaughtUp) => self.live = true,
            Err(Fault::Unavailable) => self.pause = Some(self.now() + READ_PAUSE),
            Err(Fault::Invalid(reason)) => {
                tracing::warn!(
                    reason,
                    group = self.definition.key.group,
                    "a persistent subscription cannot go on"
                );
                let kind =
                    GroupFault::Failed("its filter takes too many steps: delete it and filter more simply");
                return Err(self.definition.key.fault(kind));
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Takes leave of consumers that have gone, when all that they said before has been heard.
    async fn let_go(&mut self) -> Result<Option<(Fault, Option<oneshot::Sender<()>>)>, Fault> {
        let gone = |(id, consumer): (&ConsumerId, &Outgoing)| consumer.deliveries.is_closed().then_some(*id);
        let gone: Vec<ConsumerId> = self.consumers.iter().filter_map(gone).collect();
        if gone.is_empty() {
            return Ok(None);
        }
        while let Ok(command) = self.mailbox.try_recv() {
            if let Some(end) = self.hear(Some(command)).await? {
                return Ok(Some(end));
            }
        }
        for id in gone {
            self.consumers.remove(&id);
            self.engine.leave(id);
        }
        if self.consumers.is_empty() {
            let changes = self.engine.all_changes(self.now());
            self.keep(changes).await?;
        }
        Ok(None)
    }

    async fn hear(
        &mut self,
        command: Option<Command>,
    ) -> Result<Option<(Fault, Option<oneshot::Sender<()>>)>, Fault> {
        match command {
            // A caller that has gone does not hear the answer; a seat that it does not take is free at once.
            Some(Command::Join { slots, name, reply }) => drop(reply.send(self.join(slots, name))),
            Some(Command::Answer { consumer, events, refusal }) => {
                for event in events {
                    match &refusal {
                        None => self.engine.ack(event),
                        Some((refusal, reason)) => self.engine.nack(consumer, event, *refusal, reason),
                    }
                }
            }
            Some(Command::Replay { limit, reply }) => {
                let until =
                    self.store.parked_until(self.id, limit).await.map_err(|error| unavailable(&error))?;
                self.replay = until.map(|until| Replay { after: 0, until });
                let _ = reply.send(Ok(()));
            }
            Some(Command::Tell { reply }) => {
                let _ = reply.send(self.state());
            }
            Some(Command::Close { fault, reply }) => return Ok(Some((fault, Some(reply)))),
            None => return Ok(Some((Fault::GoingAway, None))),
        }
        Ok(None)
    }

    fn join(&mut self, slots: usize, name: String) -> Result<Seat, Fault> {
        let commands = self.commands.upgrade().ok_or(Fault::GoingAway)?;
        let id = ConsumerId(self.next_consumer);
        if !self.engine.join(id, slots) {
            return Err(self.definition.key.fault(GroupFault::Full));
        }
        self.next_consumer += 1;
        let (deliveries, taken) = mpsc::channel(slots);
        self.consumers.insert(id, Outgoing { deliveries, name });
        Ok(Seat::new(id, taken, commands, Arc::clone(&self.bell), Arc::clone(&self.ended)))
    }

    /// Brings back as many parked events as there is room for.
    async fn replay_parked(&mut self) -> Result<(), Fault> {
        while let Some(Replay { after, until }) = self.replay
            && self.engine.has_room()
        {
            let next = self.store.parked_after(self.id, after).await.map_err(|error| unavailable(&error))?;
            let Some(parked) = next.filter(|parked| parked.number <= until) else {
                self.replay = None;
                break;
            };
            let from = StreamFrom::Revision(parked.revision);
            match self.log.read_stream(&parked.stream, Direction::Forwards, from, 1).await?.pop() {
                Some(event) => self.engine.replay(event),
                None => tracing::warn!(stream = parked.stream, "a parked event is not in the log"),
            }
            self.replay = Some(Replay { after: parked.number, until });
        }
        Ok(())
    }

    /// Sends all that somebody can take.
    fn send(&mut self) {
        let (now, consumers) = (self.now(), &self.consumers);
        // A consumer that reads nothing is sent nothing, also when what it holds has timed out.
        let ready = |id| {
            let open =
                |consumer: &Outgoing| !consumer.deliveries.is_closed() && consumer.deliveries.capacity() > 0;
            consumers.get(&id).is_some_and(open)
        };
        while let Some(delivery) = self.engine.dispatch(now, ready) {
            if let Some(consumer) = consumers.get(&delivery.consumer) {
                // It fails only when the consumer has just gone: then the event comes back when it is let go.
                let _ = consumer.deliveries.try_send(delivery);
            }
        }
    }

    async fn keep(&mut self, changes: Changes) -> Result<(), Fault> {
        if changes.is_empty() {
            return Ok(());
        }
        let checkpoint = changes.checkpoint;
        self.store.apply(self.id, changes).await.map_err(|error| unavailable(&error))?;
        self.checkpoint = checkpoint.or(self.checkpoint);
        Ok(())
    }

    fn state(&mut self) -> GroupState {
        let counts = self.engine.counts();
        let since_told = counts.sent - self.told_sent;
        self.told_sent = counts.sent;
        let consumers = self.consumers.iter().filter_map(|(id, consumer)| {
            let counts = self.engine.consumer(*id)?;
            Some(ConsumerState { name: consumer.name.clone(), counts })
        });
        GroupState {
            consumers: consumers.collect(),
            definition: self.definition.clone(),
            counts,
            since_told,
            checkpoint: self.checkpoint,
            live: self.live,
            replaying: self.replay.is_some(),
            running: self.now(),
        }
    }
}

/// What cannot be stored ends the group; it begins anew where it is stored.
fn unavailable(error: &StoreError) -> Fault {
    tracing::error!(%error, "persistent subscriptions cannot be stored");
    Fault::Unavailable
}
