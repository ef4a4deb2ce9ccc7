//! Receipts: what is signed when a session ends, and again when its images are erased. Who holds a receipt and the public
//! key can tell that the session's events up to that moment are still the same, whoever keeps the log.

use crate::session::{ModelUsed, SessionEvent};
use crate::verdict::{PolicyVersion, Reason, Verdict};
use crate::{Digest, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A public Ed25519 key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its 32 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From the `x` of a JWK: base64url without padding.
    #[must_use]
    pub fn from_base64url(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The `x` of its JWK.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its name: the JWK thumbprint (RFC 7638), the SHA-256 of the members that make it, in their order.
    #[must_use]
    pub fn id(&self) -> String {
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.to_base64url());
        URL_SAFE_NO_PAD.encode(Digest::of(members.as_bytes()).as_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64url())
    }
}

/// A public key as RFC 8037 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub struct Jwk {
    pub kty: String,
    pub crv: String,
    pub x: String,
    pub kid: String,
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        Self { kty: "OKP".into(), crv: "Ed25519".into(), x: key.to_base64url(), kid: key.id() }
    }
}

/// A set of public keys, as `/.well-known/liveness-keys.json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The keys that receipts can be checked with; those of another kind are passed over.
    pub fn ed25519(&self) -> impl Iterator<Item = PublicKey> + '_ {
        let ours = |jwk: &&Jwk| jwk.kty == "OKP" && jwk.crv == "Ed25519";
        self.keys.iter().filter(ours).filter_map(|jwk| PublicKey::from_base64url(&jwk.x))
    }
}

/// A public key was made known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAnnounced {
    /// When.
    pub at: Timestamp,
    /// The key.
    pub key: PublicKey,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With a verdict.
    Complete,
    /// Its link could no longer be used.
    Expired,
    /// Somebody called it off.
    Cancelled,
}

/// What a verdict came to, without how.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Policy that judged.
    pub policy: PolicyVersion,
    /// Whether the check was passed.
    pub passed: bool,
    /// 0 to 100, one decimal.
    pub confidence: f64,
    /// The check's threshold.
    pub threshold: u8,
    /// Why the confidence is low.
    pub reasons: Vec<Reason>,
    /// Networks that measured.
    pub models: Vec<ModelUsed>,
}

/// What a session had come to at one of its events.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// How it ended.
    pub end: End,
    /// What was found, where it was scored.
    pub found: Option<Found>,
    /// Hashes of the images that were erased; none as long as they are kept, or where there were none.
    pub erased: Vec<Digest>,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// When it was signed.
    pub at: Timestamp,
    /// Name of the key that signs.
    pub key_id: String,
    /// The session.
    pub session: Uuid,
    /// Revision of the event at which the session stood.
    pub revision: u64,
    /// Hash of that event, and through the chain of all before it.
    pub head: Digest,
    /// What the session had come to.
    pub summary: Summary,
}

/// A receipt and the signature over [`Receipt::signing_bytes`].
#[derive(Debug, Clone, PartialEq)]
pub struct SignedReceipt {
    /// What is signed.
    pub receipt: Receipt,
    /// 64 bytes of Ed25519.
    pub signature: [u8; 64],
}

impl Receipt {
    /// The bytes that are signed: the canonical JSON (RFC 8785) of the receipt as it is stored.
    ///
    /// # Errors
    /// Only where it cannot be written as JSON, which no receipt is.
    pub fn signing_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        crate::stored::signing_bytes(self)
    }
}

/// Whether a receipt is due at this event.
#[must_use]
pub const fn is_due(event: &SessionEvent) -> bool {
    event.is_terminal() || matches!(event, SessionEvent::ImagesErased { .. })
}

/// What these events, a session's first ones up to one at which a receipt is due, had come to; none where it has not ended.
#[must_use]
pub fn summary(events: &[SessionEvent]) -> Option<Summary> {
    let (end, found) = events.iter().find_map(|event| match event {
        SessionEvent::Completed { policy, verdict, models, .. } => {
            Some((End::Complete, Some(found(*policy, verdict, models))))
        }
        SessionEvent::Expired { .. } => Some((End::Expired, None)),
        SessionEvent::Cancelled { .. } => Some((End::Cancelled, None)),
        _ => None,
    })?;
    let erased = events.iter().filter_map(|event| match event {
        SessionEvent::ImagesErased { images, .. } => Some(images.iter().copied()),
        _ => None,
    });
    Some(Summary { end, found, erased: erased.flatten().collect() })
}

fn found(policy: PolicyVersion, verdict: &Verdict, models: &[ModelUsed]) -> Found {
    Found {
        policy,
        passed: verdict.passed,
        confidence: verdict.confidence,
        threshold: verdict.threshold,
        reasons: verdict.reasons.clone(),
        models: models.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_name_that_rfc_8037_gives_it() {
        // Appendix A.2 and A.3.
        let key = PublicKey::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let set = JwkSet { keys: vec![Jwk { kty: "RSA".into(), ..key.into() }, key.into()] };
        assert_eq!(set.ed25519().collect::<Vec<_>>(), [key]);
    }
}
