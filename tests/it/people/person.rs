use super::{Source, Sweep};
use bytes::Bytes;
use liveness_events::challenge::Step;
use std::time::Duration;

/// Somebody who does what is asked, with the face of a sweep.
#[derive(Clone)]
pub(crate) struct Person {
    face: Sweep,
    /// From the word to the beginning of the turn.
    reaction: Duration,
    /// Degrees a second.
    speed: f32,
    yaw: f32,
    asked: Option<Step>,
    asked_at: Duration,
    seen_at: Duration,
    frames: u32,
}

impl Person {
    pub(crate) fn new(face: Sweep) -> Self {
        Self {
            face,
            reaction: Duration::from_millis(400),
            speed: 60.0,
            yaw: 0.0,
            asked: None,
            asked_at: Duration::ZERO,
            seen_at: Duration::ZERO,
            frames: 0,
        }
    }

    /// One who needs so long to react.
    pub(crate) const fn reacting(mut self, reaction: Duration) -> Self {
        self.reaction = reaction;
        self
    }

    /// One who jumps to where the face should be: for tests that need an end, and no verdict.
    pub(crate) const fn hasty(mut self) -> Self {
        self.speed = f32::INFINITY;
        self.reacting(Duration::ZERO)
    }

    fn turn(&mut self, now: Duration, asked: Option<Step>) {
        if asked != self.asked {
            (self.asked, self.asked_at) = (asked, now);
        }
        let goal = match asked.and_then(Step::turn) {
            Some(turn) => turn.sign() as f32 * (self.face.widest() - 1.0),
            None => 0.0,
        };
        if now.saturating_sub(self.asked_at) >= self.reaction {
            let way = self.speed * now.saturating_sub(self.seen_at).as_secs_f32();
            let left = goal - self.yaw;
            self.yaw = if left.abs() <= way || way.is_nan() { goal } else { self.yaw + way.copysign(left) };
        }
        self.seen_at = now;
    }
}

impl Source for Person {
    fn picture(&mut self, since_start: Duration, asked: Option<Step>) -> Bytes {
        self.turn(since_start, asked);
        self.frames += 1;
        // Nobody holds quite still.
        let sway = [0.0, 1.0, 0.0, -1.0][self.frames as usize % 4];
        self.face.at(self.yaw + sway)
    }
}
