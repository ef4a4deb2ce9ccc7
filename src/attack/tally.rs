use super::present::{Outcome, Presented};
use super::way_code;
use liveness_attacks::Species;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What came of presentations, by species and way.
#[derive(Debug, Clone, Default)]
pub struct Tally(BTreeMap<(Species, &'static str), Counts>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    refused: usize,
    failed: usize,
}

impl Tally {
    /// Counts one.
    pub fn add(&mut self, presented: &Presented) {
        let planned = &presented.planned;
        let counts = self.0.entry((planned.species, way_code(planned.way))).or_default();
        match presented.outcome {
            Outcome::Scored { passed: true, .. } => counts.passed += 1,
            Outcome::Scored { passed: false, .. } => counts.refused += 1,
            Outcome::Failed(_) => counts.failed += 1,
        }
    }

    /// Prints a table; nothing where nothing was counted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n{:<24} {:<6} {:>9} {:>7} {:>7} {:>18}",
            "species", "way", "presented", "passed", "refused", "technical failures"
        )?;
        for ((species, way), Counts { passed, refused, failed }) in &self.0 {
            let all = passed + refused + failed;
            let code = species.code();
            writeln!(out, "{code:<24} {way:<6} {all:>9} {passed:>7} {refused:>7} {failed:>18}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::Planned;
    use liveness_events::challenge::Way;
    use uuid::Uuid;

    #[test]
    fn each_species_and_way_has_its_line() {
        let mut tally = Tally::default();
        let scored = |passed| Outcome::Scored { passed, confidence: 50.0 };
        for (way, outcome) in [
            (Way::Motion, scored(true)),
            (Way::Motion, scored(false)),
            (Way::Motion, Outcome::Failed("time_out".into())),
            (Way::Motion, scored(false)),
            (Way::Light, scored(false)),
        ] {
            let species = Species::ScreenLoop;
            let planned = Planned { species, way, number: 0, seed: 0, subject: "anna".into() };
            let session = Uuid::nil();
            tally.add(&Presented { planned, session, outcome, frames: 0, per_second: 0.0, picture: None });
        }
        let mut out = Vec::new();
        tally.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<Vec<&str>> =
            text.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            rows,
            [["screen-loop", "light", "1", "0", "1", "0"], ["screen-loop", "motion", "4", "1", "2", "1"]]
        );
    }
}
