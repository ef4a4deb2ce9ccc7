//! How a group stands, as clients are told.

use std::time::Duration;

use super::definition::Definition;
use super::engine::{ConsumerCounts, Counts, Place};
use crate::event_log::wire::protocol::persistent_subscriptions::SubscriptionInfo;
use crate::event_log::wire::protocol::persistent_subscriptions::subscription_info::ConnectionInfo;

/// How a group stands.
#[derive(Debug)]
pub(super) struct GroupState {
    pub(super) definition: Definition,
    pub(super) counts: Counts,
    /// Sent since it was asked last.
    pub(super) since_told: u64,
    pub(super) checkpoint: Option<Place>,
    /// Whether all that there was had been read once.
    pub(super) live: bool,
    pub(super) replaying: bool,
    pub(super) running: Duration,
    pub(super) consumers: Vec<ConsumerState>,
}

/// How a consumer stands.
#[derive(Debug)]
pub(super) struct ConsumerState {
    /// As the client names its connection.
    pub(super) name: String,
    pub(super) counts: ConsumerCounts,
}

impl GroupState {
    /// As the protocol has it; `end` is the place behind the last event that there is.
    pub(super) fn info(&self, end: Place) -> SubscriptionInfo {
        let (definition, settings, counts) = (&self.definition, &self.definition.settings, &self.counts);
        let per_second = |sent: u64| whole(sent.checked_div(self.running.as_secs()).unwrap_or(sent));
        let connection = |consumer: &ConsumerState| ConnectionInfo {
            average_items_per_second: per_second(consumer.counts.sent),
            total_items: long(consumer.counts.sent),
            available_slots: whole(consumer.counts.free),
            in_flight_messages: whole(consumer.counts.in_flight),
            connection_name: consumer.name.clone(),
            ..ConnectionInfo::default()
        };
        SubscriptionInfo {
            event_source: definition.key.source.to_string(),
            group_name: definition.key.group.clone(),
            status: self.status().to_owned(),
            connections: self.consumers.iter().map(connection).collect(),
            average_per_second: per_second(counts.sent),
            total_items: long(counts.sent),
            count_since_last_measurement: long(self.since_told),
            last_checkpointed_event_position: self
                .checkpoint
                .map_or_else(String::new, |place| definition.place_text(place)),
            last_known_event_position: definition.place_text(end),
            resolve_link_tos: settings.resolve_links,
            start_from: definition.start_text(),
            message_timeout_milliseconds: whole(settings.message_timeout_ms),
            extra_statistics: settings.extra_statistics,
            max_retry_count: whole(settings.max_retries),
            live_buffer_size: whole(settings.live_buffer),
            buffer_size: whole(settings.buffer),
            read_batch_size: whole(settings.read_batch),
            check_point_after_milliseconds: whole(settings.checkpoint_after_ms),
            min_check_point_count: whole(settings.min_checkpoint),
            max_check_point_count: whole(settings.max_checkpoint),
            read_buffer_count: whole(counts.new),
            live_buffer_count: 0,
            retry_buffer_count: whole(counts.again),
            total_in_flight_messages: whole(counts.in_flight),
            outstanding_messages_count: whole(counts.in_flight),
            named_consumer_strategy: settings.strategy.name().to_owned(),
            max_subscriber_count: whole(settings.max_subscribers),
            parked_message_count: long(counts.parked as u64),
        }
    }

    fn status(&self) -> &'static str {
        match (self.replaying, self.live) {
            (true, _) => "ReplayingParkedMessages",
            (false, true) => "Live",
            (false, false) => "Behind",
        }
    }
}

fn whole(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
