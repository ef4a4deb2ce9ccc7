//! The colour of the skin follows the colours that the screen showed, in time.
//!
//! Unit: multiple correlation (0 to 1) between the shown colours and the chroma of the skin, over the frames of the
//! colours, after a slow drift was taken off. Source: active illumination against replays (Tang et al., Face Flashing,
//! NDSS 2018; Liu et al., Aurora Guard, 2019); the estimator and its ramp are own measurement (docs/accuracy.md). Chroma,
//! as logarithms of red over green and blue over green, cancels automatic exposure; the drift, most of automatic white
//! balance. Fails in bright rooms, where nothing comes back: the light is then unclear, not answered wrongly.

use super::ramp::Ramp;
use super::{Found, Signal};
use crate::challenge::Colour;
use crate::verdict::{Evidence, Issued, Seen};

/// Of simulated sequences that were not shown, with the choice of the best delay, one in 20 reaches 0.6 and one in 1000
/// 0.85; of those that were shown, under white balance, 99 in 100 reach 0.78.
const RAMP: Ramp = Ramp { zero: 0.65, one: 0.82 };
/// Frames that the estimate needs: two for each colour.
const LEAST_FRAMES: usize = 16;
/// From a colour's being told to its being seen on the face, beyond the round trip: screen, camera and encoder take 50
/// to 400 ms.
const DELAYS_MILLIS: std::ops::RangeInclusive<u64> = 0..=500;
/// Step between the delays that are tried.
const DELAY_STEP: usize = 50;
/// Root mean square of what the shown colours do not explain, below which it may be noise and a moving head: then the
/// room is brighter than the screen. Living clips have up to 0.011 where little light comes back.
const NOISE: f64 = 0.012;
/// Regions of skin whose mean is taken.
const SKIN: [&str; 5] = ["forehead", "left_cheek", "right_cheek", "nose", "chin"];

pub(super) const SIGNAL: Signal =
    Signal { name: "light", weight: 1.0, doubt: 0.05, reason: "light_not_followed", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let response = response(evidence)?;
    (!response.is_unclear()).then(|| Found::ramped(response.correlation, &RAMP))
}

/// Whether light was asked for and came back too weak to tell whether it was answered.
#[must_use]
pub fn is_unclear(evidence: &Evidence) -> bool {
    let asked = evidence.issued().iter().any(|issued| issued.step.colour().is_some());
    asked && response(evidence).is_none_or(|response| response.is_unclear())
}

struct Response {
    correlation: f64,
    /// Root mean square of the chroma's changes that the shown colours do not explain.
    unexplained: f64,
}

impl Response {
    fn is_unclear(&self) -> bool {
        self.correlation < RAMP.one && self.unexplained < NOISE
    }
}

/// Chroma of the skin in one frame, and when it was seen: red and blue over green.
struct Sample {
    millis: f64,
    chroma: [f64; 2],
}

/// The best response over all delays; none where there are too few frames.
fn response(evidence: &Evidence) -> Option<Response> {
    let (lit, frames) = lit(evidence)?;
    let samples: Vec<Sample> = frames.iter().filter_map(|seen| sample(lit, seen)).collect();
    if samples.len() < LEAST_FRAMES {
        return None;
    }
    let times: Vec<f64> = samples.iter().map(|sample| sample.millis).collect();
    let drift = Drift::over(&times);
    let seen = [0, 1].map(|channel| drift.taken_off(samples.iter().map(|sample| sample.chroma[channel])));
    let total: f64 = seen.iter().flatten().map(|value| value * value).sum();
    let trip = round_trip_millis(frames);
    let delays = DELAYS_MILLIS.step_by(DELAY_STEP).map(|delay| delay as f64 + trip);
    let explained = delays.map(|delay| {
        let shown = [0, 1].map(|channel| {
            drift.taken_off(times.iter().map(|time| chroma_shown(evidence, lit, time - delay)[channel]))
        });
        along(&seen, &shown)
    });
    let best = explained.fold(0.0, f64::max);
    let correlation = if total > 0.0 { (best / total).sqrt() } else { 0.0 };
    let unexplained = ((total - best).max(0.0) / (2 * samples.len()) as f64).sqrt();
    Some(Response { correlation, unexplained })
}

/// The first colour, and the frames from it to the end of the last one.
fn lit(evidence: &Evidence) -> Option<(&Issued, &[Seen])> {
    let mut colours = evidence.asked().filter(|asked| asked.issued.step.colour().is_some());
    let first = colours.next()?;
    let last = colours.last().unwrap_or(first);
    let end = last.issued.frames_before + last.frames.len();
    Some((first.issued, evidence.frames().get(first.issued.frames_before..end)?))
}

fn sample(first: &Issued, seen: &Seen) -> Option<Sample> {
    seen.only_face()?;
    let regions: Vec<[f64; 3]> = SKIN.iter().filter_map(|region| seen.cues().get(region)).collect();
    let channel = |channel: usize| regions.iter().map(|colour| colour[channel]).sum::<f64>().ln();
    let [red, green, blue] = [channel(0), channel(1), channel(2)];
    let chroma = [red - green, blue - green];
    // The picture lay with the server for a while.
    let waited = seen.cues().number("waited").unwrap_or(0.0).max(0.0) * 1000.0;
    let millis = seen.at.since(first.at).as_millis() as f64 - waited;
    chroma.iter().all(|value| value.is_finite()).then_some(Sample { millis, chroma })
}

fn round_trip_millis(frames: &[Seen]) -> f64 {
    let trips = frames.iter().filter_map(|seen| seen.cues().number("round_trip"));
    super::ramp::mean(trips).unwrap_or(0.0).clamp(0.0, 1.0) * 1000.0
}

/// The chroma of what was shown at a time after the first colour; before it, of nothing.
fn chroma_shown(evidence: &Evidence, first: &Issued, millis: f64) -> [f64; 2] {
    let told = |issued: &&Issued| issued.at.since(first.at).as_millis() as f64 <= millis;
    let colours = evidence.issued().iter().filter(|issued| issued.at >= first.at).take_while(told);
    colours.filter_map(|issued| issued.step.colour()).last().map_or([0.0, 0.0], chroma_of)
}

fn chroma_of(colour: Colour) -> [f64; 2] {
    let [red, green, blue] = colour.rgb().map(f64::from);
    [red - green, blue - green]
}

/// The part of the square sum of `seen` that lies along `shown`, both channels by one factor; nothing where it lies
/// against it.
fn along(seen: &[Vec<f64>; 2], shown: &[Vec<f64>; 2]) -> f64 {
    let dot = |a: &[Vec<f64>; 2], b: &[Vec<f64>; 2]| {
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum::<f64>()
    };
    let (product, square) = (dot(seen, shown), dot(shown, shown));
    if product > 0.0 && square > 0.0 { product * product / square } else { 0.0 }
}

/// Polynomials of degree 0 to 2 over the frames' times, orthonormal: what cameras and heads do slowly.
struct Drift([Vec<f64>; 3]);

impl Drift {
    fn over(times: &[f64]) -> Self {
        let longest = times.iter().copied().fold(1.0, f64::max);
        let mut basis: [Vec<f64>; 3] =
            [0, 1, 2].map(|degree| times.iter().map(|time| (time / longest).powi(degree)).collect());
        for degree in 0..basis.len() {
            let (before, rest) = basis.split_at_mut(degree);
            let vector = &mut rest[0];
            for other in before.iter() {
                subtract(vector, other);
            }
            let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt().max(1e-12);
            vector.iter_mut().for_each(|value| *value /= length);
        }
        Self(basis)
    }

    fn taken_off(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut values: Vec<f64> = values.collect();
        for basis in &self.0 {
            subtract(&mut values, basis);
        }
        values
    }
}

/// Takes off what lies along a unit vector.
fn subtract(values: &mut [f64], unit: &[f64]) {
    let share: f64 = values.iter().zip(unit).map(|(a, b)| a * b).sum();
    values.iter_mut().zip(unit).for_each(|(value, unit)| *value -= share * unit);
}
