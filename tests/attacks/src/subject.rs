use crate::asked::{Asked, Shown};
use liveness_kit::View;
use std::time::Duration;

/// Whoever or whatever is before the camera, with the camera and the page: a stream of JPEG frames that answers a
/// challenge. `now` never goes back, and counts from the start of the capture. Same seed, same calls, same bytes.
pub trait Subject: Send {
    /// The frame that the page sends now.
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8>;

    /// Whether it can do what is asked. A challenge that asks for more says nothing about it.
    fn can(&self, _: Asked) -> bool {
        true
    }
}

impl<S: Subject + ?Sized> Subject for Box<S> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        (**self).frame(now, shown)
    }

    fn can(&self, asked: Asked) -> bool {
        (**self).can(asked)
    }
}

/// What a camera may look at: a scene without the camera, in the light of the room.
pub trait Motif: Send {
    /// What is to be seen at a time, while this is shown. Times never go back.
    fn view(&mut self, at: Duration, shown: &Shown) -> View;

    /// As [`Subject::can`].
    fn can(&self, _: Asked) -> bool {
        true
    }
}

impl<M: Motif + ?Sized> Motif for Box<M> {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        (**self).view(at, shown)
    }

    fn can(&self, asked: Asked) -> bool {
        (**self).can(asked)
    }
}
