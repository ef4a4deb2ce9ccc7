//! Signs receipts, checks them, and keeps the key that signs.

use crate::clock::Clock;
use crate::event_log::{AppendError, EventLog};
use crate::journal::{self, Head, WriteError};
use anyhow::Context as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use liveness_events::metadata::{self, Chain};
use liveness_events::receipt::{self, KeyAnnounced, PublicKey, Receipt, SignedReceipt};
use liveness_events::session::SessionEvent;
use liveness_events::stored::Stored as _;
use liveness_events::{RecordedEvent, stream};
use std::sync::Arc;
use uuid::Uuid;

/// Times that an append is tried again because another node was faster.
const MAX_CONFLICTS: u32 = 4;

/// The key that signs receipts. It does not print.
#[derive(Clone)]
pub struct ReceiptKey(Arc<Ed25519KeyPair>);

impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReceiptKey").field(&self.public().id()).finish()
    }
}

impl ReceiptKey {
    /// The key of this seed, the 32 bytes that RFC 8032 calls the private key.
    ///
    /// # Errors
    /// When the library does not take it.
    pub fn from_seed(seed: &[u8; 32]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).context("the key for receipts is not usable")?;
        Ok(Self(Arc::new(pair)))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey::new(bytes)
    }

    /// Signs a receipt.
    ///
    /// # Errors
    /// Only where it cannot be written as JSON, which no receipt is.
    pub fn sign(&self, receipt: Receipt) -> Result<SignedReceipt, serde_json::Error> {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.0.sign(&receipt.signing_bytes()?).as_ref());
        Ok(SignedReceipt { receipt, signature })
    }
}

/// Whether the signature is this key's over this receipt.
#[must_use]
pub fn is_signed_by(signed: &SignedReceipt, key: &PublicKey) -> bool {
    let Ok(bytes) = signed.receipt.signing_bytes() else { return false };
    UnparsedPublicKey::new(&ED25519, key.as_bytes()).verify(&bytes, &signed.signature).is_ok()
}

/// Records the public key in the log where it is not there yet, so that every node shows it.
///
/// # Errors
/// When the log cannot be read or written.
pub async fn announce(log: &dyn EventLog, clock: &Clock, key: &ReceiptKey) -> anyhow::Result<()> {
    let announced = KeyAnnounced { at: clock.now(), key: key.public() };
    for _ in 0..MAX_CONFLICTS {
        let (known, head) = journal::load::<KeyAnnounced>(log, stream::RECEIPT_KEYS).await?;
        if known.iter().any(|known| known.key == announced.key) {
            return Ok(());
        }
        let event = std::slice::from_ref(&announced);
        // The keys are one aggregate, and it is nobody's session: its correlation is nil.
        match journal::append(log, stream::RECEIPT_KEYS, head, Uuid::nil(), Uuid::new_v4(), event).await {
            Ok(_) => return Ok(()),
            Err(WriteError::Append(AppendError::WrongExpectedRevision { .. })) => {}
            Err(error) => return Err(error).context("the public key for receipts could not be recorded"),
        }
    }
    anyhow::bail!("others announce keys for receipts all the time")
}

/// Why a session's receipts could not be written. Reading its stream again would give the same.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What would be signed is not what was recorded.
    #[error("its hash chain is broken, and nothing broken is signed: {0}: run `liveness verify`")]
    Broken(#[from] metadata::Broken),
    /// An event is not known to this version.
    #[error(transparent)]
    Unreadable(#[from] liveness_events::stored::Unreadable),
}

/// Writes the receipts that a session lacks, one for each event at which one is due, and tells the position of the last;
/// none where nothing was lacking. Another node may do so at the same moment: the log takes the receipts of one.
///
/// # Errors
/// [`Refused`] for a session that nothing can be signed of; else when the log cannot be read or written.
pub async fn complete(
    log: &dyn EventLog,
    clock: &Clock,
    key: &ReceiptKey,
    session: Uuid,
) -> anyhow::Result<Option<u64>> {
    let recorded = journal::read(log, &stream::session(session)).await?;
    let receipts = stream::receipts(session);
    for _ in 0..MAX_CONFLICTS {
        let (written, head) = journal::load::<SignedReceipt>(log, &receipts).await?;
        let lacking = lacking(clock, key, session, &recorded, &written)?;
        let Some(last) = lacking.last() else { return Ok(position_of(head)) };
        let signed_event = usize::try_from(last.receipt.revision).ok().and_then(|index| recorded.get(index));
        let causation = signed_event.map_or(session, |event| event.id);
        match journal::append(log, &receipts, head, session, causation, &lacking).await {
            Ok(head) => return Ok(Some(head.position)),
            Err(WriteError::Append(AppendError::WrongExpectedRevision { .. })) => {}
            Err(error) => return Err(error).context("the receipt could not be recorded"),
        }
    }
    anyhow::bail!("others write the receipts of session {session} all the time")
}

/// Nothing was lacking: somebody else wrote it, and the views need only pass that.
fn position_of(head: Head) -> Option<u64> {
    head.revision.map(|_| head.position)
}

fn lacking(
    clock: &Clock,
    key: &ReceiptKey,
    session: Uuid,
    recorded: &[RecordedEvent],
    written: &[SignedReceipt],
) -> anyhow::Result<Vec<SignedReceipt>> {
    let mut chain = Chain::default();
    let mut events = Vec::with_capacity(recorded.len());
    let mut lacking = Vec::new();
    for event in recorded {
        let head = chain.follow(event).map_err(Refused::from)?;
        events.push(SessionEvent::decode_recorded(event).map_err(Refused::from)?);
        let due = events.last().is_some_and(receipt::is_due);
        if !due || written.iter().any(|signed| signed.receipt.revision == event.revision) {
            continue;
        }
        if let Some(summary) = receipt::summary(&events) {
            let (at, key_id, revision) = (clock.now(), key.public().id(), event.revision);
            lacking.push(key.sign(Receipt { at, key_id, session, revision, head, summary })?);
        }
    }
    Ok(lacking)
}

#[cfg(test)]
mod tests;
