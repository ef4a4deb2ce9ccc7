//! Work that goes on by itself: a loop that neither a failure nor a panic ends.

use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// Pause after a round that failed, so that a lasting fault neither spins nor floods the log.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Does `round` again and again, for as long as the future is kept.
pub async fn for_ever(name: &'static str, mut round: impl AsyncFnMut() -> anyhow::Result<()>) {
    loop {
        match AssertUnwindSafe(round()).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(
                    work = name,
                    error = format!("{error:#}"),
                    "background work failed and is tried again"
                );
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
            Err(_) => {
                tracing::error!(work = name, "background work panicked and is begun again");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
}
