#![doc = include_str!("../README.md")]

mod api_key;
mod delivery;
mod reader;
mod receipt;
mod schema;
mod session;
mod views;

pub use delivery::{DeliveryView, Try};
pub use reader::ViewReader;
pub use session::{SessionStatus, SessionView, Tally};
pub use views::Views;

use thiserror::Error;

/// Why the views could not be read or written.
#[derive(Debug, Error)]
pub enum ViewError {
    /// The database said so.
    #[error("the views' database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A row is not what this version writes.
    #[error("a row of the views cannot be read: {0}")]
    Row(#[from] serde_json::Error),
}
