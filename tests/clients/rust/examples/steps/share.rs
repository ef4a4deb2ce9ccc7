//! A persistent subscription: the server remembers what a group of consumers has done.

use super::stream;
use crate::db;
use db::{
    Client, NakAction, PersistentSubscriptionEvent, PersistentSubscriptionInfo,
    PersistentSubscriptionOptions, StreamPosition,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const POLL: Duration = Duration::from_millis(50);

/// Works a session's events: the first is asked for once more, the second parked, and replayed later.
pub(super) async fn share(log: &Client, uuid: &str, group: &str) -> anyhow::Result<()> {
    let name = format!("liveness-{uuid}");
    let start = PersistentSubscriptionOptions::default().start_from(StreamPosition::Start);
    log.create_persistent_subscription(name.as_str(), group, &start).await?;
    let mut due = BTreeSet::new();
    let mut events = stream(log, uuid, StreamPosition::Start).await?;
    while let Some(event) = events.next().await? {
        due.insert(event.get_original_event().revision);
    }

    let options = Default::default();
    let mut deliveries = log.subscribe_to_persistent_subscription(name.as_str(), group, &options).await?;
    while !due.is_empty() {
        let PersistentSubscriptionEvent::EventAppeared { retry_count, event } =
            deliveries.next_subscription_event().await?
        else {
            continue;
        };
        let event = event.get_original_event();
        let answer = match (event.revision, retry_count) {
            (0, 0) => "retry",
            (1, _) => "park",
            _ => "ack",
        };
        println!("{}", json!({ "delivered": event.revision, "retries": retry_count, "answer": answer }));
        match answer {
            "retry" => deliveries.nack_ids([event.id], NakAction::Retry, "once more").await?,
            "park" => deliveries.nack_ids([event.id], NakAction::Park, "to be looked at").await?,
            _ => deliveries.ack_ids([event.id]).await?,
        }
        if answer != "retry" {
            due.remove(&event.revision);
        }
    }

    tell_group(&settled(log, &name, group, 1).await?);
    let groups = log.list_persistent_subscriptions_for_stream(&name, &Default::default()).await?;
    let groups: Vec<String> = groups.into_iter().map(|info| info.group_name).collect();
    println!("{}", json!({ "groups": groups }));

    log.replay_parked_messages(&name, group, &Default::default()).await?;
    let replayed = deliveries.next().await?;
    let event = replayed.get_original_event();
    println!("{}", json!({ "delivered": event.revision, "replayed": true, "answer": "ack" }));
    deliveries.ack_ids([event.id]).await?;
    tell_group(&settled(log, &name, group, 0).await?);
    log.delete_persistent_subscription(name.as_str(), group, &Default::default()).await?;
    Ok(())
}

/// Waits until the server has taken all answers: the client sends them in the background.
async fn settled(
    log: &Client,
    name: &str,
    group: &str,
    parked: usize,
) -> anyhow::Result<PersistentSubscriptionInfo<u64>> {
    loop {
        let info = log.get_persistent_subscription_info(name, group, &Default::default()).await?;
        if info.stats.parked_message_count == parked && info.stats.total_in_flight_messages == 0 {
            return Ok(info);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn tell_group(info: &PersistentSubscriptionInfo<u64>) {
    let PersistentSubscriptionInfo { group_name, event_source, stats, .. } = info;
    println!("{}", json!({ "group": group_name, "of": event_source, "parked": stats.parked_message_count }));
}
