use crate::Timestamp;
use crate::challenge::{Challenge, Step};
use crate::measurement::{Face, Frame, Measurement, rounded};

/// Frames before the first turn whose mean is taken as straight ahead.
const NEUTRAL_FRAMES: usize = 5;

/// All that a verdict rests on: what was asked and what was seen, when.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    challenge: Challenge,
    issued: Vec<Issued>,
    frames: Vec<Seen>,
    neutral: Neutral,
}

/// How this person looks straight ahead: cameras stand aside, meshes lean, and faces differ.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Neutral {
    /// Yaw in degrees.
    pub yaw: f64,
    /// Eyes over nose.
    pub eyes_over_nose: f64,
    /// Width over height.
    pub width_over_height: f64,
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
        Self {
            challenge,
            issued: Vec::new(),
            frames: Vec::new(),
            neutral: Neutral { yaw: 0.0, eyes_over_nose: 0.0, width_over_height: 0.0 },
        }
    }

    /// Adds a step that was issued.
    pub fn issue(&mut self, at: Timestamp, step: Step) {
        if self.issued.is_empty() {
            self.neutral = self.mean_of_last(NEUTRAL_FRAMES);
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

    /// How this person looks straight ahead.
    #[must_use]
    pub const fn neutral(&self) -> Neutral {
        self.neutral
    }

    /// How far a face is turned from straight ahead, in degrees, above zero to the person's own left.
    #[must_use]
    pub fn turned(&self, face: &Face) -> f64 {
        face.yaw - self.neutral.yaw
    }

    fn mean_of_last(&self, count: usize) -> Neutral {
        let faces: Vec<&Face> = self.frames.iter().rev().filter_map(Seen::only_face).take(count).collect();
        let mean = |of: fn(&Face) -> f64| {
            rounded(faces.iter().map(|face| of(face)).sum::<f64>() / faces.len().max(1) as f64)
        };
        Neutral {
            yaw: mean(|face| face.yaw),
            eyes_over_nose: mean(|face| face.eyes_over_nose),
            width_over_height: mean(|face| face.width_over_height),
        }
    }
}
