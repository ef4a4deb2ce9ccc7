//! A person who lives in time: reacts, turns and comes nearer as fast as people do, however often a picture is taken.

use crate::pace::Pace;
use crate::person::{Album, LEVELS, WAY};
use liveness_events::challenge::{Colour, Step, Turn};
use std::time::{Duration, Instant};

/// From the word to the beginning of the motion: simple reactions to a visual sign take 0.2 to 0.3 s (Woods et al.,
/// Front. Hum. Neurosci. 2015).
const REACTION: Duration = Duration::from_millis(300);
/// Places of the album a second: 40 degrees, or twice the way to the nearest distance.
const SPEED: f32 = 8.0;
/// From a colour on the screen to the picture that shows it: screen and camera take 50 to 400 ms (verdict policy 2).
const SEEN_AFTER: Duration = Duration::from_millis(100);

/// Somebody before the camera, and the screen that lights them.
pub(crate) struct Visitor {
    asked: Option<Step>,
    /// When that was told.
    told: Instant,
    /// Until when it has moved.
    moved: Instant,
    /// How far the head is turned and how near it is, in places of the album.
    place: f32,
    near: f32,
    /// How near it is going to be.
    nearest: f32,
    screen: Screen,
    taken: usize,
}

impl Visitor {
    pub(crate) fn new(pace: Pace, now: Instant) -> Self {
        let screen = Screen { gap: pace.light_gap, shown: Vec::new() };
        Self { asked: None, told: now, moved: now, place: 0.0, near: 0.0, nearest: 0.0, screen, taken: 0 }
    }

    /// Hears, and sees on the screen, what is asked from now on.
    pub(crate) fn hear(&mut self, step: Option<Step>, now: Instant) {
        if step == self.asked {
            return;
        }
        self.follow(now);
        (self.asked, self.told) = (step, now);
        let change = match step {
            Some(Step::Nearer) => LEVELS,
            Some(Step::Farther) => -LEVELS,
            _ => 0,
        };
        self.nearest = (self.nearest + change as f32).clamp(-LEVELS as f32, LEVELS as f32);
        self.screen.show(step.and_then(Step::colour), now);
    }

    /// The picture of the album that a camera takes now.
    pub(crate) fn picture(&mut self, album: &Album, now: Instant) -> usize {
        self.follow(now);
        self.taken += 1;
        let colour = self.screen.seen(now);
        album.find_moment((self.place.round() as i32, self.near.round() as i32, colour), self.taken)
    }

    /// Does one thing at a time: the album has turned heads at whole distances alone.
    fn follow(&mut self, now: Instant) {
        let since = self.moved.max(self.told + REACTION);
        let way = SPEED * now.saturating_duration_since(since).as_secs_f32();
        self.moved = now;
        if self.place == 0.0 && self.near != self.nearest {
            self.near += (self.nearest - self.near).clamp(-way, way);
            return;
        }
        let aim = match self.asked.and_then(Step::turn) {
            Some(Turn::Left) => WAY,
            Some(Turn::Right) => -WAY,
            Some(Turn::Up | Turn::Down) | None => 0,
        };
        self.place += (aim as f32 - self.place).clamp(-way, way);
    }
}

/// The light of the screen, as the page changes it: at once, or as soon as it may.
struct Screen {
    gap: Duration,
    shown: Vec<(Instant, Option<Colour>)>,
}

impl Screen {
    fn show(&mut self, colour: Option<Colour>, now: Instant) {
        // The newest wish takes the place of one that has not come to its turn.
        self.shown.pop_if(|(at, _)| *at > now);
        let before = self.shown.last();
        if before.and_then(|(_, colour)| *colour) != colour {
            let at = before.map_or(now, |(at, _)| now.max(*at + self.gap));
            self.shown.push((at, colour));
        }
    }

    /// What a picture shows that is taken now.
    fn seen(&self, now: Instant) -> Option<Colour> {
        let visible = self.shown.iter().rev().find(|(at, _)| *at + SEEN_AFTER <= now);
        visible.and_then(|(_, colour)| *colour)
    }
}
