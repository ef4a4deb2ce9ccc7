//! The log over EventStoreDB's gRPC protocol, so that an auditor's ordinary client reads it.

mod answer;
mod fault;
mod filter;
pub mod protocol;
