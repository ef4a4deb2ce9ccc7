//! Persistent subscriptions: groups of consumers that share the events of a stream, or of the whole log.
//!
//! The server keeps a group's place, sends each event to one of its consumers, and sends it again until somebody
//! acknowledges it. [`Groups`] knows all of them; each that is used runs in a task of its own (`runner`), which asks the
//! `engine` what to do; `service` speaks the protocol. What outlives the process is in a file of its own (`store`):
//! reading adds nothing to the log.

mod consume;
mod definition;
mod directory;
mod engine;
mod info;
mod request;
mod runner;
mod seat;
mod service;
mod settings;
mod source;
mod store;

pub(crate) use self::directory::Groups;
#[cfg(test)]
pub(crate) use self::directory::MAX_GROUPS;
pub(crate) use self::service::GroupsService;
pub use self::store::OpenError as OpenGroupsError;
