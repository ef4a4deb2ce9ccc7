//! Backends and people who go on whatever happens to the service, and a ledger of what it has acknowledged.

mod client;
mod ledger;

pub(crate) use client::{Client, Places};
pub(crate) use ledger::Ledger;

use crate::kit::{Receiver, Recorded, eventually};
use liveness_events::session::SessionEvent;

/// Sees that each end of these sessions was told to its subscriber, and nothing else.
pub(crate) async fn assert_told(receiver: &Receiver, sessions: &Recorded) {
    let expected = expected(sessions);
    let heard = |(id, event): &(String, &str)| {
        let tells = |body: serde_json::Value| body["uuid"] == id.as_str() && body["event"] == *event;
        receiver.all().iter().any(|received| received.answered == 204 && tells(received.json()))
    };
    let all_heard = async || expected.iter().all(heard).then_some(());
    eventually("each end is told to its subscriber", all_heard).await;
    for received in receiver.all() {
        let told = received.json();
        let known = expected.iter().any(|(id, event)| told["uuid"] == id.as_str() && told["event"] == *event);
        assert!(known, "nobody is told of what did not happen: {told}");
    }
}

/// What a subscriber must have heard of each session of these events.
fn expected(sessions: &Recorded) -> Vec<(String, &'static str)> {
    let event = |event: &SessionEvent| match event {
        SessionEvent::Completed { .. } => Some("complete"),
        SessionEvent::Expired { .. } => Some("expired"),
        _ => None,
    };
    sessions
        .iter()
        .filter_map(|(id, events)| Some((id.to_string(), events.iter().find_map(event)?)))
        .collect()
}
