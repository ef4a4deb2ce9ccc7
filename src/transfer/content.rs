use crate::event_log::RecordedEvent;
use liveness_events::Digest;
use sha2::{Digest as _, Sha256};

/// A digest over events that depends neither on their positions nor on the order in which they are taken: the sum, modulo
/// 2²⁵⁶, of the SHA-256 of each event's stream, revision, id, type, data and metadata.
///
/// Two stores with equal digests hold the same events. It tells a whole copy from one that is not; against a forger, who
/// could look for events with a given sum, stand the hash chains and the receipts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentDigest([u64; 4]);

impl ContentDigest {
    /// Takes in an event.
    pub fn add(&mut self, event: &RecordedEvent) {
        let mut hasher = Sha256::new();
        let revision = event.revision.to_be_bytes();
        let fields: [&[u8]; 6] = [
            event.stream.as_bytes(),
            &revision,
            event.id.as_bytes(),
            event.event_type.as_bytes(),
            &event.data,
            &event.metadata,
        ];
        for field in fields {
            // The length in front: no two lists of fields give the same bytes.
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        let hash: [u8; 32] = hasher.finalize().into();
        let mut carry = false;
        for (sum, limb) in self.0.iter_mut().zip(hash.chunks_exact(8)) {
            let limb = limb.iter().rev().fold(0_u64, |limb, byte| limb << 8 | u64::from(*byte));
            let (partial, first) = sum.overflowing_add(limb);
            let (total, second) = partial.overflowing_add(u64::from(carry));
            (*sum, carry) = (total, first || second);
        }
    }

    /// The 32 bytes of the sum, the lowest first.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        for (place, limb) in bytes.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&limb.to_le_bytes());
        }
        Digest::from_bytes(bytes)
    }
}
