//! Rates of error as ISO/IEC 30107-3 names them.

use super::proportion::Proportion;
use super::trial::{Scored, Trial};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rates of error at one threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// A trial passes with a confidence above it.
    pub threshold: f64,
    /// Of living persons.
    pub bona_fide: BonaFideRates,
    /// Of attacks, for each PAI species.
    pub species: Vec<SpeciesRates>,
    /// The species with the highest APCER; at equal ones the one that is known least. None where no attack was scored.
    pub highest: Option<SpeciesRates>,
    /// Attacks of all species that passed, of all that were presented.
    pub passed: Proportion,
    /// Mean of the highest APCER and the BPCER, 0 to 1.
    pub acer: Option<f64>,
}

/// Rates of error of living persons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BonaFideRates {
    /// Different people.
    pub subjects: usize,
    /// Presentations.
    pub presented: usize,
    /// Those without a score, of all: the bona fide presentation non-response rate.
    pub bpnrr: Proportion,
    /// Those that did not pass, of the scored: the bona fide presentation classification error rate.
    pub bpcer: Proportion,
}

/// Rates of error of one PAI species.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeciesRates {
    /// Its name.
    pub species: String,
    /// Different people whose likeness was shown.
    pub subjects: usize,
    /// Presentations.
    pub presented: usize,
    /// Those without a score, of all: the attack presentation non-response rate.
    pub apnrr: Proportion,
    /// Those that passed, of the scored: the attack presentation classification error rate.
    pub apcer: Proportion,
    /// Those that passed, of all that were presented, for an attack without a score has not passed either.
    pub passed: Proportion,
}

impl Rates {
    /// The rates at a threshold.
    #[must_use]
    pub fn at(threshold: f64, trials: &[&Trial]) -> Self {
        Self::of(threshold, trials, |scored| scored.confidence)
    }

    /// The rates where another number stands for the confidence.
    pub(super) fn of(threshold: f64, trials: &[&Trial], confidence: impl Fn(&Scored) -> f64) -> Self {
        let passes = |trial: &Trial| trial.scored().map(|scored| confidence(scored) > threshold);
        let mut living = Group::default();
        let mut attacks = BTreeMap::<&str, Group>::new();
        for trial in trials {
            let group = match trial.kind.species() {
                None => &mut living,
                Some(species) => attacks.entry(species).or_default(),
            };
            group.add(trial, passes(trial));
        }
        let species: Vec<_> = attacks.into_iter().map(|(species, group)| group.of_species(species)).collect();
        let bona_fide = living.of_bona_fide();
        let highest = highest(&species).cloned();
        let acer =
            highest.as_ref().and_then(|highest| Some((highest.apcer.rate? + bona_fide.bpcer.rate?) / 2.0));
        let passed = species.iter().map(|species| species.passed.count).sum();
        let presented = species.iter().map(|species| species.presented).sum();
        Self { threshold, bona_fide, species, highest, passed: Proportion::new(passed, presented), acer }
    }
}

fn highest(species: &[SpeciesRates]) -> Option<&SpeciesRates> {
    let known = species.iter().filter_map(|species| Some((species.apcer.rate?, species)));
    let order = |(rate, of): &(f64, &SpeciesRates)| (*rate, of.apcer.high);
    known
        .max_by(|a, b| order(a).partial_cmp(&order(b)).unwrap_or(std::cmp::Ordering::Equal))
        .map(|(_, of)| of)
}

#[derive(Default)]
struct Group<'a> {
    subjects: BTreeSet<&'a str>,
    presented: usize,
    scored: usize,
    passed: usize,
}

impl<'a> Group<'a> {
    fn add(&mut self, trial: &'a Trial, passed: Option<bool>) {
        self.subjects.insert(&trial.subject);
        self.presented += 1;
        self.scored += usize::from(passed.is_some());
        self.passed += usize::from(passed == Some(true));
    }

    fn non_response(&self) -> Proportion {
        Proportion::new(self.presented - self.scored, self.presented)
    }

    fn of_bona_fide(&self) -> BonaFideRates {
        BonaFideRates {
            subjects: self.subjects.len(),
            presented: self.presented,
            bpnrr: self.non_response(),
            bpcer: Proportion::new(self.scored - self.passed, self.scored),
        }
    }

    fn of_species(&self, species: &str) -> SpeciesRates {
        SpeciesRates {
            species: species.to_owned(),
            subjects: self.subjects.len(),
            presented: self.presented,
            apnrr: self.non_response(),
            apcer: Proportion::new(self.passed, self.scored),
            passed: Proportion::new(self.passed, self.presented),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attack, bona_fide, failed};
    use super::*;

    fn trials() -> Vec<Trial> {
        let mut trials: Vec<_> =
            [99.0, 80.0, 70.0, 12.0].map(|confidence| bona_fide("anna", confidence)).into();
        trials.push(failed(bona_fide("boris", 0.0)));
        trials.extend([0.0, 71.0].map(|confidence| attack("anna", "screen", confidence)));
        trials.extend([0.0, 0.0, 70.0, 70.1].map(|confidence| attack("boris", "mask", confidence)));
        trials.extend((0..3).map(|_| failed(attack("anna", "mask", 0.0))));
        trials.push(failed(attack("anna", "print", 0.0)));
        trials
    }

    fn rates(threshold: f64) -> Rates {
        let trials = trials();
        Rates::at(threshold, &trials.iter().collect::<Vec<_>>())
    }

    fn count(proportion: Proportion) -> (usize, usize) {
        (proportion.count, proportion.of)
    }

    #[test]
    fn errors_are_counted_by_kind() {
        let rates = rates(70.0);
        let BonaFideRates { subjects, presented, bpnrr, bpcer } = rates.bona_fide;
        assert_eq!((subjects, presented, count(bpnrr), count(bpcer)), (2, 5, (1, 5), (2, 4)));
        let names: Vec<_> = rates.species.iter().map(|of| of.species.as_str()).collect();
        assert_eq!(names, ["mask", "print", "screen"]);
        let mask = &rates.species[0];
        assert_eq!((mask.subjects, mask.presented, count(mask.apnrr)), (2, 7, (3, 7)));
        assert_eq!((count(mask.apcer), count(mask.passed)), ((1, 4), (1, 7)));
        assert_eq!(rates.species[1].apcer.rate, None, "of no scored attack no error is known");
        assert_eq!(count(rates.passed), (2, 10));
        assert_eq!(rates.highest.unwrap().species, "screen");
        assert_eq!(rates.acer, Some(0.5));
    }

    #[test]
    fn of_two_species_that_never_pass_the_rarer_one_is_named() {
        assert_eq!(rates(90.0).highest.unwrap().species, "screen");
    }

    #[test]
    fn without_attacks_there_is_no_mean() {
        let trials = [bona_fide("anna", 99.0)];
        let rates = Rates::at(70.0, &trials.iter().collect::<Vec<_>>());
        assert_eq!((rates.highest, rates.acer), (None, None));
    }
}
