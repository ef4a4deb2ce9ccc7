use super::{Attempt, EndedWithout, KeptImage, Outcome, Phase, Session, SessionEvent, Status, guidance};
use crate::Timestamp;
use crate::challenge::Step;
use crate::measurement::{Face, Frame, rounded};
use crate::verdict::{OTHER_FACE, SAME_FACE};

/// How much a degree away from straight ahead costs a frame that would be the probe, in units of sharpness.
const PROBE_COST_PER_DEGREE: f64 = 20.0;

impl Session {
    /// Folds an event into the state. Every event that `decide` has ever made is accepted.
    #[must_use]
    pub fn evolve(mut self, event: &SessionEvent) -> Self {
        match event {
            SessionEvent::Created(created) => self.created = Some(created.clone()),
            SessionEvent::CaptureStarted { at, attempt, challenge, camera } => {
                self.attempts = *attempt;
                let attempt = Attempt::new(*attempt, *at, challenge.clone(), camera.clone());
                self.status = Status::Capturing(Box::new(attempt));
            }
            SessionEvent::FrameReceived { at, frame } => {
                if let Status::Capturing(attempt) = &mut self.status {
                    attempt.take_in(*at, frame);
                }
            }
            SessionEvent::StepIssued { at, index, step } => {
                if let Status::Capturing(attempt) = &mut self.status {
                    attempt.keep_reference();
                    attempt.keep_reached_turn();
                    attempt.run = 0;
                    attempt.phase = Phase::Doing { index: *index, step: *step, since: *at };
                    attempt.evidence.issue(*at, *step);
                }
            }
            SessionEvent::AttemptFailed { .. } => self.status = Status::Waiting,
            SessionEvent::Completed { at, verdict, images, sealed, .. } => {
                self.status = Status::Ended(Outcome::Complete {
                    at: *at,
                    verdict: verdict.clone(),
                    images: images.clone(),
                    sealed: sealed.clone(),
                });
            }
            SessionEvent::Expired { because, .. } => {
                self.status = Status::Ended(Outcome::Without(EndedWithout::Expired(*because)));
            }
            SessionEvent::Cancelled { by, .. } => {
                self.status = Status::Ended(Outcome::Without(EndedWithout::Cancelled(*by)));
            }
            SessionEvent::ImagesErased { .. } => {
                if let Status::Ended(Outcome::Complete { images, sealed, .. }) = &mut self.status {
                    images.clear();
                    *sealed = None;
                }
            }
        }
        self
    }

    /// The state that `events` amount to.
    #[must_use]
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a SessionEvent>) -> Self {
        events.into_iter().fold(Self::default(), Self::evolve)
    }
}

impl Attempt {
    pub(super) fn take_in(&mut self, at: Timestamp, frame: &Frame) {
        self.run = if guidance::is_good(self, frame) { self.run + 1 } else { 0 };
        self.heard_at = at;
        if frame.measurement.face.is_some() {
            self.seen_at = at;
        }
        self.evidence.see(at, frame);
        let is_lit = matches!(self.phase, Phase::Doing { step: Step::Light(_), .. });
        if let Some(face) = like_reference(frame, SAME_FACE).filter(|_| !is_lit) {
            self.weigh_as_probe(candidate(frame, face));
        }
        self.weigh_as_turned(frame);
    }

    /// The frame that ends the framing is what all others are compared with: the first one that may be the probe.
    fn keep_reference(&mut self) {
        if self.phase == Phase::Framing
            && let Some(last) = self.evidence.frames().last()
            && let Some(face) = last.only_face()
        {
            self.weigh_as_probe(candidate(&last.frame, face));
        }
    }

    fn weigh_as_probe(&mut self, candidate: (f64, KeptImage)) {
        if self.probe.as_ref().is_none_or(|(best, _)| candidate.0 > *best) {
            self.probe = Some(candidate);
        }
    }

    /// A turned face replaces the one before of the same step, until the next step is issued.
    fn weigh_as_turned(&mut self, frame: &Frame) {
        let Phase::Doing { index, step, .. } = self.phase else { return };
        if step.turn().is_some()
            && self.run > 0
            && let Some(face) = like_reference(frame, OTHER_FACE)
        {
            self.turned.truncate(self.turns_before(index));
            self.turned.push(kept(frame, face));
        }
    }

    fn keep_reached_turn(&mut self) {
        if let Phase::Doing { index, step, .. } = self.phase
            && step.turn().is_some()
        {
            self.turned.truncate(self.turns_before(index) + 1);
        }
    }

    fn turns_before(&self, index: u32) -> usize {
        let issued = self.evidence.issued().iter().take(index as usize);
        issued.filter(|issued| issued.step.turn().is_some()).count()
    }
}

/// The face, where it was compared with the reference and is as like it at least: images are of who was checked.
fn like_reference(frame: &Frame, least: f64) -> Option<&Face> {
    frame.only_face().filter(|face| face.similarity().is_some_and(|similarity| similarity >= least))
}

/// A frame that may be the probe, and how good a one it makes: sharp and frontal.
fn candidate(frame: &Frame, face: &Face) -> (f64, KeptImage) {
    let merit = rounded(face.sharpness.min(400.0) - PROBE_COST_PER_DEGREE * face.yaw.abs());
    (merit, kept(frame, face))
}

fn kept(frame: &Frame, face: &Face) -> KeptImage {
    KeptImage { seq: frame.seq, sha256: frame.sha256, bounding_box: face.bounds }
}
