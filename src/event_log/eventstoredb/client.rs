//! The crate's client, kept at arm's length: every call is a task on threads of the crate's own, under a time-out; a
//! client that has died, hangs or keeps failing gives way to a new one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eventstore::Client;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::fault::{self, Fault};
use super::health::Health;
use super::settings::Settings;

/// How long a call may take, the connecting included: longer than an election takes, shorter than people wait.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(10);

/// How many calls, one begun after the other has failed, make a client suspect: in a cluster the crate goes on asking
/// the node that has died.
const FAILURES: u32 = 2;

/// Pauses between clients: a store that restarts is met at once, one that stays away is not hammered.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A client that is due so soon is waited for: one that had to be replaced fails no call that comes after.
const WORTH_WAITING: Duration = Duration::from_millis(250);

/// Threads of a client: one may parse a large page while the other goes on.
const THREADS: usize = 2;

/// Hands out the client of the time.
pub(super) struct Clients {
    settings: Arc<Settings>,
    state: Mutex<State>,
    health: Health,
}

struct State {
    current: Option<Arc<Generation>>,
    /// Failures of the current one in a row; those of calls side by side count once.
    failures: u32,
    pause: Backoff,
    /// When the next one is due.
    due: Instant,
}

/// One client of the crate, with threads of its own: what it leaves running when it is dropped ends with them.
struct Generation {
    client: Arc<OnceCell<Client>>,
    threads: Option<Runtime>,
    handle: Handle,
}

/// A client for one call, and how it stood when the call began.
struct Lease {
    generation: Arc<Generation>,
    failures: u32,
}

impl Clients {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let pause = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let state = State { current: None, failures: 0, pause, due: Instant::now() };
        Self { settings, state: Mutex::new(state), health: Health::new() }
    }

    pub(super) const fn health(&self) -> &Health {
        &self.health
    }

    /// Makes one call; see [`call_within`](Self::call_within).
    pub(super) async fn call<T, F, W>(&self, work: F) -> Result<T, Fault>
    where
        F: FnOnce(Client) -> W + Send + 'static,
        W: Future<Output = Result<T, Fault>> + Send + 'static,
        T: Send + 'static,
    {
        self.call_within(CALL_LIMIT, work).await
    }

    /// Makes one call and judges the client by it. Dropping the future ends the call.
    pub(super) async fn call_within<T, F, W>(&self, limit: Duration, work: F) -> Result<T, Fault>
    where
        F: FnOnce(Client) -> W + Send + 'static,
        W: Future<Output = Result<T, Fault>> + Send + 'static,
        T: Send + 'static,
    {
        let lease = match self.lease() {
            Err(Fault::Waiting(wait)) if wait <= WORTH_WAITING => {
                tokio::time::sleep(wait).await;
                self.lease()?
            }
            lease => lease?,
        };
        let outcome = lease.generation.run(&self.settings, limit, work).await;
        self.judge(&lease, outcome.as_ref().err());
        outcome
    }

    fn lease(&self) -> Result<Lease, Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = match &state.current {
            Some(generation) => Arc::clone(generation),
            None => {
                let wait = state.due.saturating_duration_since(Instant::now());
                if !wait.is_zero() {
                    return Err(Fault::Waiting(wait));
                }
                let generation = Generation::new().map_err(|error| Fault::Broken(error.to_string()))?;
                Arc::clone(state.current.insert(Arc::new(generation)))
            }
        };
        Ok(Lease { generation, failures: state.failures })
    }

    fn judge(&self, lease: &Lease, fault: Option<&Fault>) {
        let verdict = fault.map_or(fault::Client::Fine, Fault::client);
        match fault {
            Some(fault) if verdict != fault::Client::Fine => self.health.failed(fault),
            _ => self.health.answered(),
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &lease.generation)) {
            return;
        }
        match verdict {
            fault::Client::Fine => {
                state.failures = 0;
                state.pause.reset();
            }
            fault::Client::Doubtful if state.failures == lease.failures => {
                state.failures += 1;
                if state.failures >= FAILURES {
                    state.replace();
                }
            }
            fault::Client::Dead => state.replace(),
            fault::Client::Doubtful | fault::Client::Refused | fault::Client::Untried => {}
        }
    }
}

impl State {
    fn replace(&mut self) {
        self.current = None;
        self.failures = 0;
        self.due = Instant::now() + self.pause.next();
    }
}

impl Generation {
    fn new() -> std::io::Result<Self> {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("event-store")
            .enable_all()
            .build()?;
        Ok(Self { client: Arc::default(), handle: threads.handle().clone(), threads: Some(threads) })
    }

    async fn run<T, F, W>(&self, settings: &Settings, limit: Duration, work: F) -> Result<T, Fault>
    where
        F: FnOnce(Client) -> W + Send + 'static,
        W: Future<Output = Result<T, Fault>> + Send + 'static,
        T: Send + 'static,
    {
        let (client, settings) = (Arc::clone(&self.client), settings.client().clone());
        // A set of one: dropping it ends the task.
        let mut task = JoinSet::new();
        task.spawn_on(
            async move {
                let client = client.get_or_try_init(async || Client::new(settings)).await?.clone();
                work(client).await
            },
            &self.handle,
        );
        match tokio::time::timeout(limit, task.join_next()).await {
            Ok(Some(Ok(outcome))) => outcome,
            Ok(Some(Err(error))) => Err(Fault::Broken(error.to_string())),
            Ok(None) => Err(Fault::Broken("the call was lost".to_owned())),
            Err(_) => Err(Fault::TimedOut(limit)),
        }
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("health", &self.health).finish_non_exhaustive()
    }
}
