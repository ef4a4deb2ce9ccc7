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
        if !is_lit && is_like_reference(frame, SAME_FACE) {
            self.weigh_as_probe(frame);
        }
        self.weigh_as_turned(frame);
    }

    /// The frame that ends the framing is what all others are compared with: the first one that may be the probe.
    fn keep_reference(&mut self) {
        if self.phase == Phase::Framing
            && let Some(frame) = self.evidence.frames().last().map(|seen| seen.frame.clone())
        {
            self.weigh_as_probe(&frame);
        }
    }

    fn weigh_as_probe(&mut self, frame: &Frame) {
        let Some(face) = frame.only_face() else { return };
        let merit = rounded(face.sharpness.min(400.0) - PROBE_COST_PER_DEGREE * face.yaw.abs());
        if self.probe.as_ref().is_none_or(|(best, _)| merit > *best) {
            self.probe = Some((merit, kept(frame, face)));
        }
    }

    /// A turned face replaces the one before of the same step, until the next step is issued.
    fn weigh_as_turned(&mut self, frame: &Frame) {
        let Phase::Doing { index, step, .. } = self.phase else { return };
        if step.turn().is_some()
            && self.run > 0
            && is_like_reference(frame, OTHER_FACE)
            && let Some(face) = frame.only_face()
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

/// Whether the frame was compared with the reference, and is as like it at least: images are of who was checked.
fn is_like_reference(frame: &Frame, least: f64) -> bool {
    let similarity = frame.only_face().and_then(|face| face.compared?.similarity);
    similarity.is_some_and(|similarity| similarity >= least)
}

fn kept(frame: &Frame, face: &Face) -> KeptImage {
    KeptImage { seq: frame.seq, sha256: frame.sha256, bounding_box: face.bounds }
}
