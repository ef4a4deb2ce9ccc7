use crate::actors::inference::{Job, Reference};
use bytes::Bytes;
use liveness_events::session::{Attempt, Session, SessionEvent};
use liveness_models::Likeness;
use std::sync::Arc;

/// Of so many frames, one is described that need not be.
const SPOT_CHECKS: u32 = 6;

/// Has the frames of an attempt measured against its reference: the frame at which the first step was issued.
#[derive(Debug, Clone, Default)]
pub struct Comparing(Option<(u8, Reference)>);

impl Comparing {
    /// What is to be measured on the next picture of this attempt. Beside those that must be, one in six is described by
    /// `chance`: nobody knows before in which frame another face would be seen.
    #[must_use]
    pub fn job(&self, attempt: &Attempt, jpeg: Bytes, chance: u32) -> Job {
        // A reference of an attempt before is none of this one.
        let reference = self.0.as_ref().filter(|(number, _)| *number == attempt.number);
        Job {
            seq: attempt.next_seq(),
            jpeg,
            reference: reference.map(|(_, reference)| reference.clone()),
            describe: attempt.wants_descriptor() || chance.is_multiple_of(SPOT_CHECKS),
        }
    }

    /// Takes note of a frame that was recorded by these events, which `session` holds already.
    pub fn recorded(
        &mut self,
        session: &Session,
        events: &[SessionEvent],
        seq: u32,
        likeness: Option<Arc<Likeness>>,
    ) {
        let first = events.iter().any(|event| matches!(event, SessionEvent::StepIssued { index: 0, .. }));
        if let (true, Some(attempt)) = (first, session.attempt()) {
            self.0 = likeness.map(|likeness| (attempt.number, Reference { seq, likeness }));
        }
    }
}
