use super::altered::{Place, altered};
use super::distance::growth;
use bytes::Bytes;
use liveness_events::challenge::Colour;

/// Frames of somebody at each turn of the head, from the widest to the right to the widest to the left.
#[derive(Clone)]
pub(crate) struct Sweep {
    /// In the order of their levels; at least one.
    distances: Vec<Turned>,
    face: Place,
}

/// What was taken at one distance.
#[derive(Clone)]
pub(crate) struct Turned {
    frames: Vec<Bytes>,
    /// Degrees from frame to frame.
    step: f32,
    /// How near it is: see [`growth`].
    level: i32,
}

impl Turned {
    /// The yaws of the frames.
    pub(crate) fn yaws(widest: f32, step: f32) -> Vec<f32> {
        let side = (widest / step).round() as i32;
        (-side..=side).map(|place| place as f32 * step).collect()
    }

    /// Takes a frame for each of [`Turned::yaws`].
    pub(crate) fn new(frames: Vec<Bytes>, step: f32, level: i32) -> Self {
        assert!(frames.len() % 2 == 1, "as many to the left as to the right, and one ahead");
        Self { frames, step, level }
    }

    fn widest(&self) -> f32 {
        (self.frames.len() / 2) as f32 * self.step
    }

    /// The frame nearest to a yaw.
    fn at(&self, yaw: f32) -> &Bytes {
        let widest = (self.frames.len() / 2) as f32;
        let place = (yaw / self.step).round().clamp(-widest, widest) + widest;
        &self.frames[place as usize]
    }
}

impl Sweep {
    /// Somebody whose face is here, at these distances; in between and beyond, the picture is enlarged.
    pub(crate) fn new(face: Place, distances: Vec<Turned>) -> Self {
        assert!(!distances.is_empty());
        Self { distances, face }
    }

    /// The widest turn at all distances, in degrees.
    pub(crate) fn widest(&self) -> f32 {
        self.distances.iter().map(Turned::widest).fold(f32::INFINITY, f32::min)
    }

    /// The frame nearest to a yaw, so near, in this light.
    pub(crate) fn at(&self, yaw: f32, level: i32, colour: Option<Colour>) -> Bytes {
        let taken = self.distances.iter().min_by_key(|taken| (taken.level - level).abs()).unwrap();
        altered(taken.at(yaw), &self.face, growth(level - taken.level), colour)
    }

    /// Looking ahead, as at the framing.
    pub(crate) fn ahead(&self) -> Bytes {
        self.at(0.0, 0, None)
    }
}
