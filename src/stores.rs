//! Opens the stores that the settings name; every command does it here.

use crate::data_dir::{DataDir, key_file};
use crate::event_log::EventLog;
use crate::event_log::embedded::EmbeddedLog;
use crate::receipts::ReceiptKey;
use crate::settings::{ServeArgs, StoreArgs};
use std::sync::Arc;

/// Opens the event log.
///
/// # Errors
/// When the setting names none that there is, or it cannot be opened; the text says what to do.
pub fn open_log(args: &StoreArgs) -> anyhow::Result<Arc<dyn EventLog>> {
    args.check()?;
    Ok(Arc::new(EmbeddedLog::open(DataDir::open(&args.data_dir)?.log())?))
}

/// The key that signs receipts: the one that the settings name, or that of the data directory.
///
/// # Errors
/// When it cannot be read, or not be drawn; the text says what to do.
pub fn receipt_key(args: &ServeArgs) -> anyhow::Result<ReceiptKey> {
    match &args.receipt_key_file {
        Some(file) => ReceiptKey::from_seed(&key_file(file)?),
        None => DataDir::open(&args.stores.data_dir)?.receipt_key(),
    }
}
