//! Each fault of the crate and of servers, by a server that provokes it.

mod appends;
mod bells;
mod clients;
mod reads;

use std::sync::Arc;

use super::proxy::Proxy;
use super::repeating::Repeating;
use super::server::{AppendFault, BellFault, ReadFault, Server};
use super::{adapter, open};
use crate::event_log::contract::Log;

/// A log that is asked until it answers.
fn patient(connection_string: &str) -> Log {
    Arc::new(Repeating::new(open(connection_string)))
}
