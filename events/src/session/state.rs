use super::{CameraReport, CancelledBy, Created, ExpiredBecause, KeptImage, MAX_ATTEMPTS, Sealed, guidance};
use crate::Timestamp;
use crate::challenge::{Challenge, Step};
use crate::measurement::Frame;
use crate::verdict::{Evidence, Verdict};
use std::time::Duration;

/// What the events of one session amount to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Session {
    pub(super) created: Option<Created>,
    pub(super) status: Status,
    pub(super) attempts: u8,
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Status {
    /// Nobody has begun, or an attempt failed and another may follow.
    #[default]
    Waiting,
    /// The camera is on.
    Capturing(Box<Attempt>),
    /// Over, with or without a verdict.
    Ended(Outcome),
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a verdict.
    Complete {
        /// When it was reached.
        at: Timestamp,
        /// The verdict.
        verdict: Verdict,
        /// Images that are still kept.
        images: Vec<KeptImage>,
        /// How these lie in the store.
        sealed: Option<Sealed>,
    },
    /// Without one.
    Without(EndedWithout),
}

/// How a session ended without a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedWithout {
    /// The link can no longer be used.
    Expired(ExpiredBecause),
    /// Somebody called it off.
    Cancelled(CancelledBy),
}

/// An attempt in progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Number, from 1.
    pub number: u8,
    /// When it began.
    pub started_at: Timestamp,
    /// When the last frame came, or the start where none did.
    pub heard_at: Timestamp,
    /// When a face was last in view, or the start where none was.
    pub seen_at: Timestamp,
    /// What is asked of the person now.
    pub phase: Phase,
    /// Good frames in a row in this phase.
    pub run: u32,
    /// All that the verdict will rest on.
    pub evidence: Evidence,
    /// Best frontal frame so far of those that show the face that was checked: it becomes the probe.
    pub probe: Option<(f64, KeptImage)>,
    /// A frame of each turn that was reached: these become the audit images.
    pub turned: Vec<KeptImage>,
}

/// What is asked of the person at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// To bring the face into the oval.
    Framing,
    /// To do a step.
    Doing {
        /// Number of the step, from 0.
        index: u32,
        /// The step.
        step: Step,
        /// Since when.
        since: Timestamp,
    },
}

impl Session {
    /// What was asked for; none for a session that does not exist.
    #[must_use]
    pub const fn created(&self) -> Option<&Created> {
        self.created.as_ref()
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// The attempt in progress.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match &self.status {
            Status::Capturing(attempt) => Some(attempt),
            Status::Waiting | Status::Ended(_) => None,
        }
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        match &self.status {
            Status::Ended(outcome) => Some(outcome),
            Status::Waiting | Status::Capturing(_) => None,
        }
    }

    /// Attempts that may still be begun.
    #[must_use]
    pub const fn attempts_left(&self) -> u8 {
        MAX_ATTEMPTS.saturating_sub(self.attempts)
    }

    /// When `CheckTime` will next have something to say; none once the session has ended.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let expires_at = self.created.as_ref()?.expires_at;
        match &self.status {
            Status::Waiting => Some(expires_at),
            Status::Capturing(attempt) => Some(expires_at.min(attempt.deadline())),
            Status::Ended(_) => None,
        }
    }
}

impl Attempt {
    pub(super) fn new(number: u8, at: Timestamp, challenge: Challenge, camera: Option<CameraReport>) -> Self {
        Self {
            number,
            started_at: at,
            heard_at: at,
            seen_at: at,
            phase: Phase::Framing,
            run: 0,
            evidence: Evidence::new(challenge, camera),
            probe: None,
            turned: Vec::new(),
        }
    }

    /// What it is once this frame is folded in.
    pub(super) fn with(&self, at: Timestamp, frame: &Frame) -> Self {
        let mut attempt = self.clone();
        attempt.take_in(at, frame);
        attempt
    }

    /// Number that the next frame must bear.
    #[must_use]
    pub fn next_seq(&self) -> u32 {
        u32::try_from(self.evidence.frames().len()).unwrap_or(u32::MAX)
    }

    /// When it fails if nothing else happens.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let (since, limit) = self.phase_limit();
        since.plus(limit).min(self.heard_at.plus(guidance::SILENCE_LIMIT))
    }

    pub(super) fn phase_limit(&self) -> (Timestamp, Duration) {
        match self.phase {
            Phase::Framing => (self.started_at, guidance::FRAMING_LIMIT),
            Phase::Doing { step: Step::Hold, since, .. } => (since, guidance::HOLD_LIMIT),
            Phase::Doing { step: Step::Light(_), since, .. } => (since, guidance::COLOUR_LIMIT),
            Phase::Doing { since, .. } => (since, guidance::TURN_LIMIT),
        }
    }

    /// Whether the next frame may end the phase: it is then described, so that it can be told to show the same person.
    /// The one that ends the framing becomes the reference, the others are compared with it.
    #[must_use]
    pub const fn wants_descriptor(&self) -> bool {
        self.run + 1 >= self.run_needed()
    }

    /// Whether the step was due long enough.
    pub(super) fn may_go_on(&self, at: Timestamp) -> bool {
        match self.phase {
            Phase::Doing { step: Step::Light(_), since, .. } => at.since(since) >= guidance::LEAST_COLOUR,
            _ => true,
        }
    }

    /// Whether the step is left undone: the person cannot change the distance.
    pub(super) fn goes_on_undone(&self, at: Timestamp) -> bool {
        match self.phase {
            Phase::Doing { step, since, .. } => {
                step.is_distance() && at.since(since) >= guidance::DISTANCE_LIMIT
            }
            Phase::Framing => false,
        }
    }

    /// Good frames in a row that end the phase.
    pub(super) const fn run_needed(&self) -> u32 {
        match self.phase {
            Phase::Framing => guidance::FRAMING_RUN,
            Phase::Doing { step: Step::Hold, .. } => guidance::HOLD_RUN,
            Phase::Doing { step: Step::Light(_), .. } => guidance::COLOUR_RUN,
            Phase::Doing { step: Step::Nearer | Step::Farther, .. } => guidance::DISTANCE_RUN,
            Phase::Doing { .. } => guidance::TURN_RUN,
        }
    }

    /// How far the person has come, 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let challenge = self.evidence.challenge();
        let steps = challenge.steps().len();
        match self.phase {
            Phase::Framing => 0.0,
            // What is asked for beyond the steps was not counted on, and the person is nearly done.
            Phase::Doing { index, .. } => (f64::from(index) / steps as f64).min(1.0 - 0.5 / steps as f64),
        }
    }

    /// Images that would be kept if the attempt were complete with the last frame.
    #[must_use]
    pub fn kept_images(&self, audit_images: u8) -> Vec<KeptImage> {
        let audit = self.turned.iter().take(usize::from(audit_images));
        self.probe.iter().map(|(_, image)| image).chain(audit).cloned().collect()
    }

    /// Whether the picture of this frame may be asked for later.
    #[must_use]
    pub fn wants_picture(&self, seq: u32) -> bool {
        self.probe.iter().any(|(_, image)| image.seq == seq)
            || self.turned.iter().any(|image| image.seq == seq)
    }
}
