use crate::auth::CatchUpGate;
use crate::messages::{
    CancelOrErase, CatchUp, CreateCheck, LeaveCapture, LoadImages, ReadEvents, StartCapture, SubmitFrame,
};
use crate::metrics::Metrics;
use crate::socket::{Places, SocketPace};
use actix::Recipient;
use liveness_events::credentials::MasterKey;
use liveness_projections::ViewReader;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Says why a webhook may not go to an address; which ones may is the service's policy.
pub type CheckWebhookUrl = Arc<dyn Fn(&Url) -> Result<(), String> + Send + Sync>;

/// Says why the service cannot do its work now.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Says how old what the views show may be, where they cannot follow the log now.
pub type Staleness = Arc<dyn Fn() -> Option<Duration> + Send + Sync>;

/// Who answers the web's messages.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names are the messages")]
pub struct Handles {
    pub create_check: Recipient<CreateCheck>,
    pub cancel_or_erase: Recipient<CancelOrErase>,
    pub catch_up: Recipient<CatchUp>,
    pub load_images: Recipient<LoadImages>,
    pub read_events: Recipient<ReadEvents>,
    pub start_capture: Recipient<StartCapture>,
    pub submit_frame: Recipient<SubmitFrame>,
    pub leave_capture: Recipient<LeaveCapture>,
}

/// What the web is made of.
pub struct Parts {
    /// Who answers.
    pub handles: Handles,
    /// What is read.
    pub views: ViewReader,
    /// From which all secrets follow.
    pub master: MasterKey,
    /// How the outside reaches the service; only its scheme, host and port are used.
    pub public_url: Url,
    /// Which webhook targets are allowed.
    pub check_webhook_url: CheckWebhookUrl,
    /// What `/readyz` says.
    pub readiness: Readiness,
    /// How old the views are.
    pub staleness: Staleness,
    /// Whether other nodes write to the same log, so that the views may be behind what a caller knows already.
    pub shares_log: bool,
    /// What `/metrics` shows; the web adds its own to what is registered already.
    pub registry: Registry,
    /// How many capture sockets there may be, and how patient they are.
    pub pace: SocketPace,
}

/// What every handler may use. Clones share everything; [`AppState::for_worker`] gives a worker its own views.
#[derive(Clone)]
pub struct AppState {
    pub(crate) handles: Handles,
    pub(crate) views: Arc<ViewReader>,
    pub(crate) master: MasterKey,
    pub(crate) public_url: Url,
    pub(crate) check_webhook_url: CheckWebhookUrl,
    pub(crate) readiness: Readiness,
    pub(crate) staleness: Staleness,
    pub(crate) shares_log: bool,
    pub(crate) registry: Arc<Registry>,
    pub(crate) metrics: Metrics,
    pub(crate) pace: SocketPace,
    pub(crate) places: Arc<Places>,
    /// Callers with an unknown API key.
    pub(crate) key_gate: Arc<CatchUpGate>,
    /// Visitors of an unknown link.
    pub(crate) link_gate: Arc<CatchUpGate>,
}

impl AppState {
    /// Puts the parts together. One for the process: its limits count over all workers.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            handles,
            views,
            master,
            public_url,
            check_webhook_url,
            readiness,
            staleness,
            shares_log,
            mut registry,
            pace,
        } = parts;
        let metrics = Metrics::register(&mut registry);
        Self {
            handles,
            views: Arc::new(views),
            master,
            public_url,
            check_webhook_url,
            readiness,
            staleness,
            shares_log,
            registry: Arc::new(registry),
            metrics,
            pace,
            places: Arc::new(Places::new(pace.most_at_once, pace.most_of_link)),
            key_gate: Arc::default(),
            link_gate: Arc::default(),
        }
    }

    /// The same for one worker, with a reader of the views to itself. Where none can be opened it shares this one's.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        let mut own = self.clone();
        match self.views.another() {
            Ok(views) => own.views = Arc::new(views),
            Err(error) => tracing::warn!(%error, "worker shares a reader of the views"),
        }
        own
    }

    /// An absolute address of this service.
    pub(crate) fn address(&self, path: &str) -> Url {
        let mut address = self.public_url.clone();
        address.set_path(path);
        address.set_query(None);
        address.set_fragment(None);
        address
    }
}
