use serde::Serialize;
use statrs::distribution::{Beta, ContinuousCDF as _};

/// Probability that an interval leaves out on each side: 95 % lie within.
const TAIL: f64 = 0.025;

/// So many of so many, with the exact 95 % interval of Clopper and Pearson (Biometrika 26, 1934) for independent trials.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Proportion {
    /// Those that count.
    pub count: usize,
    /// All.
    pub of: usize,
    /// Their ratio, 0 to 1; none of nothing.
    pub rate: Option<f64>,
    /// Lower end of the interval, 0 to 1.
    pub low: f64,
    /// Upper end of the interval, 0 to 1.
    pub high: f64,
}

impl Proportion {
    /// `count` of `of`; more than all are taken for all.
    #[must_use]
    pub fn new(count: usize, of: usize) -> Self {
        let count = count.min(of);
        let (hits, misses) = (count as f64, (of - count) as f64);
        Self {
            count,
            of,
            rate: (of > 0).then(|| hits / of as f64),
            low: beta_quantile(hits, misses + 1.0, TAIL).unwrap_or(0.0),
            high: beta_quantile(hits + 1.0, misses, 1.0 - TAIL).unwrap_or(1.0),
        }
    }

    /// Counts what is true.
    #[must_use]
    pub fn of(each: impl IntoIterator<Item = bool>) -> Self {
        let (mut count, mut of) = (0, 0);
        for hit in each {
            count += usize::from(hit);
            of += 1;
        }
        Self::new(count, of)
    }
}

/// None where a shape is 0: that end of the interval is the end of the scale.
fn beta_quantile(a: f64, b: f64, probability: f64) -> Option<f64> {
    Beta::new(a, b).ok().map(|beta| beta.inverse_cdf(probability))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 5e-6, "{value} is not {expected}");
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        for (count, of, low, high) in [
            (0, 200, 0.0, 0.018275),
            (3, 500, 0.001239, 0.017434),
            (5, 10, 0.187086, 0.812914),
            (9, 10, 0.554984, 0.997471),
            (10, 10, 0.691503, 1.0),
            (0, 1, 0.0, 0.975),
        ] {
            let proportion = Proportion::new(count, of);
            close(proportion.low, low);
            close(proportion.high, high);
        }
    }

    /// Probability of at most `count` hits of `of`, summed term by term.
    fn at_most(count: usize, of: usize, rate: f64) -> f64 {
        let mut term = (of as f64 * (1.0 - rate).ln()).exp();
        let mut sum = term;
        for hit in 0..count {
            term *= (of - hit) as f64 / (hit + 1) as f64 * rate / (1.0 - rate);
            sum += term;
        }
        sum
    }

    #[test]
    fn each_end_leaves_a_fortieth_to_what_was_seen() {
        for (count, of) in [(1, 3), (1, 200), (3, 500), (17, 60), (58, 60), (250, 700)] {
            let proportion = Proportion::new(count, of);
            close(at_most(count, of, proportion.high), TAIL);
            close(1.0 - at_most(count - 1, of, proportion.low), TAIL);
        }
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        let nothing = Proportion::of([]);
        assert_eq!((nothing.rate, nothing.low, nothing.high), (None, 0.0, 1.0));
        assert_eq!(Proportion::of([true, false, true, true]).rate, Some(0.75));
    }
}
