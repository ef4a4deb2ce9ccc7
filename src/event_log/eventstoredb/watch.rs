//! Says when there may be something new to read: at once when the bell rings, and by looking now and then behind it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::client::Clients;
use super::read;

/// How often the end of the log is looked at while the bell is silent: what a dead bell costs at most.
const POLL: Duration = Duration::from_millis(500);

/// How long such a look may take: it also finds out that the store is away, or back.
const POLL_LIMIT: Duration = Duration::from_secs(3);

/// After so many looks that found nothing new, followers are sent to look themselves: a node that has just become
/// leader may have been asked before it had everything.
const POLLS_UNTOLD: u32 = 10;

/// Between two ticks: a bell that rings without end costs each follower no more than this often a page.
const GAP: Duration = Duration::from_millis(5);

/// Ticks until it is dropped.
pub(super) async fn watch(clients: Arc<Clients>, ring: Arc<Notify>, ticks: watch::Sender<u64>) {
    let (mut known, mut untold) = (None, 0);
    loop {
        if tokio::time::timeout(POLL, ring.notified()).await.is_err() {
            let head = read::head_within(&clients, POLL_LIMIT).await.ok();
            untold += 1;
            if head == known && untold < POLLS_UNTOLD {
                continue;
            }
            known = head;
        }
        untold = 0;
        tick(&ticks);
        tokio::time::sleep(GAP).await;
    }
}

/// Sends all followers to look.
pub(super) fn tick(ticks: &watch::Sender<u64>) {
    ticks.send_modify(|tick| *tick = tick.wrapping_add(1));
}
