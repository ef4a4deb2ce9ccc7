//! The liveness service: what runs, and what talks to what.
pub mod event_log;
pub mod webhook;
