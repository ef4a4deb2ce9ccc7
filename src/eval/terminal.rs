//! The report as a terminal shows it: plain text of at most 100 columns.

use super::ablation::Ablation;
use super::proportion::Proportion;
use super::rates::{BonaFideRates, Rates, SpeciesRates};
use super::summary::{Context, SignalPower, Summary};
use super::words::{area, counted, interval, percent, rate, spaced};
use std::io::{self, Write};

/// Columns of a name; what is longer is cut.
const NAME: usize = 24;

/// Writes the tables.
///
/// # Errors
/// When they cannot be written.
pub fn print(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let Context { title, split, policy, notes, .. } = &summary.context;
    let (trials, people) =
        (counted(summary.trials, "trial", "trials"), counted(summary.subjects, "person", "people"));
    let threshold = summary.rates.threshold;
    writeln!(out, "{}", plain(title))?;
    writeln!(out, "{trials} of {people}, split {split}, policy {policy}, threshold {threshold}")?;
    for note in notes {
        writeln!(out, "note: {}", plain(note))?;
    }
    errors(&summary.rates, out)?;
    thresholds(summary, out)?;
    signals(summary, out)?;
    failures(summary, out)
}

fn errors(rates: &Rates, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{:<NAME$}  people  trials  no score  errors of scored    rate  95 %            passed",
        "presented"
    )?;
    for of in &rates.species {
        let SpeciesRates { species, subjects, presented, apnrr, apcer, passed } = of;
        let passed = format!("  {:>6}", rate(passed));
        row(species, [*subjects, *presented, apnrr.count], apcer, &passed, out)?;
    }
    let BonaFideRates { subjects, presented, bpnrr, bpcer } = &rates.bona_fide;
    row("bona fide", [*subjects, *presented, bpnrr.count], bpcer, "", out)?;
    writeln!(out)?;
    if let Some(SpeciesRates { species, apcer, .. }) = &rates.highest {
        writeln!(
            out,
            "highest APCER   {:>7}  {}, {}",
            rate(apcer),
            interval(apcer),
            name(species).trim_end()
        )?;
    }
    total("attacks passed", &rates.passed, "attacks, scored or not", out)?;
    total("BPCER", &rates.bona_fide.bpcer, "scored living persons", out)?;
    total("BPNRR", &rates.bona_fide.bpnrr, "living persons without a score", out)?;
    match rates.acer {
        Some(acer) => writeln!(out, "ACER            {:>7}", percent(acer)),
        None => Ok(()),
    }
}

fn row(
    called: &str,
    [subjects, presented, silent]: [usize; 3],
    error: &Proportion,
    last: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let errors = format!("{} of {}", error.count, error.of);
    let line = format!(
        "{}  {subjects:>6}  {presented:>6}  {silent:>8}  {errors:>16}  {:>6}  {:<14}{last}",
        name(called),
        rate(error),
        interval(error)
    );
    writeln!(out, "{}", line.trim_end())
}

fn total(what: &str, proportion: &Proportion, of: &str, out: &mut dyn Write) -> io::Result<()> {
    let Proportion { count, of: all, .. } = proportion;
    writeln!(out, "{what:<15} {:>7}  {}: {count} of {all} {of}", rate(proportion), interval(proportion))
}

fn thresholds(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nthreshold  highest APCER  {:<NAME$}  attacks passed   BPCER    ACER", "by")?;
    for rates in &summary.thresholds {
        let mark = if rates.threshold == summary.rates.threshold { '>' } else { ' ' };
        let highest = rates.highest.as_ref();
        writeln!(
            out,
            "{mark} {:>7}  {:>13}  {}  {:>14}  {:>6}  {:>6}",
            rates.threshold,
            highest.map_or_else(|| "–".to_owned(), |highest| rate(&highest.apcer)),
            name(highest.map_or("", |highest| &highest.species)),
            rates.passed.count,
            rate(&rates.bona_fide.bpcer),
            rates.acer.map_or_else(|| "–".to_owned(), percent)
        )?;
    }
    Ok(())
}

fn signals(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    if summary.signals.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{:<NAME$}  AUC of score  95 %            of value  not measured     let in without it",
        "signal alone"
    )?;
    writeln!(out, "{:66}people  attacks  people  attacks", "")?;
    for (power, without) in summary.signals.iter().zip(&summary.ablations) {
        let SignalPower { signal, by_score, by_value, missing_bona_fide, missing_attacks, .. } = power;
        let Ablation { people_let_in, attacks_let_in, .. } = without;
        let interval = by_score.and_then(|auc| auc.interval);
        writeln!(
            out,
            "{}  {:>12}  {:<14}  {:>8}  {:>6}  {:>7}  {:>6}  {:>7}",
            name(signal),
            area(by_score.map(|auc| auc.area)),
            interval.map_or_else(String::new, |(low, high)| format!("{low:.3} to {high:.3}")),
            area(by_value.map(|auc| auc.area)),
            missing_bona_fide,
            missing_attacks,
            people_let_in,
            attacks_let_in,
        )?;
    }
    writeln!(out, "{:<NAME$}  {:>12}", "confidence", area(summary.confidence.map(|auc| auc.area)))?;
    if summary.not_fused > 0 {
        let trials = counted(summary.not_fused, "trial has", "trials have");
        writeln!(out, "{trials} a confidence that is not what its signals come to: `let in` does not hold")?;
    }
    Ok(())
}

fn failures(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    if summary.failures.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{:<NAME$}  people  attacks", "without a score")?;
    for failure in &summary.failures {
        writeln!(out, "{}  {:>6}  {:>7}", name(&failure.reason), failure.bona_fide, failure.attacks)?;
    }
    Ok(())
}

/// A name in its columns.
fn name(code: &str) -> String {
    let text = plain(&spaced(code));
    let cut: String = match text.char_indices().nth(NAME) {
        None => text,
        Some(_) => text.chars().take(NAME - 1).chain(['…']).collect(),
    };
    format!("{cut:<NAME$}")
}

/// Text from outside without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attack, bona_fide, failed, with_signals};
    use super::*;

    fn printed(species: &str) -> String {
        let trials = [
            with_signals(bona_fide("anna", 95.0), &[("depth", 5.0), ("light", 0.0)]),
            with_signals(bona_fide("boris", 60.0), &[("depth", 40.0), ("light", 0.0)]),
            with_signals(attack("boris", species, 0.0), &[("depth", 100.0), ("light", 0.0)]),
            failed(attack("anna", species, 0.0)),
        ];
        let trials: Vec<_> = trials.iter().collect();
        let context =
            Context { title: species.into(), split: "report".into(), policy: 2, ..Context::default() };
        let mut out = Vec::new();
        print(&Summary::of(context, 70.0, &trials), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tables_stand_in_a_hundred_columns() {
        let text = printed(&"species_".repeat(20));
        let title = text.lines().next().unwrap();
        assert!(text.lines().filter(|line| *line != title).all(|line| line.chars().count() <= 100), "{text}");
        for told in [
            "4 trials of 2 people, split report, policy 2, threshold 70",
            "bona fide                      2       2         0            1 of 2  50.0 %  1.26 to 98.7 %",
            "highest APCER       0 %  0 to 97.5 %, species species species…",
            "ACER             25.0 %",
            "time out                       0        1",
        ] {
            assert!(text.contains(told), "{told} is missing:\n{text}");
        }
        let depth = text.lines().find(|line| line.starts_with("depth ")).unwrap();
        assert!(depth.ends_with("     0        0       1        1"), "{depth}");
    }

    #[test]
    fn a_name_gives_the_terminal_no_orders() {
        assert!(!printed("\u{1b}[2J\u{9b}").contains(['\u{1b}', '\u{9b}']));
    }
}
