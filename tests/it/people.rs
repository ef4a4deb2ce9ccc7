//! Who is before the camera: people and those who would pass for one.

mod altered;
mod clip;
mod distance;
mod face;
mod person;
mod sweep;

pub(crate) use clip::{ClipPerson, Filmed, Follows, Loop};
pub(crate) use face::{beside, print, print_of, printed_file, rendered, shown_file};
pub(crate) use person::Person;
pub(crate) use sweep::Sweep;

use bytes::Bytes;
use liveness_events::challenge::Step;
use std::time::Duration;

/// Between two frames: the page sends eight a second.
pub(crate) const FRAME: Duration = Duration::from_millis(125);

/// What a camera sees.
pub(crate) trait Source {
    /// The picture at a time since the start, while `asked` is asked for (nothing at the framing).
    fn picture(&mut self, since_start: Duration, asked: Option<Step>) -> Bytes;
}

/// Somebody who is always the same picture.
pub(crate) struct Still(pub(crate) Bytes);

impl Source for Still {
    fn picture(&mut self, _: Duration, _: Option<Step>) -> Bytes {
        self.0.clone()
    }
}

/// One who takes another one's place when the turns are half done.
pub(crate) struct Swap<A, B> {
    pub(crate) before: A,
    pub(crate) after: B,
    asked: Option<Step>,
    steps: u32,
}

impl<A, B> Swap<A, B> {
    pub(crate) const fn new(before: A, after: B) -> Self {
        Self { before, after, asked: None, steps: 0 }
    }
}

impl<A: Source, B: Source> Source for Swap<A, B> {
    fn picture(&mut self, since_start: Duration, asked: Option<Step>) -> Bytes {
        if asked != self.asked {
            self.steps += 1;
            self.asked = asked;
        }
        // Both are told, so that each knows what is asked when its time comes.
        let (before, after) =
            (self.before.picture(since_start, asked), self.after.picture(since_start, asked));
        if self.steps > 4 { after } else { before }
    }
}
