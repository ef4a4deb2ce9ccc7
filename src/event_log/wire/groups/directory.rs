//! All groups of one log: makes, changes and deletes them, and starts one when somebody needs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::definition::{Definition, FilterText, Key, Source, Start};
use super::info::GroupState;
use super::runner::{Command, Runner};
use super::seat::Seat;
use super::settings::Settings;
use super::source;
use super::store::{GroupId, OpenError, Store, StoreError};
use crate::event_log::EventLog;
use crate::event_log::wire::fault::{Fault, GroupFault};

/// Most groups of one log. Each one that is read holds up to 4 MiB of events; auditors need a few.
pub(crate) const MAX_GROUPS: usize = 64;

/// A group as a client wants it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) key: Key,
    pub(super) start: Start,
    /// Looked at when a group is made; later it stays as it is.
    pub(super) filter: Option<FilterText>,
    pub(super) settings: Settings,
}

/// All groups of one log. Clones are the same.
#[derive(Clone)]
pub(crate) struct Groups {
    log: Arc<dyn EventLog>,
    store: Store,
    groups: Arc<Mutex<BTreeMap<Key, Group>>>,
}

struct Group {
    id: GroupId,
    definition: Definition,
    /// Where it runs. It may have ended since.
    running: Option<mpsc::Sender<Command>>,
}

impl Groups {
    /// Opens the groups that `file` keeps, or with `None` such as are forgotten with this value.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names the file and what is wrong with it.
    pub(crate) async fn open(log: Arc<dyn EventLog>, file: Option<&Path>) -> Result<Self, OpenError> {
        let store = Store::open(file)?;
        let stored = store.groups().await.map_err(|error| OpenError::unreadable(file, error))?;
        let groups = stored.into_iter().map(|stored| {
            let (id, definition) = (stored.id, stored.definition);
            (definition.key.clone(), Group { id, definition, running: None })
        });
        Ok(Self { log, store, groups: Arc::new(Mutex::new(groups.collect())) })
    }

    /// Makes a group.
    pub(super) async fn create(&self, wanted: Wanted) -> Result<(), Fault> {
        if let Some(filter) = &wanted.filter {
            filter.filter()?;
        }
        let mut groups = self.groups.lock().await;
        if groups.contains_key(&wanted.key) {
            return Err(wanted.key.fault(GroupFault::Exists));
        }
        if groups.len() >= MAX_GROUPS {
            return Err(Fault::Busy("there are as many persistent subscriptions as may be"));
        }
        let first = self.first(&wanted).await?;
        let Wanted { key, start, filter, settings } = wanted;
        let definition = Definition { key: key.clone(), start, first, filter, settings };
        let id = self.store.create(&definition).await.map_err(unavailable)?;
        groups.insert(key, Group { id, definition, running: None });
        Ok(())
    }

    /// Changes a group; its consumers are let go. The new start counts only where nothing was settled yet.
    pub(super) async fn update(&self, wanted: Wanted) -> Result<(), Fault> {
        let mut groups = self.groups.lock().await;
        let group = groups.get_mut(&wanted.key).ok_or_else(|| wanted.key.fault(GroupFault::Missing))?;
        let first = self.first(&wanted).await?;
        group.close(wanted.key.fault(GroupFault::Dropped)).await;
        let Wanted { key, start, settings, .. } = wanted;
        let definition = Definition { key, start, first, settings, filter: group.definition.filter.clone() };
        self.store.update(group.id, &definition).await.map_err(unavailable)?;
        group.definition = definition;
        Ok(())
    }

    /// Deletes a group with its checkpoint and what it has parked; its consumers are let go.
    pub(super) async fn delete(&self, key: &Key) -> Result<(), Fault> {
        let mut groups = self.groups.lock().await;
        let group = groups.get_mut(key).ok_or_else(|| key.fault(GroupFault::Missing))?;
        group.close(key.fault(GroupFault::Dropped)).await;
        self.store.delete(group.id).await.map_err(unavailable)?;
        groups.remove(key);
        Ok(())
    }

    /// Lets a consumer into a group.
    pub(super) async fn join(&self, key: &Key, slots: usize, name: String) -> Result<Seat, Fault> {
        self.ask(key, |reply| Command::Join { slots, name, reply }).await?
    }

    /// Sends parked events again.
    pub(super) async fn replay(&self, key: &Key, limit: Option<u64>) -> Result<(), Fault> {
        self.ask(key, |reply| Command::Replay { limit, reply }).await?
    }

    /// How a group stands, and the place behind the last event that there is for it.
    pub(super) async fn state(&self, key: &Key) -> Result<(GroupState, u64), Fault> {
        let state = self.ask(key, |reply| Command::Tell { reply }).await?;
        let end = source::end(&*self.log, &key.source).await?;
        Ok((state, end))
    }

    /// The groups of one source, or all.
    pub(super) async fn keys(&self, of: Option<&Source>) -> Vec<Key> {
        let groups = self.groups.lock().await;
        groups.keys().filter(|key| of.is_none_or(|source| key.source == *source)).cloned().collect()
    }

    /// Lets all consumers go, and begins where everything is stored.
    pub(super) async fn restart(&self) {
        for (key, group) in self.groups.lock().await.iter_mut() {
            group.close(key.fault(GroupFault::Dropped)).await;
        }
    }

    /// Stores what is settled and lets all consumers go.
    pub(crate) async fn close(&self) {
        for group in self.groups.lock().await.values_mut() {
            group.close(Fault::GoingAway).await;
        }
    }

    async fn ask<T>(
        &self,
        key: &Key,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let ended = |_| Fault::Busy("the persistent subscription is being restarted");
        let running = self.running(key).await?;
        running.send(command(reply)).await.map_err(|_| ended(()))?;
        answer.await.map_err(|_| ended(()))
    }

    /// Where a group runs; it is started when it does not.
    async fn running(&self, key: &Key) -> Result<mpsc::Sender<Command>, Fault> {
        let mut groups = self.groups.lock().await;
        let group = groups.get_mut(key).ok_or_else(|| key.fault(GroupFault::Missing))?;
        if let Some(running) = group.running.as_ref().filter(|running| !running.is_closed()) {
            return Ok(running.clone());
        }
        let (log, store) = (Arc::clone(&self.log), self.store.clone());
        let running = Runner::start(log, store, group.id, group.definition.clone()).await?;
        group.running = Some(running.clone());
        Ok(running)
    }

    async fn first(&self, wanted: &Wanted) -> Result<u64, Fault> {
        match wanted.start {
            Start::First => Ok(0),
            Start::At(place) => Ok(place),
            Start::End => source::end(&*self.log, &wanted.key.source).await,
        }
    }
}

impl Group {
    /// Ends it, when it runs; returns when everything is stored.
    async fn close(&mut self, fault: Fault) {
        let Some(running) = self.running.take() else { return };
        let (reply, closed) = oneshot::channel();
        if running.send(Command::Close { fault, reply }).await.is_ok() {
            // An error says that it has ended by itself.
            let _ = closed.await;
        }
    }
}

fn unavailable(error: StoreError) -> Fault {
    tracing::error!(%error, "persistent subscriptions cannot be stored");
    Fault::Unavailable
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Groups").finish_non_exhaustive()
    }
}
