//! Detection error trade-off (Martin et al. 1997): both rates of error over all thresholds, on axes on which errors of
//! normally spread numbers lie on a line.

use super::{Text, section};
use crate::eval::rates::Rates;
use crate::eval::summary::Summary;
use crate::eval::trial::Trial;
use crate::eval::words::{percent, spaced};
use statrs::distribution::{ContinuousCDF as _, Normal};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Rates at which lines and labels stand. What is below the first stands there too: the scale holds no 0.
const TICKS: [f64; 10] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
/// Ends of both axes.
const ENDS: (f64, f64) = (0.002, 0.9);
/// The drawing: its side, and the room for labels to the left and below.
const SIDE: f64 = 400.0;
const LEFT: f64 = 58.0;
const BELOW: f64 = 46.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 16.0;

/// Draws the curve of the highest APCER, those of the species behind it, and the thresholds on it.
pub(super) fn write(out: &mut String, summary: &Summary, trials: &[&Trial]) -> fmt::Result {
    let about = "Both errors over all thresholds, of scored presentations: nearer to the lower left is better. The strong line \
                 is the highest APCER of the species at each threshold, the thin ones are single species; the dots are \
                 thresholds.";
    section(out, "det", "Detection error trade-off", about)?;
    let confidences = Confidences::of(trials);
    if confidences.living.is_empty() || confidences.attacks.is_empty() {
        return out.write_str("<p>It takes scored living persons and scored attacks.</p>\n</section>\n");
    }
    let (width, height) = (LEFT + SIDE + RIGHT, TOP + SIDE + BELOW);
    writeln!(
        out,
        "<figure class=\"det\"><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Curve of BPCER over the \
         highest APCER; the table of thresholds below has the numbers\">"
    )?;
    axes(out)?;
    for (species, attacks) in &confidences.attacks {
        let points = confidences.curve(&[attacks]);
        write!(out, "<g class=\"single\"><title>{}</title>", Text(&spaced(species)))?;
        path(out, &points)?;
        out.write_str("</g>\n")?;
    }
    let all: Vec<_> = confidences.attacks.values().collect();
    out.write_str("<g class=\"highest\">")?;
    path(out, &confidences.curve(&all))?;
    out.write_str("</g>\n")?;
    marks(out, &summary.thresholds, summary.rates.threshold)?;
    out.write_str("</svg></figure>\n</section>\n")
}

/// All confidences, sorted.
struct Confidences<'a> {
    living: Vec<f64>,
    attacks: BTreeMap<&'a str, Vec<f64>>,
}

impl<'a> Confidences<'a> {
    fn of(trials: &[&'a Trial]) -> Self {
        let mut all = Self { living: Vec::new(), attacks: BTreeMap::new() };
        for trial in trials {
            let Some(scored) = trial.scored() else { continue };
            let of_kind = match trial.kind.species() {
                None => &mut all.living,
                Some(species) => all.attacks.entry(species).or_default(),
            };
            of_kind.push(scored.confidence);
        }
        all.living.sort_by(f64::total_cmp);
        all.attacks.values_mut().for_each(|confidences| confidences.sort_by(f64::total_cmp));
        all
    }

    /// The highest APCER among these species, and the BPCER, for each threshold at which one of them changes.
    fn curve(&self, species: &[&Vec<f64>]) -> Vec<(f64, f64)> {
        let mut thresholds: Vec<f64> =
            species.iter().copied().flatten().chain(&self.living).copied().collect();
        // Below all: everything passes.
        thresholds.push(-1.0);
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let apcer = |threshold| species.iter().map(|of| 1.0 - at_most(of, threshold)).fold(0.0, f64::max);
        thresholds.into_iter().map(|threshold| (apcer(threshold), at_most(&self.living, threshold))).collect()
    }
}

/// Share of sorted numbers that are at most so high.
fn at_most(sorted: &[f64], threshold: f64) -> f64 {
    sorted.partition_point(|number| *number <= threshold) as f64 / sorted.len().max(1) as f64
}

/// Place of a rate on an axis, 0 to 1.
fn place(rate: f64) -> f64 {
    let normal = Normal::standard();
    let deviate = |rate: f64| normal.inverse_cdf(rate.clamp(ENDS.0, ENDS.1));
    (deviate(rate) - deviate(ENDS.0)) / (deviate(ENDS.1) - deviate(ENDS.0))
}

fn x(rate: f64) -> f64 {
    LEFT + SIDE * place(rate)
}

fn y(rate: f64) -> f64 {
    TOP + SIDE * (1.0 - place(rate))
}

fn axes(out: &mut String) -> fmt::Result {
    let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
    for rate in TICKS {
        let label = if rate == ENDS.0 { "≤0.2".to_owned() } else { (rate * 100.0).to_string() };
        let (across, up) = (x(rate), y(rate));
        writeln!(
            out,
            "<path class=\"grid\" d=\"M{across:.1} {TOP}V{bottom}M{LEFT} {up:.1}H{right}\"/>\
             <text class=\"tick\" x=\"{across:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            bottom + 17.0,
            LEFT - 8.0,
            up + 4.0
        )?;
    }
    let (middle, down) = (LEFT + SIDE / 2.0, TOP + SIDE / 2.0);
    writeln!(
        out,
        "<text class=\"label\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">APCER, %</text>\
         <text class=\"label\" transform=\"translate(14 {down}) rotate(-90)\" text-anchor=\"middle\">BPCER, %</text>",
        bottom + 38.0
    )
}

/// Steps from point to point by the worse corner: where living and attacks share a confidence, no threshold parts them.
fn path(out: &mut String, points: &[(f64, f64)]) -> fmt::Result {
    out.write_str("<path d=\"")?;
    for (index, (apcer, bpcer)) in points.iter().enumerate() {
        let (across, up) = (x(*apcer), y(*bpcer));
        if index == 0 { write!(out, "M{across:.1} {up:.1}")? } else { write!(out, "V{up:.1}H{across:.1}")? }
    }
    out.write_str("\"/>")
}

/// A dot for each threshold; those at one place share a label.
fn marks(out: &mut String, thresholds: &[Rates], chosen: f64) -> fmt::Result {
    let mut places: Vec<(f64, f64, Vec<f64>)> = Vec::new();
    for rates in thresholds {
        let apcer = rates.highest.as_ref().and_then(|highest| highest.apcer.rate);
        let Some((apcer, bpcer)) = apcer.zip(rates.bona_fide.bpcer.rate) else { continue };
        match places.last_mut() {
            Some((x, y, at)) if (*x, *y) == (apcer, bpcer) => at.push(rates.threshold),
            _ => places.push((apcer, bpcer, vec![rates.threshold])),
        }
    }
    for (apcer, bpcer, at) in places {
        let is_chosen = at.contains(&chosen);
        let label = match (at.first(), at.last()) {
            (Some(first), Some(last)) if first != last => format!("{first}–{last}"),
            (Some(only), _) => only.to_string(),
            _ => continue,
        };
        let (across, up) = (x(apcer), y(bpcer));
        let class = if is_chosen { "mark chosen" } else { "mark" };
        writeln!(
            out,
            "<g class=\"{class}\"><title>threshold {label}: APCER {}, BPCER {}</title>\
             <circle cx=\"{across:.1}\" cy=\"{up:.1}\" r=\"{}\"/><text x=\"{:.1}\" y=\"{:.1}\">{label}</text></g>",
            percent(apcer),
            percent(bpcer),
            if is_chosen { 6 } else { 4 },
            across + 9.0,
            up - 8.0
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_goes_from_all_pass_to_none_pass() {
        let confidences = Confidences { living: vec![40.0, 90.0], attacks: BTreeMap::new() };
        let (print, mask) = (vec![0.0, 10.0], vec![40.0]);
        let curve = confidences.curve(&[&print, &mask]);
        assert_eq!(curve, [(1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (0.0, 0.5), (0.0, 1.0)]);
    }

    #[test]
    fn rates_beyond_the_axes_stand_at_their_ends() {
        assert_eq!((place(0.0), place(1.0)), (0.0, 1.0));
        // Normal deviates by the tables: -2.8782 at 0.002, -1.2816 at 0.1, 1.2816 at 0.9.
        assert!((place(0.1) - 1.5966 / 4.1598).abs() < 1e-4);
    }
}
