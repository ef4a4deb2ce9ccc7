//! What every implementation of the port must do, as tests to run against each.
//!
//! The tests share nothing and expect nothing of the log they get: it may be one that others append to as well, so
//! each keeps to streams under a prefix of its own.

pub(crate) mod append;
pub(crate) mod follow;
pub(crate) mod model;
pub(crate) mod read;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::{
    Appended, EventLog, ExpectedRevision, NewEvent, Position, RecordedEvent, Subscription, SubscriptionEvent,
};

/// Makes one test of each case of the contract. `$open` names an async function without arguments that gives a log
/// as `Arc<dyn EventLog>` and, beside it, whatever has to live as long.
macro_rules! event_log_contract {
    ($open:path) => {
        $crate::event_log::contract::event_log_contract!($open =>
            append: new_stream, exact, any, refused_leaves_nothing, repeated, repeated_elsewhere, overlapping,
                one_winner_each_revision, limits;
            read: both_directions, missing_stream, bytes_come_back, pages, pages_by_prefix, pages_backwards, head;
            follow: from_start, from_position, from_head, checkpoints, behind_and_again, cancelled,
                under_writers, closed;
            model: random_appends;
        );
    };
    ($open:path => $($module:ident: $($case:ident),*;)*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (log, _keep) = $open().await;
                let case = $crate::event_log::contract::$module::$case(log);
                // A guard against hanging; nothing waits for it.
                tokio::time::timeout($crate::event_log::contract::PATIENCE, case).await.unwrap();
            })*
        })*
    };
}
pub(crate) use event_log_contract;

/// How long a test may take on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The log under test.
pub(crate) type Log = Arc<dyn EventLog>;

/// A prefix that nobody else uses.
pub(crate) fn prefix() -> String {
    format!("contract-{}-", Uuid::new_v4().simple())
}

/// An event with an id of its own and a body that tells it from others.
pub(crate) fn event() -> NewEvent {
    let id = Uuid::new_v4();
    NewEvent {
        id,
        event_type: "Happened".to_owned(),
        data: Bytes::from(format!(r#"{{"id":"{id}"}}"#)),
        metadata: Bytes::from_static(b"{}"),
    }
}

pub(crate) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| event()).collect()
}

/// Appends `count` new events, wherever the stream is; gives their ids.
pub(crate) async fn grow(log: &Log, stream: &str, count: usize) -> (Vec<Uuid>, Appended) {
    let events = events(count);
    let ids = events.iter().map(|event| event.id).collect();
    (ids, log.append(stream, ExpectedRevision::Any, events).await.unwrap())
}

pub(crate) fn ids(events: &[RecordedEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

/// Takes the next event, past whatever else is delivered.
pub(crate) async fn next_event(subscription: &mut Subscription) -> RecordedEvent {
    loop {
        if let SubscriptionEvent::Event(event) = subscription.next().await.unwrap() {
            return event;
        }
    }
}

/// Takes events until the subscription has caught up; gives them and the place where it did.
pub(crate) async fn until_caught_up(subscription: &mut Subscription) -> (Vec<RecordedEvent>, Position) {
    let mut events = Vec::new();
    loop {
        match subscription.next().await.unwrap() {
            SubscriptionEvent::Event(event) => events.push(event),
            SubscriptionEvent::CaughtUp { position } => return (events, position),
            SubscriptionEvent::Checkpoint { .. } => {}
        }
    }
}
