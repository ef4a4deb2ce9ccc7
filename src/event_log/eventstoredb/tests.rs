//! The adapter against servers that behave, and against servers that do not.

mod chaos;
mod faults;
mod proxy;
mod repeating;
mod server;
mod starting;

use std::sync::Arc;

use super::{EventStoreLog, Settings};
use crate::event_log::contract::{Log, event_log_contract};

use server::Server;

event_log_contract!(super::opened);

/// A log on a server that behaves.
async fn opened() -> (Log, Server) {
    let server = Server::start().await;
    (open(&server.connection_string()), server)
}

fn open(connection_string: &str) -> Log {
    Arc::new(adapter(connection_string))
}

fn adapter(connection_string: &str) -> EventStoreLog {
    EventStoreLog::open(Settings::parse(connection_string, None).unwrap()).unwrap()
}
