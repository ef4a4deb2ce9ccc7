//! What is kept of one session while the log passes by.

use super::is_awaited;
use crate::event_log::RecordedEvent;
use crate::receipts::is_signed_by;
use liveness_events::metadata::Chain;
use liveness_events::receipt::{PublicKey, SignedReceipt};
use liveness_events::stored::Stored as _;
use liveness_events::{Digest, Timestamp, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session with its deliveries and receipts, or a stream that belongs to none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum LaneKey {
    Session(Uuid),
    Stream(String),
}

impl LaneKey {
    pub(super) fn of(name: &str) -> Self {
        stream::any_session_id(name).map_or_else(|| Self::Stream(name.to_owned()), Self::Session)
    }

    /// Names of its streams, the one of the session first.
    pub(super) fn streams(&self) -> Vec<String> {
        match self {
            Self::Session(id) => vec![stream::session(*id), stream::deliveries(*id), stream::receipts(*id)],
            Self::Stream(name) => vec![name.clone()],
        }
    }
}

/// An event at which a receipt is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Due {
    pub(super) revision: u64,
    pub(super) hash: Digest,
    /// When it happened; none where the event does not tell, and its receipt is not waited for.
    pub(super) at: Option<Timestamp>,
}

/// Whether an event of a session calls for a receipt, by its type: what its data says cannot talk it out of one.
pub(super) fn is_due(event: &RecordedEvent) -> bool {
    is_terminal(event) || event.event_type == "ImagesErased"
}

/// When an event says that it happened; none where that cannot be read.
pub(super) fn told_time(event: &RecordedEvent) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct At {
        at: Timestamp,
    }
    serde_json::from_slice::<At>(&event.data).ok().map(|body| body.at)
}

pub(super) fn is_terminal(event: &RecordedEvent) -> bool {
    matches!(&*event.event_type, "SessionCompleted" | "SessionExpired" | "SessionCancelled")
}

/// Where the chains of a lane are, and what of it is not covered by a receipt.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Lane {
    session: Chain,
    deliveries: Chain,
    receipts: Chain,
    ended: bool,
    due: Vec<Due>,
    /// Something is wrong; what exactly, a second look will tell.
    wrong: bool,
    /// The first event that did not follow from the one before.
    disorder: Option<(String, u64)>,
}

/// What an event was.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The first one of its stream.
    pub(super) is_new: bool,
    /// A receipt that is right.
    pub(super) is_receipt: bool,
    /// When it happened, where that matters to the receipts.
    pub(super) at: Option<Timestamp>,
}

impl Lane {
    pub(super) fn take(&mut self, event: &RecordedEvent, keys: &[PublicKey]) -> Taken {
        let of_receipts =
            event.stream.starts_with(stream::RECEIPT_PREFIX) && event.stream != stream::RECEIPT_KEYS;
        let chain = if of_receipts {
            &mut self.receipts
        } else if event.stream.starts_with(stream::DELIVERY_PREFIX) {
            &mut self.deliveries
        } else {
            &mut self.session
        };
        let mut taken = Taken { is_new: chain.is_empty(), ..Taken::default() };
        let hash = match chain.follow(event) {
            Ok(hash) => hash,
            Err(_) => {
                self.wrong = true;
                self.disorder.get_or_insert_with(|| (event.stream.clone(), event.revision));
                return taken;
            }
        };
        if of_receipts {
            let signed = SignedReceipt::decode_recorded(event).ok();
            taken.at = signed.as_ref().map(|signed| signed.receipt.at);
            taken.is_receipt = signed.is_some_and(|signed| self.cover(&event.stream, &signed, keys));
            self.wrong |= !taken.is_receipt;
        } else if event.stream.starts_with(stream::SESSION_PREFIX) {
            self.wrong |= self.ended && event.event_type != "ImagesErased";
            self.ended |= is_terminal(event);
            if is_due(event) {
                taken.at = told_time(event);
                self.due.push(Due { revision: event.revision, hash, at: taken.at });
            }
        }
        taken
    }

    /// Takes a receipt; tells whether it is right.
    fn cover(&mut self, name: &str, signed: &SignedReceipt, keys: &[PublicKey]) -> bool {
        let receipt = &signed.receipt;
        let covered = self.due.iter().position(|due| {
            (due.revision, due.hash) == (receipt.revision, receipt.head)
                && name == stream::receipts(receipt.session)
        });
        let Some(covered) = covered else { return false };
        self.due.remove(covered);
        keys.iter().any(|key| key.id() == receipt.key_id && is_signed_by(signed, key))
    }

    /// Whether there is something to look into, or a receipt to come.
    pub(super) fn is_open(&self) -> bool {
        self.is_wrong() || !self.due.is_empty()
    }

    /// A session of which there is nothing but a delivery or a receipt, or a delivery and no end, has lost something.
    fn is_wrong(&self) -> bool {
        self.wrong || self.session.is_empty() || (!self.deliveries.is_empty() && !self.ended)
    }

    /// Whether all that is open is a receipt to come.
    pub(super) fn is_awaiting(&self, now: Timestamp) -> bool {
        !self.is_wrong() && self.due.iter().all(|due| is_awaited(due.at, now))
    }

    pub(super) fn disorder(&self) -> Option<(String, u64)> {
        self.disorder.clone()
    }
}
