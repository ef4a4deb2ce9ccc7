//! Sealing with AES-256-GCM.
//!
//! A sealed object is one byte of format, the nonce, the ciphertext and the tag. What it was sealed for is authenticated
//! with it, so that one object cannot stand in another's place.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use thiserror::Error;

/// Format of a sealed object: AES-256-GCM with a random nonce of 96 bits and a tag of 128.
const FORMAT: u8 = 1;
/// Bytes before the ciphertext.
const HEADER: usize = 1 + NONCE_LEN;
/// Bytes of a key.
const KEY: usize = 32;

/// Why something was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// No random bytes, or no room.
    #[error("the system gives no random numbers to seal with")]
    Unsealed,
    /// The format is not known here.
    #[error("it was sealed in a format that this version of liveness does not know: use a newer one")]
    Format,
    /// It was altered, belongs elsewhere, or was sealed under another key.
    #[error("it is not what was sealed here: it was altered, moved, or sealed under another key")]
    Refused,
}

/// A key that seals; it prints as nothing.
pub(super) struct SealKey([u8; KEY]);

impl SealKey {
    pub(super) const fn new(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    pub(super) fn random() -> Result<Self, SealError> {
        let mut bytes = [0; KEY];
        rand::fill(&mut bytes).map_err(|_| SealError::Unsealed)?;
        Ok(Self(bytes))
    }

    /// Seals another key for `purpose`.
    pub(super) fn wrap(&self, purpose: &[u8], key: &Self) -> Result<Vec<u8>, SealError> {
        self.seal(purpose, &key.0)
    }

    /// Opens what `wrap` sealed.
    pub(super) fn unwrap(&self, purpose: &[u8], wrapped: &[u8]) -> Result<Self, SealError> {
        self.open(purpose, wrapped)?.try_into().map(Self).map_err(|_| SealError::Refused)
    }

    /// Seals `plain` for `purpose`, under a nonce drawn for it alone.
    pub(super) fn seal(&self, purpose: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = Vec::with_capacity(HEADER + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend([0; NONCE_LEN]);
        sealed.extend(plain);
        let (nonce, tag) = self
            .cipher()?
            .seal_in_place_separate_tag(aad(purpose), &mut sealed[HEADER..])
            .map_err(|_| SealError::Unsealed)?;
        sealed[1..HEADER].copy_from_slice(nonce.as_ref());
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for `purpose`.
    pub(super) fn open(&self, purpose: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (header, body) = sealed.split_at_checked(HEADER).ok_or(SealError::Refused)?;
        if header[0] != FORMAT {
            return Err(SealError::Format);
        }
        let nonce = Nonce::try_assume_unique_for_key(&header[1..]).map_err(|_| SealError::Refused)?;
        let mut body = body.to_vec();
        let plain = self.cipher()?.open_in_place(nonce, aad(purpose), &mut body);
        let length = plain.map_err(|_| SealError::Refused)?.len();
        body.truncate(length);
        Ok(body)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| SealError::Unsealed)
    }
}

fn aad(purpose: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([&[FORMAT], purpose].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_its_purpose_alone() {
        let (key, other) = (SealKey::random().unwrap(), SealKey::random().unwrap());
        let sealed = key.seal(b"one", b"a picture").unwrap();
        assert_eq!(key.open(b"one", &sealed).unwrap(), b"a picture");
        assert_eq!(key.open(b"two", &sealed), Err(SealError::Refused));
        assert_eq!(other.open(b"one", &sealed), Err(SealError::Refused));
        assert_ne!(key.seal(b"one", b"a picture").unwrap(), sealed, "each has a nonce of its own");
    }

    #[test]
    fn whatever_is_altered_or_cut_is_refused() {
        let key = SealKey::random().unwrap();
        let sealed = key.seal(b"one", b"a picture").unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open(b"one", &altered).is_err(), "byte {at}");
            assert!(key.open(b"one", &sealed[..at]).is_err(), "cut at {at}");
        }
        let newer = [&[FORMAT + 1], &sealed[1..]].concat();
        assert_eq!(key.open(b"one", &newer), Err(SealError::Format));
    }

    #[test]
    fn a_wrapped_key_opens_what_the_key_sealed() {
        let (outer, inner) = (SealKey::random().unwrap(), SealKey::random().unwrap());
        let sealed = inner.seal(b"one", b"a picture").unwrap();
        let wrapped = outer.wrap(b"session", &inner).unwrap();
        let unwrapped = outer.unwrap(b"session", &wrapped).unwrap();
        assert_eq!(unwrapped.open(b"one", &sealed).unwrap(), b"a picture");
        assert!(outer.unwrap(b"another", &wrapped).is_err());
    }
}
