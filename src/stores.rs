//! Opens the stores that the settings name; every command does it here.

use crate::data_dir::DataDir;
use crate::event_log::EventLog;
use crate::event_log::embedded::EmbeddedLog;
use crate::settings::StoreArgs;
use std::sync::Arc;

/// Opens the event log.
///
/// # Errors
/// When the setting names none that there is, or it cannot be opened; the text says what to do.
pub fn open_log(args: &StoreArgs) -> anyhow::Result<Arc<dyn EventLog>> {
    args.check()?;
    Ok(Arc::new(EmbeddedLog::open(DataDir::open(&args.data_dir)?.log())?))
}
