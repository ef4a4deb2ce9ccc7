//! Given events and consumers, when something happens, then who gets what and what is stored.

use std::collections::HashSet;

use bytes::Bytes;
use chrono::DateTime;
use uuid::Uuid;

use super::*;
use crate::event_log::wire::groups::settings::ConsumerStrategy;

pub(super) fn settings() -> Settings {
    Settings {
        resolve_links: false,
        extra_statistics: false,
        strategy: ConsumerStrategy::RoundRobin,
        max_retries: 2,
        message_timeout_ms: 1_000,
        checkpoint_after_ms: 2_000,
        min_checkpoint: 2,
        max_checkpoint: 4,
        max_subscribers: 0,
        buffer: 10,
        live_buffer: 10,
        read_batch: 10,
    }
}

/// The event at a place; its id is the place.
pub(super) fn event(place: Place) -> RecordedEvent {
    RecordedEvent {
        position: place + 100,
        stream: format!("s-{}", place % 3),
        revision: place,
        id: Uuid::from_u128(place.into()),
        event_type: "Happened".to_owned(),
        data: Bytes::from_static(b"{}"),
        metadata: Bytes::new(),
        created: DateTime::UNIX_EPOCH,
    }
}

fn id(place: Place) -> Uuid {
    event(place).id
}

const A: ConsumerId = ConsumerId(1);
const B: ConsumerId = ConsumerId(2);
const START: Moment = Moment::ZERO;
const LATER: Moment = Moment::from_secs(3);

/// An engine with these consumers, each with the slots, and so many events.
fn given(settings: Settings, consumers: &[(ConsumerId, usize)], events: u64) -> Engine {
    let mut engine = Engine::new(settings, 0, HashSet::new());
    for (consumer, slots) in consumers {
        assert!(engine.join(*consumer, *slots));
    }
    for place in 0..events {
        assert!(engine.wants_new(), "{place}");
        engine.offer(place, event(place));
    }
    engine
}

/// Sends all that can be sent: consumer, place, retries.
fn sent(engine: &mut Engine, now: Moment) -> Vec<(ConsumerId, Place, u32)> {
    let next = || engine.dispatch(now, |_| true);
    std::iter::from_fn(next).map(|sent| (sent.consumer, sent.event.revision, sent.retries)).collect()
}

#[test]
fn a_consumer_gets_no_more_than_its_slots() {
    let mut engine = given(settings(), &[(A, 2)], 5);
    assert_eq!(sent(&mut engine, START), [(A, 0, 0), (A, 1, 0)]);
    engine.ack(id(1));
    assert_eq!(sent(&mut engine, START), [(A, 2, 0)]);
    let counts = engine.counts();
    assert_eq!((counts.new, counts.in_flight, counts.sent), (2, 2, 3));
}

#[test]
fn one_that_is_not_ready_holds_up_nobody_else() {
    let mut engine = given(settings(), &[(A, 2), (B, 2)], 3);
    let next = || engine.dispatch(START, |consumer| consumer == B);
    let to: Vec<ConsumerId> = std::iter::from_fn(next).map(|sent| sent.consumer).collect();
    assert_eq!(to, [B, B]);
}

#[test]
fn round_robin_takes_turns() {
    let mut engine = given(settings(), &[(A, 3), (B, 1)], 4);
    assert_eq!(sent(&mut engine, START), [(A, 0, 0), (B, 1, 0), (A, 2, 0), (A, 3, 0)]);
}

#[test]
fn dispatch_to_single_changes_when_the_slots_are_full() {
    let mut engine =
        given(Settings { strategy: ConsumerStrategy::DispatchToSingle, ..settings() }, &[(A, 2), (B, 2)], 3);
    assert_eq!(sent(&mut engine, START), [(A, 0, 0), (A, 1, 0), (B, 2, 0)]);
    engine.ack(id(0));
    engine.offer(3, event(3));
    assert_eq!(sent(&mut engine, START), [(B, 3, 0)], "the last one goes on");
}

#[test]
fn pinned_keeps_a_stream_with_its_consumer() {
    let pinned = Settings { strategy: ConsumerStrategy::Pinned, ..settings() };
    let mut engine = given(pinned, &[(A, 1), (B, 10), (ConsumerId(3), 10)], 9);
    let mut whose = [None; 3];
    for round in 0..9 {
        for (consumer, place, _) in sent(&mut engine, START) {
            let pin = whose[(place % 3) as usize].get_or_insert(consumer);
            assert_eq!(*pin, consumer, "event {place} in round {round}");
            engine.ack(id(place));
        }
    }
    assert_eq!(
        engine.all_changes(START).checkpoint,
        Some(9),
        "a full consumer holds up its own streams only"
    );
}

#[test]
fn pinned_by_correlation_looks_at_the_metadata() {
    let pinned = Settings { strategy: ConsumerStrategy::PinnedByCorrelation, ..settings() };
    let mut engine = given(pinned, &[(A, 10), (B, 10)], 0);
    for place in 0..9 {
        let metadata = Bytes::from_static(br#"{"$correlationId":"one"}"#);
        engine.offer(place, RecordedEvent { metadata, ..event(place) });
    }
    let to: HashSet<ConsumerId> =
        sent(&mut engine, START).into_iter().map(|(consumer, ..)| consumer).collect();
    assert_eq!(to.len(), 1);
}

#[test]
fn retried_goes_before_new_and_counts_up_until_it_is_parked() {
    let mut engine = given(settings(), &[(A, 1)], 2);
    for retries in 0..=2 {
        assert_eq!(sent(&mut engine, START), [(A, 0, retries)]);
        engine.nack(A, id(0), Refusal::Retry, "");
    }
    assert_eq!(sent(&mut engine, START), [(A, 1, 0)]);
    let changes = engine.changes(START);
    assert_eq!(changes.parked[0].event, id(0));
    assert_eq!(changes.parked[0].reason, "retried too often");
    assert_eq!(changes.checkpoint, Some(1), "stored together, so that neither is lost");
}

#[test]
fn what_is_not_answered_in_time_is_sent_again() {
    let mut engine = given(settings(), &[(A, 1)], 1);
    sent(&mut engine, START);
    assert_eq!(engine.next_moment(), Some(Moment::from_secs(1)));
    engine.expire(Moment::from_millis(999));
    assert_eq!(sent(&mut engine, START), []);
    engine.expire(Moment::from_secs(1));
    assert_eq!(sent(&mut engine, LATER), [(A, 0, 1)]);
    let forever = Settings { message_timeout_ms: 0, ..settings() };
    let mut engine = given(forever, &[(A, 1)], 1);
    sent(&mut engine, START);
    assert_eq!(engine.next_moment(), None);
}

#[test]
fn a_late_ack_counts_wherever_the_event_is_by_then() {
    let mut engine = given(settings(), &[(A, 1), (B, 1)], 1);
    sent(&mut engine, START);
    engine.expire(LATER);
    engine.ack(id(0));
    assert_eq!(sent(&mut engine, LATER), [], "acked while it waited");

    let mut engine = given(settings(), &[(A, 1), (B, 1)], 1);
    sent(&mut engine, START);
    engine.expire(LATER);
    assert_eq!(sent(&mut engine, LATER), [(B, 0, 1)]);
    engine.ack(id(0));
    engine.nack(B, id(0), Refusal::Retry, "");
    assert_eq!(sent(&mut engine, LATER), [], "acked while another had it");
}

#[test]
fn what_was_never_sent_or_is_with_another_cannot_be_answered() {
    let mut engine = given(settings(), &[(A, 1), (B, 1)], 3);
    sent(&mut engine, START);
    engine.ack(id(2));
    engine.ack(id(77));
    engine.nack(B, id(0), Refusal::Skip, "");
    engine.leave(A);
    engine.leave(B);
    assert!(engine.join(A, 9));
    assert_eq!(sent(&mut engine, START), [(A, 0, 1), (A, 1, 1), (A, 2, 0)]);
}

#[test]
fn skipped_and_parked_are_settled() {
    let mut engine = given(settings(), &[(A, 9)], 3);
    sent(&mut engine, START);
    engine.nack(A, id(0), Refusal::Skip, "");
    engine.nack(A, id(1), Refusal::Park, "odd");
    let changes = engine.changes(START);
    assert_eq!((changes.parked[0].reason.as_str(), changes.parked.len()), ("odd", 1));
    assert_eq!(changes.checkpoint, Some(2));
    engine.leave(A);
    assert!(engine.join(B, 9));
    assert_eq!(sent(&mut engine, START), [(B, 2, 1)]);
}

#[test]
fn the_checkpoint_waits_for_the_first_unsettled() {
    let mut engine = given(settings(), &[(A, 9)], 6);
    sent(&mut engine, START);
    for place in 1..6 {
        engine.ack(id(place));
    }
    assert!(engine.changes(LATER).is_empty());
    engine.ack(id(0));
    assert_eq!(engine.changes(START).checkpoint, Some(6), "more than the greatest number: at once");
}

#[test]
fn the_checkpoint_is_stored_by_number_and_age() {
    let mut engine = given(settings(), &[(A, 9)], 9);
    sent(&mut engine, START);
    engine.ack(id(0));
    assert!(engine.changes(LATER).is_empty(), "old enough, but too few");
    engine.ack(id(1));
    assert!(engine.changes(START).is_empty(), "enough, but too young");
    assert_eq!(engine.next_moment(), Some(Moment::from_secs(1)), "the time-out comes first");
    assert_eq!(engine.changes(LATER).checkpoint, Some(2));
    engine.ack(id(2));
    assert_eq!(engine.all_changes(LATER).checkpoint, Some(3), "at the end, whatever the number");
}

#[test]
fn what_does_not_match_moves_the_checkpoint() {
    let mut engine = given(settings(), &[(A, 9)], 1);
    for place in 1..9 {
        engine.passed(place);
    }
    assert!(engine.all_changes(LATER).is_empty(), "never beyond an unsettled event");
    sent(&mut engine, START);
    engine.ack(id(0));
    assert_eq!(engine.changes(LATER).checkpoint, Some(9));
}

#[test]
fn replayed_stays_parked_until_it_is_settled() {
    let mut engine = Engine::new(settings(), 5, HashSet::from([id(1), id(2)]));
    assert!(!engine.has_room(), "nothing is replayed to nobody");
    assert!(engine.join(A, 9));
    for place in [1, 1, 2, 3] {
        engine.replay(event(place));
    }
    assert_eq!(sent(&mut engine, START), [(A, 1, 0), (A, 2, 0)], "each once, and what is parked alone");
    assert!(engine.changes(START).is_empty());
    engine.ack(id(1));
    engine.nack(A, id(2), Refusal::Park, "still odd");
    let changes = engine.changes(START);
    assert_eq!(changes.settled, [id(1)]);
    assert_eq!(changes.parked[0].event, id(2));
    assert_eq!(changes.checkpoint, None);
    assert_eq!(engine.counts().parked, 1);
}

#[test]
fn an_event_parked_before_a_crash_is_not_sent_as_new() {
    let mut engine = Engine::new(settings(), 0, HashSet::from([id(1)]));
    assert!(engine.join(A, 9));
    for place in 0..3 {
        engine.offer(place, event(place));
    }
    assert_eq!(sent(&mut engine, START), [(A, 0, 0), (A, 2, 0)]);

    let mut engine = Engine::new(settings(), 0, HashSet::from([id(0)]));
    assert!(engine.join(A, 9));
    engine.replay(event(0));
    assert_eq!(sent(&mut engine, START), [(A, 0, 0)]);
    engine.ack(id(0));
    engine.offer(0, event(0));
    assert_eq!(
        sent(&mut engine, START),
        [],
        "nor when it was replayed and settled before reading came to it"
    );
}

#[test]
fn consumers_are_numbered_and_the_buffer_is_bounded() {
    let mut engine = given(Settings { max_subscribers: 1, ..settings() }, &[(A, 1)], 10);
    assert!(!engine.join(B, 1), "as the settings say");
    assert!(!engine.wants_new(), "the buffer is full");
    engine.leave(A);
    assert!(engine.join(B, 1));
    let mut engine = given(settings(), &[], 0);
    assert!(!engine.wants_new(), "nobody is there");
    for consumer in 0..64 {
        assert!(engine.join(ConsumerId(consumer), 1));
    }
    assert!(!engine.join(ConsumerId(64), 1), "whatever the settings say");
}

#[test]
fn large_events_fill_the_buffer_by_their_bytes() {
    let mut engine = given(settings(), &[(A, 1)], 0);
    for place in 0..4 {
        assert!(engine.wants_new());
        engine.offer(place, RecordedEvent { data: vec![0; MAX_HELD_BYTES / 4].into(), ..event(place) });
    }
    assert!(!engine.wants_new());
}

#[test]
fn no_event_is_read_that_could_not_be_parked() {
    let parked = (1_000..1_000 + MAX_PARKED as u64 - 2).map(id).collect();
    let mut engine = Engine::new(settings(), 0, parked);
    assert!(engine.join(A, 9));
    for place in 0..2 {
        assert!(engine.wants_new());
        engine.offer(place, event(place));
    }
    assert!(!engine.wants_new());
    sent(&mut engine, START);
    engine.nack(A, id(0), Refusal::Park, "");
    engine.nack(A, id(1), Refusal::Park, "");
    assert_eq!(engine.counts().parked, MAX_PARKED);
    engine.replay(event(0));
    sent(&mut engine, START);
    engine.ack(id(0));
    assert!(engine.wants_new(), "goes on when a parked event is settled");
}
