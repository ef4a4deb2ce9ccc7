use super::{Session, SessionEvent};
use crate::verdict::{self, PolicyVersion, Verdict};
use serde::Serialize;

/// A recorded verdict beside the one that follows from the recorded measurements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// Policy that judged.
    pub policy: PolicyVersion,
    /// What was recorded.
    pub recorded: Verdict,
    /// What the events before it amount to; none where they hold no capture to judge.
    pub recomputed: Option<Verdict>,
}

impl Replayed {
    /// Whether the two are the same to the last digit.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.recomputed.as_ref() == Some(&self.recorded)
    }
}

/// Recomputes a session's verdict from its events, by the policy that judged; none for a session without one.
#[must_use]
pub fn replay(events: &[SessionEvent]) -> Option<Replayed> {
    let (index, policy, recorded) = verdict_in(events)?;
    let recomputed = judge(&events[..index], policy);
    Some(Replayed { policy, recorded: recorded.clone(), recomputed })
}

/// What another policy says of the attempt that was scored; none for a session without a verdict.
#[must_use]
pub fn replay_by(events: &[SessionEvent], policy: PolicyVersion) -> Option<Verdict> {
    let (index, ..) = verdict_in(events)?;
    judge(&events[..index], policy)
}

fn verdict_in(events: &[SessionEvent]) -> Option<(usize, PolicyVersion, &Verdict)> {
    events.iter().enumerate().find_map(|(index, event)| match event {
        SessionEvent::Completed { policy, verdict, .. } => Some((index, *policy, verdict)),
        _ => None,
    })
}

fn judge(before: &[SessionEvent], policy: PolicyVersion) -> Option<Verdict> {
    let before = Session::fold(before);
    let (created, attempt) = before.created().zip(before.attempt())?;
    Some(verdict::judge(policy, &attempt.evidence, created.threshold))
}
