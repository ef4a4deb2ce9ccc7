//! The service as others meet it: over HTTP, over the capture socket, by its webhooks, after a crash.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod abuse;
mod attack;
mod attacks;
mod audit;
mod bench;
mod checks;
mod clients;
mod clients_of_others;
mod crash;
mod erasure;
mod expiry;
mod idempotency;
mod images;
mod keys;
mod kit;
mod nodes;
mod operations;
mod outage;
mod panics;
mod parts;
mod people;
mod receivers;
mod sessions;
mod verdicts;
mod ways;
