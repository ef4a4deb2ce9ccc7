use super::{Text, section};
use crate::eval::summary::Summary;
use crate::eval::trial::{Kind, Trial};
use crate::eval::words::{counted, spaced};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Bars from 0 to 100.
const BINS: usize = 20;
/// Points of confidence of one bar.
const STEP: f64 = 100.0 / BINS as f64;
/// Height of a row's drawing, in its units; the width is 100, as the confidence.
const HEIGHT: f64 = 24.0;
/// A bar of one trial can be seen beside one of a thousand.
const LEAST: f64 = 1.5;

/// How the confidence is spread, for the living and for each species.
pub(super) fn write(out: &mut String, summary: &Summary, trials: &[&Trial]) -> fmt::Result {
    let about = "Each row has its own height. Full colour marks errors: living persons at or below the threshold, attacks \
                 above it.";
    section(out, "confidence", "Confidence by kind", about)?;
    let threshold = summary.rates.threshold;
    let mut kinds = BTreeMap::<&Kind, Row>::new();
    for trial in trials {
        let row = kinds.entry(&trial.kind).or_default();
        match trial.scored() {
            Some(scored) => row.add(scored.confidence, threshold),
            None => row.silent += 1,
        }
    }
    out.write_str("<div class=\"histogram\">\n")?;
    for (kind, row) in &kinds {
        row.write(out, kind, threshold)?;
    }
    write!(
        out,
        "<div class=\"hrow axis\" aria-hidden=\"true\"><span></span><span class=\"ticks\"><i>0</i><i>20</i><i>40</i>\
         <i>60</i><i>80</i><i>100</i></span><span></span></div>\n</div>\n</section>\n"
    )
}

/// What one kind came to: for each bar those that did not pass and those that passed.
#[derive(Default)]
struct Row {
    bars: [[usize; 2]; BINS],
    silent: usize,
}

impl Row {
    fn add(&mut self, confidence: f64, threshold: f64) {
        // A bar holds what is above its lower end, up to its upper one, as a threshold divides.
        let bin = ((confidence / STEP).ceil() as usize).saturating_sub(1).min(BINS - 1);
        if let Some(bar) = self.bars.get_mut(bin) {
            bar[usize::from(confidence > threshold)] += 1;
        }
    }

    fn count(&self, passed: bool) -> usize {
        self.bars.iter().map(|bar| bar[usize::from(passed)]).sum()
    }

    fn write(&self, out: &mut String, kind: &Kind, threshold: f64) -> fmt::Result {
        let bona_fide = *kind == Kind::BonaFide;
        let (class, name) = match kind {
            Kind::BonaFide => ("living", "bona fide".to_owned()),
            Kind::Attack(species) => ("attack", spaced(species)),
        };
        let (passed, stopped) = (self.count(true), self.count(false));
        let mut told = format!("{passed} passed, {stopped} not");
        if self.silent > 0 {
            write!(told, ", {} no score", self.silent)?;
        }
        let scored = counted(passed + stopped, "trial scored", "trials scored");
        write!(
            out,
            "<div class=\"hrow {class}\"><span class=\"name\">{}</span><svg viewBox=\"0 0 100 {HEIGHT}\" \
             preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{scored}: {told}\">",
            Text(&name)
        )?;
        let highest = self.bars.iter().map(|[stopped, passed]| stopped + passed).max().unwrap_or(0).max(1);
        for (bin, bar) in self.bars.iter().enumerate() {
            let mut top = HEIGHT;
            for (count, passes) in bar.iter().zip([false, true]).filter(|(count, _)| **count > 0) {
                let height = ((HEIGHT - 1.0) * *count as f64 / highest as f64).max(LEAST);
                top -= height;
                let class = if passes == bona_fide { "right" } else { "wrong" };
                let (x, width) = (bin as f64 * STEP + 0.3, STEP - 0.6);
                write!(
                    out,
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.2}\" width=\"{width:.1}\" height=\"{height:.2}\"/>"
                )?;
            }
        }
        writeln!(
            out,
            "<line class=\"threshold\" x1=\"{threshold}\" x2=\"{threshold}\" y1=\"0\" y2=\"{HEIGHT}\"/></svg>\
             <span class=\"told\">{told}</span></div>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_stands_between_two_bars() {
        let mut row = Row::default();
        [0.0, 0.1, 5.0, 5.1, 70.0, 70.1, 100.0].into_iter().for_each(|confidence| row.add(confidence, 70.0));
        assert_eq!(row.bars[0], [3, 0]);
        assert_eq!(row.bars[1], [1, 0]);
        assert_eq!((row.bars[13], row.bars[14], row.bars[19]), ([1, 0], [0, 1], [0, 1]));
    }
}
