//! Opens the stores that the settings name; every command does it here.

use crate::data_dir::DataDir;
use crate::event_log::EventLog;
use crate::event_log::embedded::EmbeddedLog;
use crate::event_log::eventstoredb::{EventStoreLog, Settings};
use crate::settings::StoreArgs;
use anyhow::Context as _;
use std::sync::Arc;

/// Opens the event log.
///
/// # Errors
/// When the setting names none that there is, or it cannot be opened; the text says what to do. An event store that is
/// away is none of these: what is asked of the log fails until it is there.
pub fn open_log(args: &StoreArgs) -> anyhow::Result<Arc<dyn EventLog>> {
    args.check()?;
    if args.is_embedded() {
        return Ok(Arc::new(EmbeddedLog::open(DataDir::open(&args.data_dir)?.log())?));
    }
    let settings = event_store_settings(args)?;
    Ok(Arc::new(EventStoreLog::open(settings).context("--event-store")?))
}

/// Tells where the event log is, without a word of what is secret.
///
/// # Errors
/// When the setting names none that there is.
pub fn event_log_name(args: &StoreArgs) -> anyhow::Result<String> {
    args.check()?;
    Ok(if args.is_embedded() { "embedded".to_owned() } else { event_store_settings(args)?.to_string() })
}

fn event_store_settings(args: &StoreArgs) -> anyhow::Result<Settings> {
    Settings::parse(args.event_store.as_str(), args.event_store_credentials.as_deref())
        .context("--event-store")
}
