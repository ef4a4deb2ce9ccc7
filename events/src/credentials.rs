//! Secrets by derivation: nothing secret needs a table.
//!
//! HMAC-SHA256 of a label and the session's id under one master key gives the token, the capture key and the webhook
//! secret. The log holds SHA-256 hashes of the first two and nothing of the third, so a reader of the log opens nothing.

use crate::Digest;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// Characters of a secret.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Length of a secret in characters: 190 bits.
pub const SECRET_CHARS: usize = 32;

/// The key from which all secrets of all sessions follow: 32 random bytes.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// A secret of 32 letters and digits. It prints as nothing in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The secrets of one session.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// What the backend polls with.
    pub token: Secret,
    /// What opens the camera: another one, so that a token in somebody's access log opens none.
    pub capture_key: Secret,
    /// What webhooks are signed with.
    pub webhook_secret: Secret,
}

impl MasterKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secrets of a session.
    #[must_use]
    pub fn credentials(&self, session: Uuid) -> Credentials {
        Credentials {
            token: self.derive("token", session),
            capture_key: self.derive("capture", session),
            webhook_secret: self.derive("webhook", session),
        }
    }

    /// The key under which the key of a session's images is wrapped.
    #[must_use]
    pub fn image_key(&self, session: Uuid) -> [u8; 32] {
        self.block("image-key", session, 0)
    }

    /// Whether this key is the one from which a session's token, whose hash is recorded, followed.
    #[must_use]
    pub fn fits(&self, session: Uuid, token: Digest) -> bool {
        self.credentials(session).token.digest() == token
    }

    fn derive(&self, label: &str, session: Uuid) -> Secret {
        let blocks = (0_u32..).flat_map(|counter| self.block(label, session, counter));
        // A byte of 248 or more is passed over, so that each character is as likely as the others.
        let usable = blocks.filter(|byte| usize::from(*byte) < ALPHABET.len() * 4);
        Secret(
            usable
                .take(SECRET_CHARS)
                .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
                .collect(),
        )
    }

    fn block(&self, label: &str, session: Uuid, counter: u32) -> [u8; 32] {
        // HMAC pads a short key with zeros to the hash's block of 64 bytes (RFC 2104).
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(label.as_bytes());
        mac.update(&[0]);
        mac.update(session.as_bytes());
        mac.update(&counter.to_be_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl Secret {
    /// Takes a secret that came from outside, where it has the shape of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let whole = text.len() == SECRET_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        whole.then(|| Self(text.into()))
    }

    /// The characters.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the log holds of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_its_own_and_always_the_same() {
        let master = MasterKey::new([7; 32]);
        let (one, again) = (master.credentials(Uuid::from_u128(1)), master.credentials(Uuid::from_u128(1)));
        let other = master.credentials(Uuid::from_u128(2));
        assert_eq!(one.token, again.token);
        let all = [&one.token, &one.capture_key, &one.webhook_secret, &other.token, &other.capture_key];
        for (i, secret) in all.iter().enumerate() {
            assert!(Secret::parse(secret.expose()).is_some());
            assert!(all[i + 1..].iter().all(|later| later != secret));
        }
        assert_ne!(MasterKey::new([8; 32]).credentials(Uuid::from_u128(1)).token, one.token);
    }

    #[test]
    fn image_keys_differ_by_session_and_by_master() {
        let (master, session) = (MasterKey::new([7; 32]), Uuid::from_u128(1));
        let key = master.image_key(session);
        assert_eq!(master.image_key(session), key);
        assert_ne!(master.image_key(Uuid::from_u128(2)), key);
        assert_ne!(MasterKey::new([8; 32]).image_key(session), key);
    }

    #[test]
    fn secrets_do_not_print() {
        let master = MasterKey::new([7; 32]);
        let printed = format!("{master:?} {:?}", master.credentials(Uuid::nil()));
        assert!(!printed.contains(master.credentials(Uuid::nil()).token.expose()), "{printed}");
    }
}
