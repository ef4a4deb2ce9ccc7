//! The log over EventStoreDB's gRPC protocol, so that an auditor's ordinary client reads it.

pub mod protocol;
