//! The log over EventStoreDB's gRPC protocol, so that an auditor's ordinary client reads it.
//!
//! Reads go to the [`EventLog`](super::EventLog) page by page at the client's own pace; nothing is kept here but what
//! `limits` allows each client.

mod access;
mod answer;
mod connection;
mod face;
mod fault;
mod features;
mod filter;
mod gossip;
mod groups;
mod guard;
mod limits;
mod outlet;
pub mod protocol;
mod server;
mod settings;
mod streams;
mod threads;
mod tls;

pub use self::groups::OpenGroupsError;
pub use self::server::{StartError, WireServer};
pub use self::settings::{Advertised, Security, WireSettings};
pub use self::threads::WireThreads;

#[cfg(test)]
mod tests;
