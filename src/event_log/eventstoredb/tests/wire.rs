//! The contract over the wire face of an embedded log.

use std::sync::Arc;

use tempfile::TempDir;

use super::open;
use crate::event_log::contract::{Log, event_log_contract};
use crate::event_log::embedded::EmbeddedLog;
use crate::event_log::wire::{Security, WireServer, WireSettings};

event_log_contract!(super::opened);

async fn opened() -> (Log, (WireServer, TempDir)) {
    let (face, folder) = face().await;
    (open(&format!("esdb://{}?tls=false", face.address())), (face, folder))
}

/// A wire face that may be written to, over an empty log.
pub(super) async fn face() -> (WireServer, TempDir) {
    let folder = TempDir::new().unwrap();
    let log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings =
        WireSettings { listen, advertise: None, write: true, security: Security::Insecure, groups: None };
    (WireServer::start(log, &settings).await.unwrap(), folder)
}
