use crate::Timestamp;
use crate::challenge::{Challenge, Step, Turn};
use crate::measurement::{Cues, Face, Frame, rounded};
use crate::session::CameraReport;
use crate::verdict::{PolicyVersion, REACHED_DEGREES};

/// Frames before a step whose mean is the face's size then, and before the first one what is straight ahead: no more than the run of
/// good ones that ends the framing.
const LAST_FRAMES: usize = 4;
/// Those by which policy 1 took what is straight ahead: one more, which need not have been good.
const NEUTRAL_FRAMES_OF_V1: usize = 5;

/// All that a verdict rests on: what was asked and what was seen, when.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    challenge: Challenge,
    camera: Option<CameraReport>,
    issued: Vec<Issued>,
    frames: Vec<Seen>,
    neutral: Neutral,
}

/// How this person looks straight ahead: cameras stand aside, meshes lean, and faces differ.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Neutral {
    /// Yaw in degrees.
    pub yaw: f64,
    /// Pitch in degrees.
    pub pitch: f64,
    /// Eyes over nose.
    pub eyes_over_nose: f64,
    /// Width over height.
    pub width_over_height: f64,
}

/// A step that the person was told to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Issued {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step,
    /// Frames that had been seen by then.
    pub frames_before: usize,
    /// How large the face was by then: its width over the shorter side of the image.
    pub size: f64,
}

/// A frame that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// The frame.
    pub frame: Frame,
}

/// A step and the frames that were seen while it was due.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The step.
    pub issued: &'a Issued,
    /// The frames, in order.
    pub frames: &'a [Seen],
}

impl Seen {
    /// The face, where it is the only one in view.
    #[must_use]
    pub fn only_face(&self) -> Option<&Face> {
        self.frame.only_face()
    }

    /// What else was measured.
    #[must_use]
    pub const fn cues(&self) -> &Cues {
        &self.frame.measurement.cues
    }
}

impl Evidence {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new(challenge: Challenge, camera: Option<CameraReport>) -> Self {
        let neutral = Neutral { yaw: 0.0, pitch: 0.0, eyes_over_nose: 0.0, width_over_height: 0.0 };
        Self { challenge, camera, issued: Vec::new(), frames: Vec::new(), neutral }
    }

    /// Adds a step that was issued.
    pub fn issue(&mut self, at: Timestamp, step: Step) {
        if self.issued.is_empty() {
            self.neutral = self.neutral_now();
        }
        let size = self.size_now();
        self.issued.push(Issued { at, step, frames_before: self.frames.len(), size });
    }

    /// Adds a frame that was seen.
    pub fn see(&mut self, at: Timestamp, frame: &Frame) {
        self.frames.push(Seen { at, frame: frame.clone() });
    }

    /// What was drawn for the attempt.
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// What the browser said of its camera, where it did.
    #[must_use]
    pub const fn camera(&self) -> Option<&CameraReport> {
        self.camera.as_ref()
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

    /// The steps with their frames, in order.
    pub fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        self.issued.iter().enumerate().map(|(step, issued)| Asked { issued, frames: self.frames_of(step) })
    }

    /// Frames from the first step on.
    #[must_use]
    pub fn frames_of_steps(&self) -> &[Seen] {
        let begin = self.issued.first().map_or(self.frames.len(), |first| first.frames_before);
        self.frames.get(begin..).unwrap_or(&[])
    }

    /// The face of the frame that ended the framing, for a distance that is asked for after so many frames. None where it is not
    /// the first one: a later one leads back.
    #[must_use]
    pub fn framed_before_distance(&self, frames: usize) -> Option<&Face> {
        let is_earlier = |issued: &Issued| issued.step.is_distance() && issued.frames_before < frames;
        if self.issued.iter().any(is_earlier) {
            return None;
        }
        let last = self.issued.first()?.frames_before.checked_sub(1)?;
        self.frames.get(last)?.only_face()
    }

    /// How this person looks straight ahead.
    #[must_use]
    pub const fn neutral(&self) -> Neutral {
        self.neutral
    }

    /// How far a face is turned sideways from straight ahead, in degrees, above zero to the person's own left.
    #[must_use]
    pub fn turned(&self, face: &Face) -> f64 {
        face.yaw - self.neutral.yaw
    }

    /// How far a face is turned from straight ahead in the direction of a turn, in degrees.
    #[must_use]
    pub fn towards(&self, turn: Turn, face: &Face) -> f64 {
        let offset = if turn.is_sideways() { self.turned(face) } else { face.pitch - self.neutral.pitch };
        offset * turn.sign()
    }

    /// Whether a face looks ahead, more or less: its width says how near it is.
    #[must_use]
    pub fn is_ahead(&self, face: &Face) -> bool {
        self.turned(face).abs() < REACHED_DEGREES
    }

    /// How large the face is now: its width over the shorter side of the image, mean of the last frames that look ahead.
    #[must_use]
    pub fn size_now(&self) -> f64 {
        let faces = self.faces_backwards().filter(|face| self.is_ahead(face));
        mean(faces.take(LAST_FRAMES).map(|face| face.size))
    }

    fn neutral_now(&self) -> Neutral {
        let frames = match self.challenge.policy() {
            PolicyVersion::V1 => NEUTRAL_FRAMES_OF_V1,
            PolicyVersion::V2 => LAST_FRAMES,
        };
        let mean_of = |value: fn(&Face) -> f64| mean(self.faces_backwards().take(frames).map(value));
        Neutral {
            yaw: mean_of(|face| face.yaw),
            pitch: mean_of(|face| face.pitch),
            eyes_over_nose: mean_of(|face| face.eyes_over_nose),
            width_over_height: mean_of(|face| face.width_over_height),
        }
    }

    /// The faces that were seen, the last one first.
    fn faces_backwards(&self) -> impl Iterator<Item = &Face> {
        self.frames.iter().rev().filter_map(Seen::only_face)
    }
}

/// Rounded as measurements are; 0 of none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    rounded(sum / f64::from(count.max(1)))
}
