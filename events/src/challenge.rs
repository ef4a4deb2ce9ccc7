//! What a session asks of the person, step by step: drawn by the server, told one at a time.

mod draw;
mod step;

pub use step::{Colour, Step, Turn, Way};

use crate::verdict::PolicyVersion;

/// Turns of a challenge of policy 1.
pub const TURNS_V1: usize = 4;

/// The steps of one attempt, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    policy: PolicyVersion,
    way: Way,
    steps: Vec<Step>,
    fallback: Vec<Step>,
}

impl Challenge {
    /// Takes back a challenge of policy 2 that a log recorded; none where it asks for nothing.
    #[must_use]
    pub fn recorded(way: Way, steps: Vec<Step>, fallback: Vec<Step>) -> Option<Self> {
        (!steps.is_empty()).then_some(Self { policy: PolicyVersion::V2, way, steps, fallback })
    }

    /// Takes back an order of turns that policy 1 asked for: after each turn a look ahead. None where their number is
    /// another.
    #[must_use]
    pub fn from_turns(turns: &[Turn]) -> Option<Self> {
        let steps = turns.iter().flat_map(|turn| [Step::from(*turn), Step::Hold]).collect();
        let challenge = Self { policy: PolicyVersion::V1, way: Way::Motion, steps, fallback: vec![] };
        (turns.len() == TURNS_V1).then_some(challenge)
    }

    /// The policy that judges what follows from it.
    #[must_use]
    pub const fn policy(&self) -> PolicyVersion {
        self.policy
    }

    /// With coloured light or without.
    #[must_use]
    pub const fn way(&self) -> Way {
        self.way
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// More motion, asked for after the steps where the light could not be measured.
    #[must_use]
    pub fn fallback(&self) -> &[Step] {
        &self.fallback
    }

    /// The turns among the steps, in order.
    pub fn turns(&self) -> impl Iterator<Item = Turn> {
        self.steps.iter().filter_map(|step| step.turn())
    }

    /// The step of this number, also beyond the last one where the light could not be measured.
    #[must_use]
    pub fn step(&self, index: u32, light_is_unclear: bool) -> Option<Step> {
        let index = usize::try_from(index).ok()?;
        let beyond = || self.fallback.get(index - self.steps.len()).filter(|_| light_is_unclear);
        self.steps.get(index).or_else(beyond).copied()
    }
}
