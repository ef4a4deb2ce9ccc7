//! Policy 2: what policy 1 asks, and distance, coloured light, and what a series of pictures betrays.
//!
//! Each signal maps what it measured to a score between 0 and 1 and bears a weight: the share of the confidence that it
//! can take away alone. The confidence is 100 times the product of what each leaves, so that more evidence for life never
//! lowers it. A signal that is missing leaves what its doubt leaves, so that it does not count as passed; it has no doubt of
//! its own where another signal has it for the same lack (`shading` and `glass` without light, `pacing` without turns).

mod approach;
mod backdrop;
mod continuity;
mod gaze;
mod glass;
mod grain;
mod light;
mod one_face;
mod pacing;
mod passive;
mod ramp;
mod relief;
mod response;
mod same_face;
mod shading;
mod stream;
mod turn;

pub use approach::is_distance_reached;
pub use continuity::{has_jumped, is_too_slow};
pub use light::is_unclear as light_is_unclear;
pub use same_face::{OTHER_FACE, SAME_FACE};

use super::{Evidence, Reason, SignalScore, Verdict};
use crate::measurement::rounded;
use crate::values::Threshold;
use ramp::Ramp;

/// One signal of the policy.
struct Signal {
    name: &'static str,
    /// Share of the confidence that a score of 0 takes away.
    weight: f64,
    /// Share of the confidence that is taken away where nothing could be measured.
    doubt: f64,
    /// Code for the integrator where the score is below 1, or missing and held against the person as if it were 0.
    reason: &'static str,
    measure: fn(&Evidence) -> Option<Found>,
}

/// What a signal found.
struct Found {
    /// In the signal's own unit.
    value: f64,
    /// 0 to 1.
    score: f64,
    /// Another code than the signal's usual one.
    reason: Option<&'static str>,
}

/// All of them. A signal is a file of this folder and a line here; one that needs a new cue is besides a file of
/// `models/src/cues` and a line there.
const SIGNALS: &[Signal] = &[
    turn::SIGNAL,
    relief::SIGNAL,
    gaze::SIGNAL,
    one_face::SIGNAL,
    same_face::SIGNAL,
    approach::SIGNAL,
    backdrop::SIGNAL,
    light::SIGNAL,
    shading::SIGNAL,
    glass::SIGNAL,
    pacing::SIGNAL,
    continuity::SIGNAL,
    passive::SIGNAL,
    grain::SIGNAL,
    stream::SIGNAL,
];

/// Names and weights of the signals, in the order in which a verdict lists them.
pub fn signals() -> impl Iterator<Item = (super::Signal, f64)> {
    SIGNALS.iter().map(|signal| (super::Signal::new(signal.name), signal.weight))
}

pub(super) fn judge(evidence: &Evidence, threshold: Threshold) -> Verdict {
    let found: Vec<(&Signal, Option<Found>)> =
        SIGNALS.iter().map(|signal| (signal, (signal.measure)(evidence))).collect();
    let confidence = confidence(&found);
    Verdict {
        passed: confidence > f64::from(threshold.get()),
        confidence,
        threshold: threshold.get(),
        signals: found.iter().map(|(signal, found)| signal.score(found.as_ref())).collect(),
        reasons: found.iter().filter_map(|(signal, found)| signal.reason(found.as_ref())).collect(),
    }
}

/// 0 to 100, to a tenth.
fn confidence(found: &[(&Signal, Option<Found>)]) -> f64 {
    let left: f64 = found.iter().map(|(signal, found)| signal.leaves(found.as_ref())).product();
    (100.0 * left * 10.0).round() / 10.0
}

impl Signal {
    /// Share of the confidence that is left.
    fn leaves(&self, found: Option<&Found>) -> f64 {
        1.0 - found.map_or(self.doubt, |found| self.weight * (1.0 - found.score))
    }

    fn score(&self, found: Option<&Found>) -> SignalScore {
        SignalScore {
            signal: super::Signal::new(self.name),
            value: found.map(|found| rounded(found.value)),
            score: found.map(|found| rounded(found.score)),
            lost: rounded(100.0 * (1.0 - self.leaves(found))),
        }
    }

    /// None where nothing is held against the person, nor for a lack that takes less than a score of 0.
    fn reason(&self, found: Option<&Found>) -> Option<Reason> {
        let is_against = found.map_or(self.doubt >= self.weight, |found| found.score < 1.0);
        is_against.then(|| Reason::new(found.and_then(|found| found.reason).unwrap_or(self.reason)))
    }
}

impl Found {
    fn ramped(value: f64, ramp: &Ramp) -> Self {
        Self { value, score: ramp.score(value), reason: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// For each signal none or its score, as often from its ends as from between.
    fn scores() -> impl Strategy<Value = Vec<Option<f64>>> {
        let score = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 2 => 0.0..=1.0_f64];
        proptest::collection::vec(proptest::option::weighted(0.8, score), SIGNALS.len())
    }

    fn confidence_of(scores: &[Option<f64>]) -> f64 {
        let found = |score: f64| Found { value: score, score, reason: None };
        let found: Vec<_> = SIGNALS.iter().zip(scores.iter().map(|score| score.map(found))).collect();
        confidence(&found)
    }

    proptest! {
        #[test]
        fn more_evidence_for_life_never_lowers_the_confidence(scores in scores(), more in 0.0..=1.0_f64) {
            let before = confidence_of(&scores);
            prop_assert!((0.0..=100.0).contains(&before));
            for place in 0..SIGNALS.len() {
                let mut raised = scores.clone();
                raised[place] = raised[place].map(|score| score + more * (1.0 - score));
                prop_assert!(confidence_of(&raised) >= before, "{}", SIGNALS[place].name);
            }
        }

        /// Nobody gains by keeping from being measured what would be found in full.
        #[test]
        fn a_signal_that_is_missing_never_counts_for_more_than_one_that_is_passed(scores in scores()) {
            for place in 0..SIGNALS.len() {
                let (mut missing, mut full) = (scores.clone(), scores.clone());
                (missing[place], full[place]) = (None, Some(1.0));
                prop_assert!(confidence_of(&missing) <= confidence_of(&full), "{}", SIGNALS[place].name);
            }
        }
    }

    #[test]
    fn each_reason_is_told_to_integrators() {
        let told = include_str!("../../../docs/reasons.md");
        for signal in SIGNALS {
            let row = told.lines().find(|line| line.contains(&format!("| `{}` |", signal.name)));
            let row = row.unwrap_or_else(|| panic!("docs/reasons.md has no row of {}", signal.name));
            assert!(row.contains(&format!("`{}`", signal.reason)), "{row}");
        }
    }
}
