#![doc = include_str!("../README.md")]

pub mod api_key;
pub mod challenge;
pub mod credentials;
pub mod delivery;
mod digest;
pub mod lease;
mod log_event;
pub mod measurement;
pub mod metadata;
pub mod receipt;
pub mod session;
pub mod stored;
pub mod stream;
mod timestamp;
pub mod values;
pub mod verdict;

pub use digest::Digest;
pub use log_event::{NewEvent, RecordedEvent};
pub use timestamp::Timestamp;
