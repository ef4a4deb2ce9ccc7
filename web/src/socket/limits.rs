//! What a capture connection may do. Each bound has its reason.

use std::time::{Duration, Instant};

/// Bytes of a picture. The page's have about 60 KiB; a camera's full picture at good quality fits too.
pub(super) const MAX_PICTURE_BYTES: usize = 1024 * 1024;

/// Bytes of a text. The longest one, a `start` with the name of a camera, needs 700.
pub(super) const MAX_TEXT_BYTES: usize = 1024;

/// Characters of a camera's name. Browsers show a product's name and a number, some 50 in all.
pub(super) const MAX_LABEL_CHARS: usize = 128;
/// Pixels of a camera's side: twice of what 8K has.
pub(super) const MAX_CAMERA_SIDE: u32 = 16_384;
/// Frames a second that a camera may claim.
pub(super) const MAX_FRAME_RATE: f64 = 1000.0;

/// Messages in a second. The page sends 8 pictures; a stalled line may let some seconds of them through at once.
pub(super) const MAX_MESSAGES_A_SECOND: u32 = 60;

/// Notices that wait for a connection: more than one attempt can bring about.
pub(super) const MAX_NOTICES: usize = 16;

/// How many connections there may be, and how patient they are. The defaults are what the service runs with; tests are
/// less patient.
#[derive(Debug, Clone, Copy)]
pub struct SocketPace {
    /// Connections of the process. 4096 of them send 30,000 pictures a second, more than any one machine measures; each
    /// may hold two pictures and what is unread, about 200 KiB as the page sends them and 3 MiB at the worst.
    pub most_at_once: usize,
    /// Connections of one link. The page has one; lines that broke leave others behind until they are found dead, and who has a
    /// link cannot take the places of all others.
    pub most_of_link: usize,
    /// To send `start`. The page does so at once; 30 s outlasts the worst line.
    pub start_within: Duration,
    /// Between two pings, which measure the round trip: an attempt of ten seconds has ten. Proxies that end idle
    /// connections see none.
    pub ping_every: Duration,
    /// Without a word for so long, not even a pong, the peer is gone.
    pub dead_after: Duration,
    /// For the peer to take a message. A text is below 1 KiB: who cannot take it in 10 s sees no guidance either.
    pub send_within: Duration,
}

impl Default for SocketPace {
    fn default() -> Self {
        Self {
            most_at_once: 4096,
            most_of_link: 8,
            start_within: Duration::from_secs(30),
            ping_every: Duration::from_secs(1),
            dead_after: Duration::from_secs(20),
            send_within: Duration::from_secs(10),
        }
    }
}

/// Counts messages by the second.
pub(super) struct Meter {
    since: Instant,
    count: u32,
}

impl Meter {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, count: 0 }
    }

    /// Counts one; false where it is one too many.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self::new(now);
        }
        self.count += 1;
        self.count <= MAX_MESSAGES_A_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_messages_and_no_more() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        assert!((0..60).all(|_| meter.admits(start)));
        assert!(!meter.admits(start + Duration::from_millis(999)));
        assert!(meter.admits(start + Duration::from_secs(1)));
    }
}
