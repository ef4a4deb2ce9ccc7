//! Pauses that grow, with jitter, so that many nodes do not come back in step.

use std::time::Duration;

/// A growing pause.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    /// Doubles from `first` up to `longest`.
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, tries: 0 }
    }

    /// The next pause: between half of its length and all of it.
    pub(super) fn next(&mut self) -> Duration {
        let full = self.first.saturating_mul(1 << self.tries.min(16)).min(self.longest);
        self.tries = self.tries.saturating_add(1);
        // Without randomness from the system the pause is merely not spread.
        let spread = getrandom::u32().unwrap_or(u32::MAX);
        full / 2 + (full / 2).mul_f64(f64::from(spread) / f64::from(u32::MAX))
    }

    /// Begins again with the shortest pause.
    pub(super) const fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_begin_again() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(2));
        let mut pause = Backoff::new(first, longest);
        for full in [100, 200, 400, 800, 1600, 2000, 2000].map(Duration::from_millis) {
            let next = pause.next();
            assert!(full / 2 <= next && next <= full, "{next:?} of {full:?}");
        }
        (0..100).for_each(|_| assert!(pause.next() <= longest));
        pause.reset();
        assert!(pause.next() <= first);
    }
}
