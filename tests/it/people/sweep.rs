use bytes::Bytes;

/// Frames of somebody at each turn of the head, from the widest to the right to the widest to the left.
#[derive(Clone)]
pub(crate) struct Sweep {
    frames: Vec<Bytes>,
    /// Degrees from frame to frame.
    step: f32,
}

impl Sweep {
    /// The yaws of the frames of a sweep.
    pub(crate) fn yaws(widest: f32, step: f32) -> Vec<f32> {
        let side = (widest / step).round() as i32;
        (-side..=side).map(|place| place as f32 * step).collect()
    }

    /// Takes a frame for each of [`Sweep::yaws`].
    pub(crate) fn new(frames: Vec<Bytes>, step: f32) -> Self {
        assert!(frames.len() % 2 == 1, "as many to the left as to the right, and one ahead");
        Self { frames, step }
    }

    /// The widest turn, in degrees.
    pub(crate) fn widest(&self) -> f32 {
        (self.frames.len() / 2) as f32 * self.step
    }

    /// The frame nearest to a yaw.
    pub(crate) fn at(&self, yaw: f32) -> Bytes {
        let widest = (self.frames.len() / 2) as f32;
        let place = (yaw / self.step).round().clamp(-widest, widest) + widest;
        self.frames[place as usize].clone()
    }
}
