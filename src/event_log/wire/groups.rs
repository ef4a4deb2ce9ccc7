//! Persistent subscriptions: groups of consumers that share the events of a stream, or of the whole log.

mod definition;
mod engine;
mod settings;
mod store;
