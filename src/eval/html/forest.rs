//! An interval as a line with a dot, so that a column of them can be compared at a glance.

use crate::eval::proportion::Proportion;

/// Units of the drawing, which is stretched to its cell.
const WIDTH: f64 = 200.0;

/// The end of a scale on which all of these intervals have room: a round ratio.
pub(super) fn scale<'a>(proportions: impl IntoIterator<Item = &'a Proportion>) -> f64 {
    let known = proportions.into_iter().filter(|proportion| proportion.of > 0);
    let widest = known.map(|proportion| proportion.high).fold(0.0, f64::max);
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|end| widest <= *end).unwrap_or(1.0)
}

/// The interval of a rate on a scale from 0 to `end`. The numbers stand beside it, so it says nothing to who hears the page.
pub(super) fn whisker(proportion: &Proportion, end: f64) -> String {
    let Some(rate) = proportion.rate else { return String::new() };
    drawn(proportion.low / end, rate / end, proportion.high / end, "")
}

/// The interval of an area, on a scale from 0 to 1 whose middle is marked.
pub(super) fn area_whisker(area: f64, interval: Option<(f64, f64)>) -> String {
    let (low, high) = interval.unwrap_or((area, area));
    let middle = WIDTH / 2.0;
    drawn(
        low,
        area,
        high,
        &format!("<line class=\"middle\" x1=\"{middle}\" x2=\"{middle}\" y1=\"0\" y2=\"16\"/>"),
    )
}

fn drawn(low: f64, at: f64, high: f64, behind: &str) -> String {
    let x = |ratio: f64| 4.0 + ratio.clamp(0.0, 1.0) * (WIDTH - 8.0);
    let (low, at, high) = (x(low), x(at), x(high));
    format!(
        "<svg class=\"whisker\" viewBox=\"0 0 {WIDTH} 16\" aria-hidden=\"true\">{behind}\
         <line class=\"base\" x1=\"4\" x2=\"{}\" y1=\"8\" y2=\"8\"/>\
         <line class=\"span\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"8\" y2=\"8\"/>\
         <circle cx=\"{at:.1}\" cy=\"8\" r=\"4\"/></svg>",
        WIDTH - 4.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round_and_wide_enough() {
        assert_eq!(scale([&Proportion::new(0, 200), &Proportion::new(3, 500)]), 0.02);
        assert_eq!(scale([&Proportion::new(0, 0), &Proportion::new(9, 10)]), 1.0);
        assert_eq!(scale([&Proportion::new(0, 0)]), 0.01);
    }
}
