//! The web over a real server on port 0, with a fake in place of the actors.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod create;
mod fake;
mod others;
mod page;
mod read;
mod socket;
mod socket_abuse;
mod socket_open;
mod test_app;
