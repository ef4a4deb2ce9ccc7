//! Gives what is wrong with a session its name.

use super::chain::{Break, Order, order};
use super::lane::{LaneKey, is_due, is_terminal, told_time};
use super::{Finding, Kind, is_awaited};
use crate::event_log::RecordedEvent;
use crate::receipts::is_signed_by;
use liveness_events::receipt::{PublicKey, SignedReceipt};
use liveness_events::stored::Stored as _;
use liveness_events::{Digest, Timestamp, metadata, stream};
use std::collections::{BTreeMap, BTreeSet};

/// What was found of one lane.
#[derive(Default)]
pub(super) struct Diagnosis {
    pub(super) findings: Vec<Finding>,
    pub(super) receipts: u64,
    pub(super) receipts_awaited: u64,
}

/// Looks at all streams of a lane. `disorder` is the event at which the order of the log was wrong, where it was.
pub(super) fn diagnose(
    key: &LaneKey,
    streams: &BTreeMap<String, Vec<RecordedEvent>>,
    keys: &[PublicKey],
    now: Timestamp,
    disorder: Option<(String, u64)>,
) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let none = Vec::new();
    let of = |name: &str| streams.get(name).unwrap_or(&none);
    match key {
        LaneKey::Stream(name) => diagnosis.look_at(name, of(name), &BTreeMap::new()),
        LaneKey::Session(id) => {
            let [session, deliveries, receipts] =
                [stream::session(*id), stream::deliveries(*id), stream::receipts(*id)];
            let anchors = diagnosis.check_receipts(&receipts, of(&receipts), keys);
            diagnosis.look_at(&receipts, of(&receipts), &BTreeMap::new());
            diagnosis.look_at(&deliveries, of(&deliveries), &BTreeMap::new());
            diagnosis.look_at(&session, of(&session), &anchors);
            diagnosis.look_for_the_end(&session, of(&session), &anchors, !of(&deliveries).is_empty(), now);
        }
    }
    if diagnosis.findings.is_empty()
        && let Some((name, revision)) = disorder
    {
        let evidence = "the stream is whole, but the log has its events in another order".to_owned();
        diagnosis.find(&name, revision, Kind::EventsSwapped, evidence);
    }
    // What is known of an event by its receipt says more than that its chain is broken, and stands before it.
    let mut seen = BTreeSet::new();
    diagnosis.findings.retain(|finding| seen.insert((finding.stream.clone(), finding.revision)));
    diagnosis
}

impl Diagnosis {
    fn find(&mut self, stream: &str, revision: u64, kind: Kind, evidence: String) {
        self.findings.push(Finding {
            stream: Some(stream.to_owned()),
            revision: Some(revision),
            kind,
            evidence,
        });
    }

    /// Checks signatures, and gives the hashes that those vouch for which are right.
    fn check_receipts(
        &mut self,
        name: &str,
        events: &[RecordedEvent],
        keys: &[PublicKey],
    ) -> BTreeMap<u64, Digest> {
        let mut anchors = BTreeMap::new();
        for event in events {
            let signed = match SignedReceipt::decode_recorded(event) {
                Ok(signed) => signed,
                Err(error) => {
                    let evidence = format!("it is no receipt: {error}");
                    self.find(name, event.revision, Kind::ReceiptForged, evidence);
                    continue;
                }
            };
            let receipt = &signed.receipt;
            let Some(key) = keys.iter().find(|key| key.id() == receipt.key_id) else {
                let evidence = format!("key {} is not among those that are trusted", receipt.key_id);
                self.find(name, event.revision, Kind::ReceiptForged, evidence);
                continue;
            };
            if !is_signed_by(&signed, key) {
                let evidence = format!("the signature is not that of key {}", receipt.key_id);
                self.find(name, event.revision, Kind::ReceiptForged, evidence);
            } else if stream::receipts(receipt.session) != name {
                let evidence = format!("it was signed for {}", stream::session(receipt.session));
                self.find(name, event.revision, Kind::ReceiptOfAnotherSession, evidence);
            } else {
                self.receipts += 1;
                anchors.insert(receipt.revision, receipt.head);
            }
        }
        anchors
    }

    /// Looks at one stream, as its chain and the receipts for it tell.
    fn look_at(&mut self, name: &str, events: &[RecordedEvent], anchors: &BTreeMap<u64, Digest>) {
        let order = order(events, anchors);
        for placed in order.placed.iter().filter(|placed| placed.hash.is_none()) {
            let why =
                metadata::hash_of(placed.event).err().map_or_else(String::new, |why| format!(": {why}"));
            let evidence = format!("nothing that the service records reads like it{why}");
            self.find(name, placed.event.revision, Kind::EventAltered, evidence);
        }
        let unvouched = order.breaks.iter().filter(|at| !at.vouched).count();
        for at in &order.breaks {
            self.name_break(name, &order, at, anchors, unvouched);
        }
        for stranger in &order.strangers {
            let evidence = "no event follows from it, and those around it follow from each other".to_owned();
            self.find(name, stranger.revision, Kind::EventInserted, evidence);
        }
        self.name_moves(name, &order);
        for (revision, head) in anchors {
            let signed = order.placed.iter().find(|placed| placed.original == *revision);
            if let Some(placed) = signed.filter(|placed| placed.hash != Some(*head)) {
                let evidence =
                    "the receipt was signed for another event at this revision: this one, or the chain \
                                up to it, was written anew"
                        .to_owned();
                self.find(name, placed.event.revision, Kind::EventAltered, evidence);
            }
        }
    }

    /// Says which of the events around a break was altered, or that some are missing or too many.
    fn name_break(
        &mut self,
        name: &str,
        order: &Order<'_>,
        at: &Break,
        anchors: &BTreeMap<u64, Digest>,
        unvouched: usize,
    ) {
        let behind = &order.placed[at.behind];
        let before = at.behind.checked_sub(1).map(|index| &order.placed[index]);
        let original = behind.original;
        if original > at.expected {
            let (first, last) = (at.expected, original - 1);
            let which = if first == last {
                format!("revision {first} is")
            } else {
                format!("revisions {first} to {last} are")
            };
            let evidence = format!("{which} missing: what stands there was recorded at revision {original}");
            return self.find(name, first, Kind::EventRemoved, evidence);
        }
        if original < at.expected {
            let evidence =
                format!("what stands behind it was recorded at revision {original}: one event is too many");
            let revision = before.map_or(0, |before| before.event.revision);
            return self.find(name, revision, Kind::EventInserted, evidence);
        }
        let Some(before) = before else {
            let evidence = "it is the first event and says that it follows another".to_owned();
            return self.find(name, behind.event.revision, Kind::EventAltered, evidence);
        };
        if before.hash.is_none() {
            // It has its finding, and what follows from it cannot be told.
            return;
        }
        let before_is_signed = anchors.get(&before.original) == before.hash.as_ref();
        if at.vouched && !before_is_signed {
            let evidence = "the event after it, which is whole, names another hash".to_owned();
            return self.find(name, before.event.revision, Kind::EventAltered, evidence);
        }
        if before_is_signed && !at.vouched && !anchors.contains_key(&original) {
            let evidence =
                "the event before it is as its receipt says, and it does not follow from that".to_owned();
            return self.find(name, behind.event.revision, Kind::EventInserted, evidence);
        }
        // The next break, where there is one, tells that it was the event behind this one.
        let told_by_next = order.breaks.iter().any(|next| next.behind == at.behind + 1 && next.vouched);
        if !told_by_next {
            let evidence = if before_is_signed || unvouched > 1 {
                "it does not follow from the event before it".to_owned()
            } else {
                format!(
                    "it does not follow from revision {}: one of the two was altered",
                    before.event.revision
                )
            };
            self.find(name, behind.event.revision, Kind::EventAltered, evidence);
        }
    }

    /// Names the events that stand in each other's place.
    fn name_moves(&mut self, name: &str, order: &Order<'_>) {
        let mut places: Vec<usize> = order.placed.iter().map(|placed| placed.index).collect();
        places.sort_unstable();
        let misplaced: Vec<_> =
            order.placed.iter().zip(&places).filter(|(placed, place)| placed.index != **place).collect();
        for (placed, place) in &misplaced {
            let other = misplaced.iter().find(|(other, _)| other.index == **place);
            let Some((other, at)) = other else { continue };
            if **at != placed.index {
                let evidence = format!("it was recorded at revision {}", placed.original);
                self.find(name, placed.event.revision, Kind::EventsSwapped, evidence);
            } else if placed.original < other.original {
                let (first, second) = (placed.original, other.original);
                let evidence = format!("those of revisions {first} and {second} stand in each other's place");
                self.find(name, first, Kind::EventsSwapped, evidence);
            }
        }
    }

    /// Sees that the session is there up to its end, and that its end has a receipt.
    fn look_for_the_end(
        &mut self,
        name: &str,
        events: &[RecordedEvent],
        anchors: &BTreeMap<u64, Digest>,
        was_told: bool,
        now: Timestamp,
    ) {
        let order = order(events, anchors);
        let next = order.placed.last().map_or(0, |last| last.original + 1);
        let ends = order.placed.iter().position(|placed| is_terminal(placed.event));
        if let Some(signed) = anchors.keys().next_back().copied().filter(|signed| *signed >= next) {
            let evidence =
                format!("a receipt was signed for revision {signed}, and the stream ends before {next}");
            self.find(name, next, Kind::TailCut, evidence);
        } else if was_told && ends.is_none() {
            let evidence = "a webhook told of its end, and the end is not there".to_owned();
            self.find(name, next, Kind::TailCut, evidence);
        }
        for (index, placed) in order.placed.iter().enumerate() {
            if ends.is_some_and(|end| index > end) && placed.event.event_type != "ImagesErased" {
                let evidence = "the session had ended before it".to_owned();
                self.find(name, placed.event.revision, Kind::EventInserted, evidence);
            }
            if !is_due(placed.event) || anchors.contains_key(&placed.original) {
                continue;
            }
            if is_awaited(told_time(placed.event), now) {
                self.receipts_awaited = 1;
            } else {
                let evidence = format!("no receipt was signed for {}", placed.event.event_type);
                self.find(name, placed.event.revision, Kind::ReceiptMissing, evidence);
            }
        }
    }
}
