//! The colour of the skin follows the colours that the screen showed, in time.
//!
//! Unit: multiple correlation (0 to 1) between the shown colours and the chroma of the skin ([`super::response`]). Source:
//! active illumination against replays (Tang et al., Face Flashing, NDSS 2018; Liu et al., Aurora Guard, 2019); the ramp
//! is own measurement (docs/accuracy.md). Fails in bright rooms, where nothing comes back: the light is then unclear, not
//! answered wrongly. Says nothing against light that software lays on a picture in time.

use super::ramp::Ramp;
use super::response::{Lit, Response, SKIN};
use super::{Found, Signal};
use crate::verdict::Evidence;

/// Of simulated sequences that were not shown, with the choice of the best delay, one in 20 reaches 0.6 and one in 1000
/// 0.85; of those that were shown, under white balance, 99 in 100 reach 0.78.
const RAMP: Ramp = Ramp { zero: 0.65, one: FOLLOWED };
/// Correlation from which the light was clearly followed.
pub(super) const FOLLOWED: f64 = 0.82;
/// Root mean square of what the shown colours do not explain, below which it may be noise and a moving head: then the
/// room is brighter than the screen. Living clips have up to 0.011 where little light comes back.
const NOISE: f64 = 0.012;

pub(super) const SIGNAL: Signal =
    Signal { name: "light", weight: 1.0, doubt: 0.05, reason: "light_not_followed", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let response = response(evidence)?;
    (!response_is_unclear(&response)).then(|| Found::ramped(response.correlation, &RAMP))
}

/// Whether light was asked for and came back too weak to tell whether it was answered.
#[must_use]
pub fn is_unclear(evidence: &Evidence) -> bool {
    let asked = evidence.issued().iter().any(|issued| issued.step.colour().is_some());
    asked && response(evidence).is_none_or(|response| response_is_unclear(&response))
}

fn response(evidence: &Evidence) -> Option<Response> {
    Lit::of(evidence)?.response(&SKIN)
}

fn response_is_unclear(response: &Response) -> bool {
    response.correlation < RAMP.one && response.unexplained < NOISE
}
