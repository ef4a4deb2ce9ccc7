/// A value and the two ends of the straight ramp that leads from score 0 to score 1.
pub(super) struct Ramp {
    pub(super) zero: f64,
    pub(super) one: f64,
}

impl Ramp {
    pub(super) fn score(&self, value: f64) -> f64 {
        // Plus none: at its very foot a ramp that falls would give -0, and the log would write that.
        ((value - self.zero) / (self.one - self.zero)).clamp(0.0, 1.0) + 0.0
    }
}

/// The mean; none of nothing.
pub(super) fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.into_iter().fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// The median, the lower one of two in the middle; none of nothing.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_begins_at_none_and_not_below() {
        for (ramp, foot) in [(Ramp { zero: 1.0, one: 0.0 }, 1.0), (Ramp { zero: 0.5, one: 0.8 }, 0.5)] {
            assert_eq!(ramp.score(foot).to_bits(), 0.0_f64.to_bits());
            assert_eq!(ramp.score(ramp.one), 1.0);
        }
    }
}
