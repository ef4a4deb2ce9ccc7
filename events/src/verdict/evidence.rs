use crate::Timestamp;
use crate::challenge::{Challenge, Step};
use crate::measurement::{Face, Frame, Measurement, rounded};

/// Frames before the first turn whose mean yaw is taken as straight ahead.
const NEUTRAL_FRAMES: usize = 5;

/// All that a verdict rests on: what was asked and what was seen, when.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    challenge: Challenge,
    issued: Vec<Issued>,
    frames: Vec<Seen>,
    neutral_yaw: f64,
}

/// A step that the person was told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step,
    /// Frames that had been seen by then.
    pub frames_before: usize,
}

/// A frame that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// What was measured on it.
    pub measurement: Measurement,
}

impl Seen {
    /// The face, where it is the only one in view.
    #[must_use]
    pub fn only_face(&self) -> Option<&Face> {
        self.measurement.face.as_ref().filter(|_| self.measurement.faces == 1)
    }
}

impl Evidence {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new(challenge: Challenge) -> Self {
        Self { challenge, issued: Vec::new(), frames: Vec::new(), neutral_yaw: 0.0 }
    }

    /// Adds a step that was issued.
    pub fn issue(&mut self, at: Timestamp, step: Step) {
        if self.issued.is_empty() {
            self.neutral_yaw = self.mean_yaw_of_last(NEUTRAL_FRAMES);
        }
        self.issued.push(Issued { at, step, frames_before: self.frames.len() });
    }

    /// Adds a frame that was seen.
    pub fn see(&mut self, at: Timestamp, frame: &Frame) {
        self.frames.push(Seen { at, measurement: frame.measurement.clone() });
    }

    /// What was drawn for the attempt.
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Steps in the order in which they were issued.
    #[must_use]
    pub fn issued(&self) -> &[Issued] {
        &self.issued
    }

    /// Frames in the order in which they were seen.
    #[must_use]
    pub fn frames(&self) -> &[Seen] {
        &self.frames
    }

    /// Frames that were seen while a step was due.
    #[must_use]
    pub fn frames_of(&self, step: usize) -> &[Seen] {
        let Some(issued) = self.issued.get(step) else { return &[] };
        let end = self.issued.get(step + 1).map_or(self.frames.len(), |next| next.frames_before);
        self.frames.get(issued.frames_before..end).unwrap_or(&[])
    }

    /// Frames from the first step on.
    #[must_use]
    pub fn frames_of_steps(&self) -> &[Seen] {
        let begin = self.issued.first().map_or(self.frames.len(), |first| first.frames_before);
        self.frames.get(begin..).unwrap_or(&[])
    }

    /// Yaw, in degrees, at which this person looks straight ahead: cameras stand aside and meshes lean.
    #[must_use]
    pub const fn neutral_yaw(&self) -> f64 {
        self.neutral_yaw
    }

    fn mean_yaw_of_last(&self, count: usize) -> f64 {
        let yaws: Vec<f64> =
            self.frames.iter().rev().filter_map(Seen::only_face).take(count).map(|face| face.yaw).collect();
        if yaws.is_empty() { 0.0 } else { rounded(yaws.iter().sum::<f64>() / yaws.len() as f64) }
    }
}
