//! Says when a failed delivery is tried again, and when it is given up.
//!
//! The pauses grow from seconds, for a receiver that is being restarted, to hours, for one that is down over night; after
//! about a day nobody is waiting any more, and the receiver can still ask.

use std::time::Duration;

/// The shortest pause after each failed try. The first try is made at once.
///
/// Each is at least a third longer than the one before it, more than the jitter adds, so that the pauses always grow.
pub const PAUSES: [Duration; 10] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(6),
    Duration::from_hours(8),
];

/// How many tries a delivery gets: one at once, and one after each pause.
pub const MAX_TRIES: u32 = PAUSES.len() as u32 + 1;

/// The longest `Retry-After` that is heeded: a receiver may ask for calm, not put a delivery off for a week.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// What jitter adds at most, as a part of the pause: one fifth. Deliveries that failed together come back apart.
const JITTER_DIVISOR: u32 = 5;

/// Gives the pause before the next try, or nothing when the delivery is to be given up.
///
/// `failed` counts the tries that have failed so far; with none the first try is due at once. `random` is any number
/// with all of its 64 bits drawn evenly. `retry_after` is what the receiver asked for: it can only lengthen the pause,
/// and not beyond [`MAX_RETRY_AFTER`].
///
/// ```
/// # use std::time::Duration;
/// # use liveness::webhook::next_delay;
/// assert_eq!(next_delay(0, 7, None), Some(Duration::ZERO));
/// assert_eq!(next_delay(1, 0, None), Some(Duration::from_secs(5)));
/// assert_eq!(next_delay(1, 0, Some(Duration::from_secs(90))), Some(Duration::from_secs(90)));
/// assert_eq!(next_delay(11, 0, None), None);
/// ```
#[must_use]
pub fn next_delay(failed: u32, random: u64, retry_after: Option<Duration>) -> Option<Duration> {
    let Some(index) = failed.checked_sub(1) else { return Some(Duration::ZERO) };
    let planned = *PAUSES.get(usize::try_from(index).ok()?)?;
    let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    let pause = planned.max(asked);
    Some(pause + scaled(pause / JITTER_DIVISOR, random))
}

/// Gives the part of `span` that `random` is of 2^64, to the millisecond.
fn scaled(span: Duration, random: u64) -> Duration {
    // The product fits: `span` is at most hours, far fewer than 2^64 milliseconds.
    let millis = (span.as_millis() * u128::from(random)) >> u64::BITS;
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn retry_after() -> impl Strategy<Value = Option<Duration>> {
        proptest::option::of(any::<u64>().prop_map(Duration::from_secs))
    }

    fn total(random: u64, retry_after: Option<Duration>) -> Duration {
        (0..MAX_TRIES).filter_map(|failed| next_delay(failed, random, retry_after)).sum()
    }

    #[test]
    fn gives_up_after_about_a_day() {
        assert!(total(0, None) > Duration::from_hours(21));
        assert!(total(u64::MAX, None) < Duration::from_hours(27));
        assert!(total(u64::MAX, Some(Duration::MAX)) < Duration::from_hours(32));
    }

    #[test]
    fn every_pause_is_used_once() {
        let pauses: Vec<_> = (1..).map_while(|failed| next_delay(failed, 0, None)).collect();
        assert_eq!(pauses, PAUSES);
        assert_eq!(next_delay(MAX_TRIES, 0, None), None);
        assert_eq!(next_delay(u32::MAX, u64::MAX, Some(Duration::MAX)), None);
    }

    proptest! {
        #[test]
        fn a_pause_stays_between_the_plan_and_the_plan_with_all_jitter(
            failed in 1..MAX_TRIES, random: u64,
        ) {
            let planned = PAUSES[failed as usize - 1];
            let pause = next_delay(failed, random, None).unwrap();
            prop_assert!(planned <= pause && pause <= planned * 6 / 5);
        }

        #[test]
        fn pauses_grow_whatever_is_drawn(failed in 1..MAX_TRIES - 1, now: u64, later: u64) {
            prop_assert!(next_delay(failed, now, None) < next_delay(failed + 1, later, None));
        }

        #[test]
        fn a_hint_lengthens_and_is_clamped(failed in 1..MAX_TRIES, random: u64, hint in retry_after()) {
            let without = next_delay(failed, random, None).unwrap();
            let with = next_delay(failed, random, hint).unwrap();
            prop_assert!(with >= without);
            prop_assert!(with >= hint.unwrap_or_default().min(MAX_RETRY_AFTER));
            prop_assert!(with <= without.max(MAX_RETRY_AFTER * 6 / 5));
        }

        #[test]
        fn more_randomness_never_means_less_pause(failed in 1..MAX_TRIES, a: u64, b: u64) {
            prop_assert!(next_delay(failed, a.min(b), None) <= next_delay(failed, a.max(b), None));
        }
    }
}
