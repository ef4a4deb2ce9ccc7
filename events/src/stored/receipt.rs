//! Receipts are stored in canonical form, so that who reads one sees the very text that was signed.

use super::{Unreadable, body, malformed, unknown, version, versioned};
use crate::receipt::{End, Found, KeyAnnounced, PublicKey, Receipt, SignedReceipt, Summary};
use crate::session::ModelUsed;
use crate::stream;
use crate::verdict::{PolicyVersion, Reason};
use crate::{Digest, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

const SIGNED: &str = "ReceiptSigned";
const ANNOUNCED: &str = "ReceiptKeyAnnounced";
/// Stands in every receipt, so that nothing else that a key may ever sign can be taken for one.
const PURPOSE: &str = "liveness-receipt";

#[derive(Serialize, Deserialize)]
struct ReceiptSignedV1 {
    receipt: ReceiptV1,
    signature: String,
}

/// Unknown fields are refused: all that stands in a receipt is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptV1 {
    purpose: String,
    at: Timestamp,
    key_id: String,
    stream: String,
    revision: u64,
    head_sha256: Digest,
    end: End,
    verdict: Option<VerdictV1>,
    erased_sha256: Vec<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerdictV1 {
    policy: PolicyVersion,
    passed: bool,
    confidence: f64,
    threshold: u8,
    reasons: Vec<Reason>,
    models: Vec<ModelUsed>,
}

#[derive(Serialize, Deserialize)]
struct ReceiptKeyAnnouncedV1 {
    at: Timestamp,
    key_id: String,
    ed25519: String,
}

pub(crate) fn signing_bytes(receipt: &Receipt) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(&ReceiptV1::from(receipt.clone()))
}

pub(super) fn encode(signed: &SignedReceipt) -> Result<(&'static str, Bytes), serde_json::Error> {
    let receipt = ReceiptV1::from(signed.receipt.clone());
    let stored = ReceiptSignedV1 { receipt, signature: hex::encode(signed.signature) };
    let (event_type, data) = versioned(SIGNED, 1, &stored)?;
    let data: serde_json::Value = serde_json::from_slice(&data)?;
    Ok((event_type, serde_json_canonicalizer::to_vec(&data)?.into()))
}

pub(super) fn decode(event_type: &str, data: &[u8]) -> Result<SignedReceipt, Unreadable> {
    match (event_type, version(event_type, data)?) {
        (SIGNED, 1) => {
            let ReceiptSignedV1 { receipt, signature } = body(event_type, data)?;
            let mut bytes = [0; 64];
            hex::decode_to_slice(&signature, &mut bytes).map_err(|error| malformed(event_type, error))?;
            Ok(SignedReceipt { receipt: receipt.try_into()?, signature: bytes })
        }
        (_, version) => Err(unknown(event_type, version)),
    }
}

pub(super) fn encode_key(event: &KeyAnnounced) -> Result<(&'static str, Bytes), serde_json::Error> {
    let KeyAnnounced { at, key } = event;
    let stored = ReceiptKeyAnnouncedV1 { at: *at, key_id: key.id(), ed25519: key.to_base64url() };
    versioned(ANNOUNCED, 1, &stored)
}

pub(super) fn decode_key(event_type: &str, data: &[u8]) -> Result<KeyAnnounced, Unreadable> {
    match (event_type, version(event_type, data)?) {
        (ANNOUNCED, 1) => {
            let ReceiptKeyAnnouncedV1 { at, key_id, ed25519 } = body(event_type, data)?;
            let key = PublicKey::from_base64url(&ed25519)
                .filter(|key| key.id() == key_id)
                .ok_or_else(|| malformed(event_type, "key and name do not belong together"))?;
            Ok(KeyAnnounced { at, key })
        }
        (_, version) => Err(unknown(event_type, version)),
    }
}

impl From<Receipt> for ReceiptV1 {
    fn from(receipt: Receipt) -> Self {
        let Receipt { at, key_id, session, revision, head, summary: Summary { end, found, erased } } =
            receipt;
        let verdict = found.map(|found| {
            let Found { policy, passed, confidence, threshold, reasons, models } = found;
            VerdictV1 { policy, passed, confidence, threshold, reasons, models }
        });
        Self {
            purpose: PURPOSE.into(),
            at,
            key_id,
            stream: stream::session(session),
            revision,
            head_sha256: head,
            end,
            verdict,
            erased_sha256: erased,
        }
    }
}

impl TryFrom<ReceiptV1> for Receipt {
    type Error = Unreadable;

    fn try_from(stored: ReceiptV1) -> Result<Self, Unreadable> {
        if stored.purpose != PURPOSE {
            return Err(malformed(SIGNED, "it was signed for another purpose"));
        }
        let session = stream::session_id(&stored.stream)
            .ok_or_else(|| malformed(SIGNED, "it names no session's stream"))?;
        let found = stored.verdict.map(|verdict| {
            let VerdictV1 { policy, passed, confidence, threshold, reasons, models } = verdict;
            Found { policy, passed, confidence, threshold, reasons, models }
        });
        Ok(Self {
            at: stored.at,
            key_id: stored.key_id,
            session,
            revision: stored.revision,
            head: stored.head_sha256,
            summary: Summary { end: stored.end, found, erased: stored.erased_sha256 },
        })
    }
}
