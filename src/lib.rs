#![doc = "The liveness service: what runs, and what talks to what. See `docs/ARCHITECTURE.md`."]

pub mod actors;
pub mod app;
pub mod attack;
pub mod cli;
pub mod clock;
pub mod data_dir;
pub mod eval;
pub mod event_log;
pub mod images;
pub mod journal;
pub mod lease;
pub mod networks;
pub mod readiness;
pub mod receipts;
#[cfg(test)]
pub(crate) mod sample;
pub mod secret_file;
pub mod settings;
pub mod stores;
pub mod transfer;
pub mod trial;
pub mod verification;
pub mod webhook;
