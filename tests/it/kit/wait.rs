use std::time::{Duration, Instant};

/// Nothing that is waited for takes longer, unless it never comes.
pub(crate) const GUARD: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks again and again until there is something to see.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(GUARD, what, look).await
}

/// The same, for what takes longer by its nature.
pub(crate) async fn eventually_within<T>(
    guard: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < guard, "did not come about: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
