//! Moves the whole log between stores, as lines of JSON.
//!
//! The first line says what the file is, each further one is an event, the last one tells how many there are and the
//! SHA-256 of all before it. Data and metadata stand there with the bytes that were appended. Positions are those of the
//! store that was read: another store gives its own, and may order events of different sessions otherwise. Beside the
//! checksum, the last line therefore holds a digest that depends on neither; see [`ContentDigest`].

mod content;
mod export;
mod format;
mod import;
mod reader;

#[cfg(test)]
mod tests;

pub use content::ContentDigest;
pub use export::{ExportWriter, export};
pub use format::Trailer;
pub use import::{ImportError, Imported, import};
pub use reader::{ExportError, ExportReader};
