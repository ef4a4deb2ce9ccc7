use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a message and its answer are on their way, measured by pings and smoothed as TCP smooths its own
/// (RFC 6298, 2.2 and 2.3). A peer may delay its pongs, so that it looks farther away than it is; never nearer, since
/// it cannot guess what a ping holds.
#[derive(Default)]
pub(super) struct RoundTrip {
    /// The ping that is not answered yet. One at a time: a peer may answer the last of several alone (RFC 6455, 5.5.3).
    asked: Option<(Uuid, Instant)>,
    smoothed: Option<Duration>,
}

/// The smoothed time moves by one part in so many towards each new one.
const SMOOTHING: u32 = 8;

impl RoundTrip {
    /// What the next ping holds; none while one is on its way.
    pub(super) fn ask(&mut self, now: Instant) -> Option<Uuid> {
        if self.asked.is_some() {
            return None;
        }
        let payload = Uuid::new_v4();
        self.asked = Some((payload, now));
        Some(payload)
    }

    /// Takes a pong; one that answers nothing is passed over.
    pub(super) fn answered(&mut self, payload: &[u8], now: Instant) {
        let Some((_, asked)) = self.asked.take_if(|(asked, _)| asked.as_bytes() == payload) else { return };
        let time = now.saturating_duration_since(asked);
        self.smoothed = Some(match self.smoothed {
            None => time,
            Some(before) => (before * (SMOOTHING - 1) + time) / SMOOTHING,
        });
    }

    /// Both ways together, as far as it is known.
    pub(super) const fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_is_smoothed() {
        let (mut trip, start) = (RoundTrip::default(), Instant::now());
        assert_eq!(trip.smoothed(), None);
        let mut measure = |time: Duration| {
            let payload = trip.ask(start).unwrap();
            trip.answered(payload.as_bytes(), start + time);
            trip.smoothed().unwrap()
        };
        assert_eq!(measure(80 * MS), 80 * MS);
        assert_eq!(measure(160 * MS), 90 * MS);
        assert_eq!(measure(90 * MS), 90 * MS);
    }

    #[test]
    fn only_the_answer_to_the_ping_counts() {
        let (mut trip, start) = (RoundTrip::default(), Instant::now());
        trip.answered(b"", start + MS);
        let payload = trip.ask(start).unwrap();
        assert_eq!(trip.ask(start + MS), None, "one ping at a time");
        trip.answered(Uuid::new_v4().as_bytes(), start + MS);
        assert_eq!(trip.smoothed(), None);
        trip.answered(payload.as_bytes(), start + 7 * MS);
        trip.answered(payload.as_bytes(), start + 9 * MS);
        assert_eq!(trip.smoothed(), Some(7 * MS));
        assert!(trip.ask(start + 10 * MS).is_some());
    }
}
