//! How well one number divides the living from attacks: the area under the ROC curve.

use super::trial::Trial;
use serde::Serialize;
use std::collections::BTreeMap;

/// Draws of people for an interval: enough to hold its ends to about half a percent.
const DRAWS: usize = 1000;
/// Ends of the interval, as shares of the draws: 95 % lie within.
const ENDS: (f64, f64) = (0.025, 0.975);
/// Where the draws begin, so that a report can be made again.
const SEED: u64 = 0x6c69_7665_6e65_7373;

/// Probability that a bona fide presentation has a higher number than an attack, ties counted half (Mann-Whitney).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Auc {
    /// The area, 0 to 1; a half where the number tells nothing.
    pub area: f64,
    /// 95 % interval by drawing people, with all that is theirs, anew; none where either kind is of fewer than two.
    pub interval: Option<(f64, f64)>,
    /// Bona fide presentations with a number.
    pub bona_fide: usize,
    /// Attacks with a number.
    pub attacks: usize,
}

struct Item {
    number: f64,
    is_bona_fide: bool,
    subject: usize,
}

impl Auc {
    /// The area for a number of a trial; none where one of the kinds has none. Trials without a number are left out.
    pub fn of<'a>(
        trials: impl IntoIterator<Item = &'a Trial>,
        number: impl Fn(&Trial) -> Option<f64>,
    ) -> Option<Self> {
        let (items, subjects) = items(trials, number);
        let bona_fide = items.iter().filter(|item| item.is_bona_fide).count();
        Some(Self {
            area: area(&items, &vec![1; subjects])?,
            interval: interval(&items, subjects),
            bona_fide,
            attacks: items.len() - bona_fide,
        })
    }

    /// The area alone, for tables of many.
    pub(super) fn area_of<'a>(
        trials: impl IntoIterator<Item = &'a Trial>,
        number: impl Fn(&Trial) -> Option<f64>,
    ) -> Option<f64> {
        let (items, subjects) = items(trials, number);
        area(&items, &vec![1; subjects])
    }
}

/// The numbers in their order, and how many people they are of.
fn items<'a>(
    trials: impl IntoIterator<Item = &'a Trial>,
    number: impl Fn(&Trial) -> Option<f64>,
) -> (Vec<Item>, usize) {
    let mut subjects = BTreeMap::new();
    let numbered = trials.into_iter().filter_map(|trial| {
        let number = number(trial).filter(|number| number.is_finite())?;
        let next = subjects.len();
        let subject = *subjects.entry(trial.subject.as_str()).or_insert(next);
        Some(Item { number, is_bona_fide: trial.is_bona_fide(), subject })
    });
    let mut items: Vec<Item> = numbered.collect();
    items.sort_by(|a, b| a.number.total_cmp(&b.number));
    (items, subjects.len())
}

/// The area over items in the order of their numbers, each of which counts as often as its subject.
fn area(items: &[Item], times: &[u32]) -> Option<f64> {
    let weight = |item: &Item| f64::from(times.get(item.subject).copied().unwrap_or(0));
    let (mut won, mut bona_fide, mut attacks) = (0.0, 0.0, 0.0);
    for ties in items.chunk_by(|a, b| a.number == b.number) {
        let (mut living, mut attacking) = (0.0, 0.0);
        for item in ties {
            *(if item.is_bona_fide { &mut living } else { &mut attacking }) += weight(item);
        }
        won += living * (attacks + attacking / 2.0);
        bona_fide += living;
        attacks += attacking;
    }
    let pairs = bona_fide * attacks;
    (pairs > 0.0).then(|| won / pairs)
}

/// Percentile bootstrap over people. Those with both kinds of trials, and those with either, are drawn apart, so that no
/// draw lacks a kind.
fn interval(items: &[Item], subjects: usize) -> Option<(f64, f64)> {
    let mut kinds = vec![(false, false); subjects];
    for item in items {
        let kind = kinds.get_mut(item.subject)?;
        *kind = (kind.0 || item.is_bona_fide, kind.1 || !item.is_bona_fide);
    }
    let with = |wanted: fn(&(bool, bool)) -> bool| kinds.iter().filter(|kind| wanted(kind)).count();
    if with(|kind| kind.0) < 2 || with(|kind| kind.1) < 2 {
        return None;
    }
    let strata = [(true, true), (true, false), (false, true)].map(|stratum| {
        (0..subjects).filter(|subject| kinds.get(*subject) == Some(&stratum)).collect::<Vec<_>>()
    });
    // Whoever is alone in a stratum is in each draw: that is no doubt about one person, but none told.
    if strata.iter().any(|stratum| stratum.len() == 1) {
        return None;
    }
    let mut random = SplitMix(SEED);
    let mut areas = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut times = vec![0_u32; subjects];
        for stratum in &strata {
            for _ in stratum {
                let drawn = stratum.get(random.below(stratum.len()))?;
                *times.get_mut(*drawn)? += 1;
            }
        }
        areas.push(area(items, &times)?);
    }
    areas.sort_by(f64::total_cmp);
    let at = |share: f64| areas.get(((DRAWS - 1) as f64 * share).round() as usize).copied();
    Some((at(ENDS.0)?, at(ENDS.1)?))
}

/// SplitMix64 (Steele, Lea, Flood 2014): a report needs draws that can be repeated, not secrets.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`, each as likely as the others up to 2⁻⁶⁴ times `end`; 0 below 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from((u128::from(self.next()) * end as u128) >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attack, bona_fide};
    use super::*;

    fn auc(bona_fides: &[f64], attacks: &[f64]) -> Option<Auc> {
        let living = bona_fides.iter().enumerate().map(|(n, number)| bona_fide(&format!("b{n}"), *number));
        let attacking =
            attacks.iter().enumerate().map(|(n, number)| attack(&format!("a{n}"), "print", *number));
        let trials: Vec<Trial> = living.chain(attacking).collect();
        Auc::of(&trials, |trial| Some(trial.scored()?.confidence))
    }

    #[test]
    fn areas_of_hand_made_cases() {
        for (living, attacking, expected) in [
            (&[2.0, 3.0][..], &[0.0, 1.0][..], 1.0),
            (&[0.0, 1.0], &[2.0, 3.0], 0.0),
            (&[1.0, 1.0], &[1.0], 0.5),
            // Pairs won: 3 over 1 and 2, 1.5 over 1 alone, and 2 over 1, with half a pair for the tie: 4.5 of 6.
            (&[3.0, 1.5, 2.0], &[1.0, 2.0], 4.5 / 6.0),
        ] {
            let found = auc(living, attacking).unwrap();
            assert!((found.area - expected).abs() < 1e-12, "{living:?} {attacking:?}: {found:?}");
        }
    }

    #[test]
    fn a_kind_without_numbers_has_no_area() {
        assert_eq!(auc(&[1.0], &[]), None);
        assert_eq!(auc(&[f64::NAN], &[1.0]), None);
    }

    #[test]
    fn the_interval_is_of_people_and_not_of_trials() {
        // One person whose numbers are low among many: drawn as trials, her share would hardly change.
        let mut trials: Vec<Trial> = (0..6).map(|n| bona_fide(&format!("b{n}"), 90.0)).collect();
        trials.extend((0..20).map(|_| bona_fide("low", 10.0)));
        trials.extend((0..9).map(|n| attack(&format!("a{n}"), "print", 50.0)));
        let found = Auc::of(&trials, |trial| Some(trial.scored()?.confidence)).unwrap();
        let (low, high) = found.interval.unwrap();
        assert!((found.area - 6.0 / 26.0).abs() < 1e-12);
        assert!(low < 0.12 && high == 1.0, "{low} to {high}");
        assert_eq!(
            Auc::of(&trials, |trial| Some(trial.scored()?.confidence)),
            Some(found),
            "drawn otherwise"
        );
    }

    #[test]
    fn one_person_gives_no_interval() {
        let trials = [
            bona_fide("a", 90.0),
            bona_fide("a", 80.0),
            attack("b", "print", 1.0),
            attack("c", "print", 2.0),
        ];
        let found = Auc::of(&trials, |trial| Some(trial.scored()?.confidence)).unwrap();
        assert_eq!((found.area, found.interval), (1.0, None));
    }

    #[test]
    fn draws_are_spread() {
        let mut random = SplitMix(SEED);
        let mut seen = [0; 5];
        (0..5000).for_each(|_| seen[random.below(5)] += 1);
        assert!(seen.iter().all(|times| (900..1100).contains(times)), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }
}
