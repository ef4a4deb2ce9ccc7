#![doc = include_str!("../README.md")]

mod api;
mod ask;
mod assets;
mod auth;
mod health;
mod keys;
mod lookup;
pub mod messages;
mod metrics;
mod observe;
mod page;
mod problem;
mod query;
mod routes;
mod socket;
mod state;

pub use routes::configure;
pub use socket::SocketPace;
pub use state::{AppState, CheckWebhookUrl, Handles, Parts, Readiness, Staleness};
