use super::distance::{CHANGE, Distance};
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
    /// Levels of distance from picture to picture.
    pace: i32,
    distance: Distance,
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
            pace: 1,
            distance: Distance::default(),
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
        self.pace = CHANGE;
        self.reacting(Duration::ZERO)
    }

    /// Turns, comes nearer or goes, and tells how near.
    fn follow(&mut self, now: Duration, asked: Option<Step>) -> i32 {
        if asked != self.asked {
            (self.asked, self.asked_at) = (asked, now);
        }
        // Nobody here nods.
        let goal = match asked.and_then(Step::turn).filter(|turn| turn.is_sideways()) {
            Some(turn) => turn.sign() as f32 * (self.face.widest() - 1.0),
            None => 0.0,
        };
        let reacts = now.saturating_sub(self.asked_at) >= self.reaction;
        if reacts {
            let way = self.speed * now.saturating_sub(self.seen_at).as_secs_f32();
            let left = goal - self.yaw;
            self.yaw = if left.abs() <= way || way.is_nan() { goal } else { self.yaw + way.copysign(left) };
        }
        self.seen_at = now;
        self.distance.follow(asked, if reacts { self.pace } else { 0 })
    }
}

impl Source for Person {
    fn picture(&mut self, since_start: Duration, asked: Option<Step>) -> Bytes {
        let level = self.follow(since_start, asked);
        self.frames += 1;
        // Nobody holds quite still.
        let sway = [0.0, 1.0, 0.0, -1.0][self.frames as usize % 4];
        self.face.at(self.yaw + sway, level, asked.and_then(Step::colour))
    }
}
