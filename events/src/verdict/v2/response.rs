//! How a part of the picture answers the colours that the screen showed.
//!
//! Chroma, as logarithms of red over green and blue over green, cancels automatic exposure; polynomials of degree 2 over
//! time take off what cameras and heads do slowly, most of automatic white balance among it. What is left is set against
//! the chroma of what was shown, for each delay that screen, camera and encoder may take. The estimator is an own one
//! (docs/accuracy.md); that faces answer active light is Tang et al., Face Flashing, NDSS 2018.

use super::ramp::mean;
use crate::challenge::Colour;
use crate::measurement::Cues;
use crate::verdict::{Evidence, Issued, Seen};

/// Frames that an estimate needs: two for each colour.
const LEAST_FRAMES: usize = 16;
/// From a colour's being told to its being seen, beyond the round trip: screen, camera and encoder take 50 to 400 ms.
const DELAYS_MILLIS: std::ops::RangeInclusive<u64> = 0..=500;
/// Step between the delays that are tried.
const DELAY_STEP: usize = 50;
/// Regions of skin whose mean is taken.
pub(super) const SKIN: [&str; 5] = ["forehead", "left_cheek", "right_cheek", "nose", "chin"];

/// What of a chroma the shown colours explain, at the delay that explains most.
pub(super) struct Response {
    /// Multiple correlation, 0 to 1.
    pub(super) correlation: f64,
    /// Change of the chroma's logarithm for a colour's full light.
    pub(super) slope: f64,
    /// Root mean square of the chroma's changes that the shown colours do not explain.
    pub(super) unexplained: f64,
    /// Milliseconds from the telling of a colour to its being seen.
    pub(super) delay: f64,
    /// How bright it is: mean logarithm of its green.
    pub(super) level: f64,
}

/// The colours that were shown, and the frames that saw them.
pub(super) struct Lit<'a> {
    evidence: &'a Evidence,
    first: &'a Issued,
    frames: &'a [Seen],
}

/// Chroma in one frame, and when it was seen: red and blue over green; and the logarithm of green.
struct Sample {
    millis: f64,
    chroma: [f64; 2],
    level: f64,
}

impl<'a> Lit<'a> {
    /// The first colour, and the frames from it to the end of the last one; none where no colour was shown.
    pub(super) fn of(evidence: &'a Evidence) -> Option<Self> {
        let mut colours = evidence.asked().filter(|asked| asked.issued.step.colour().is_some());
        let first = colours.next()?;
        let last = colours.last().unwrap_or(first);
        let end = last.issued.frames_before + last.frames.len();
        let frames = evidence.frames().get(first.issued.frames_before..end)?;
        Some(Self { evidence, first: first.issued, frames })
    }

    /// How the mean of these regions answers, at the best of all delays; none where there are too few frames of it.
    pub(super) fn response(&self, regions: &[&str]) -> Option<Response> {
        let trip = self.round_trip_millis();
        let delays = DELAYS_MILLIS.step_by(DELAY_STEP).map(|delay| delay as f64 + trip);
        self.best(|cues| sum_of(regions, cues), delays)
    }

    /// How a colour answers at this delay.
    pub(super) fn response_at(
        &self,
        colour: impl Fn(&Cues) -> Option<[f64; 3]>,
        delay: f64,
    ) -> Option<Response> {
        self.best(colour, std::iter::once(delay))
    }

    fn best(
        &self,
        colour: impl Fn(&Cues) -> Option<[f64; 3]>,
        delays: impl Iterator<Item = f64>,
    ) -> Option<Response> {
        let samples: Vec<Sample> =
            self.frames.iter().filter_map(|seen| self.sample(seen, colour(seen.cues())?)).collect();
        if samples.len() < LEAST_FRAMES {
            return None;
        }
        let times: Vec<f64> = samples.iter().map(|sample| sample.millis).collect();
        let drift = Drift::over(&times);
        let seen = [0, 1].map(|channel| drift.taken_off(samples.iter().map(|sample| sample.chroma[channel])));
        let total = dot(&seen, &seen);
        let fits = delays.map(|delay| {
            let shown = [0, 1].map(|channel| {
                drift.taken_off(times.iter().map(|time| self.chroma_shown(time - delay)[channel]))
            });
            (delay, Fit::of(&seen, &shown))
        });
        let (delay, fit) = fits.max_by(|(_, a), (_, b)| a.explained.total_cmp(&b.explained))?;
        Some(Response {
            correlation: if total > 0.0 { (fit.explained / total).sqrt() } else { 0.0 },
            slope: fit.slope,
            unexplained: ((total - fit.explained).max(0.0) / (2 * samples.len()) as f64).sqrt(),
            delay,
            level: mean(samples.iter().map(|sample| sample.level))?,
        })
    }

    fn sample(&self, seen: &Seen, colour: [f64; 3]) -> Option<Sample> {
        seen.only_face()?;
        let [red, green, blue] = colour.map(f64::ln);
        let chroma = [red - green, blue - green];
        // The picture lay with the server for a while.
        let waited = seen.cues().number("waited").unwrap_or(0.0).max(0.0) * 1000.0;
        let millis = seen.at.since(self.first.at).as_millis() as f64 - waited;
        chroma.iter().all(|value| value.is_finite()).then_some(Sample { millis, chroma, level: green })
    }

    fn round_trip_millis(&self) -> f64 {
        let trips = self.frames.iter().filter_map(|seen| seen.cues().number("round_trip"));
        mean(trips).unwrap_or(0.0).clamp(0.0, 1.0) * 1000.0
    }

    /// The chroma of what was shown at a time after the first colour; before it, of nothing.
    fn chroma_shown(&self, millis: f64) -> [f64; 2] {
        let told = |issued: &&Issued| issued.at.since(self.first.at).as_millis() as f64 <= millis;
        let colours =
            self.evidence.issued().iter().filter(|issued| issued.at >= self.first.at).take_while(told);
        colours.filter_map(|issued| issued.step.colour()).last().map_or([0.0, 0.0], chroma_of)
    }
}

/// The sum of the regions that were seen; none of none.
fn sum_of(regions: &[&str], cues: &Cues) -> Option<[f64; 3]> {
    let colours = regions.iter().filter_map(|region| cues.get::<3>(region));
    colours.reduce(|sum, colour| [sum[0] + colour[0], sum[1] + colour[1], sum[2] + colour[2]])
}

fn chroma_of(colour: Colour) -> [f64; 2] {
    let [red, green, blue] = colour.rgb().map(f64::from);
    [red - green, blue - green]
}

fn dot(a: &[Vec<f64>; 2], b: &[Vec<f64>; 2]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

/// What of a series lies along another one.
struct Fit {
    slope: f64,
    /// The part of the square sum.
    explained: f64,
}

impl Fit {
    /// Both channels by one factor; nothing where the one lies against the other.
    fn of(seen: &[Vec<f64>; 2], shown: &[Vec<f64>; 2]) -> Self {
        let (product, square) = (dot(seen, shown), dot(shown, shown));
        if product > 0.0 && square > 0.0 {
            Self { slope: product / square, explained: product * product / square }
        } else {
            Self { slope: 0.0, explained: 0.0 }
        }
    }
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
