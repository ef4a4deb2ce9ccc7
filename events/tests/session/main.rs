//! The session aggregate, from the outside: given these events, when this command comes, then those events follow.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod backdrop;
mod guidance;
mod lifecycle;
mod policy2;
mod random;
mod verdict;
mod world;
