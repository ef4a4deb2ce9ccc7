//! Who acts. The registry holds one actor for each session that is in use; the projector folds the log into the views;
//! the others look at the views and do what has fallen due.

pub mod archive;
pub mod background;
pub mod deadlines;
pub mod inference;
pub mod notary;
pub mod projector;
pub mod registry;
pub mod session;
pub mod webhooks;

use crate::clock::Clock;
use crate::event_log::EventLog;
use crate::images::ImageStore;
use inference::InferencePool;
use liveness_events::credentials::MasterKey;
use liveness_events::session::ModelUsed;
use std::sync::Arc;

/// What the actors stand on.
#[derive(Clone)]
pub struct Services {
    /// The time.
    pub clock: Clock,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The images.
    pub images: ImageStore,
    /// The networks.
    pub inference: InferencePool,
    /// Which networks these are, by hash.
    pub models: Vec<ModelUsed>,
    /// Whether other nodes write to the log, so that a session in memory may be behind its stream.
    pub shares_log: bool,
    /// From which all secrets follow.
    pub master_key: MasterKey,
}
