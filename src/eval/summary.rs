use super::ablation::{Ablation, ablations};
use super::auc::Auc;
use super::rates::Rates;
use super::trial::{Outcome, Scored, Signal, Trial};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Thresholds whose rates are told beside those of the chosen one.
const THRESHOLDS: [f64; 5] = [50.0, 60.0, 70.0, 80.0, 90.0];

/// Where trials came from and how they were scored.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Context {
    /// What the manifest calls itself.
    pub title: String,
    /// SHA-256 of the manifest, in hex.
    pub manifest_sha256: String,
    /// The split that is reported: `report`, `tune` or `all`.
    pub split: String,
    /// Number of the policy that scored.
    pub policy: u32,
    /// Version of `liveness`.
    pub version: String,
    /// When, as RFC 3339.
    pub made_at: String,
    /// What a reader must know of the source, one sentence each.
    pub notes: Vec<String>,
}

/// All that the trials amount to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Where they came from.
    #[serde(flatten)]
    pub context: Context,
    /// Trials.
    pub trials: usize,
    /// Different people.
    pub subjects: usize,
    /// The rates at the chosen threshold.
    pub rates: Rates,
    /// The rates at several thresholds, lowest first.
    pub thresholds: Vec<Rates>,
    /// The rates at the chosen threshold under each condition.
    pub conditions: BTreeMap<String, Rates>,
    /// How well the confidence divides the living from attacks.
    pub confidence: Option<Auc>,
    /// How well each signal alone does.
    pub signals: Vec<SignalPower>,
    /// What becomes of the rates without each signal.
    pub ablations: Vec<Ablation>,
    /// Scored trials whose confidence is not what their signals come to: [`Summary::ablations`] do not hold for these.
    pub not_fused: usize,
    /// Why trials came to no score.
    pub failures: Vec<Failures>,
}

/// How well one signal alone divides the living from attacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalPower {
    /// Its name.
    pub signal: String,
    /// By its score, as it counts for the confidence.
    pub by_score: Option<Auc>,
    /// By what was measured, before it was mapped to a score. Below a half, lower values speak for a living person.
    pub by_value: Option<Auc>,
    /// Scored bona fide presentations on which it could not be measured.
    pub missing_bona_fide: usize,
    /// Scored attacks on which it could not be measured.
    pub missing_attacks: usize,
    /// The area by its score against one species alone.
    pub by_species: BTreeMap<String, Option<f64>>,
}

/// How many trials came to no score for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failures {
    /// Code of the reason.
    pub reason: String,
    /// Living persons.
    pub bona_fide: usize,
    /// Attacks.
    pub attacks: usize,
}

impl Summary {
    /// Counts and compares. `threshold` is 0 to 100.
    #[must_use]
    pub fn of(context: Context, threshold: f64, trials: &[&Trial]) -> Self {
        let subjects: BTreeSet<_> = trials.iter().map(|trial| &trial.subject).collect();
        let names = names(trials);
        Self {
            context,
            trials: trials.len(),
            subjects: subjects.len(),
            rates: Rates::at(threshold, trials),
            thresholds: thresholds(threshold).into_iter().map(|at| Rates::at(at, trials)).collect(),
            conditions: conditions(threshold, trials),
            confidence: Auc::of(trials.iter().copied(), |trial| Some(trial.scored()?.confidence)),
            signals: names.iter().map(|name| power(name, trials)).collect(),
            ablations: ablations(threshold, trials, &names),
            not_fused: scored(trials).filter(|scored| !scored.is_fused()).count(),
            failures: failures(trials),
        }
    }
}

fn scored<'a>(trials: &'a [&Trial]) -> impl Iterator<Item = &'a Scored> {
    trials.iter().filter_map(|trial| trial.scored())
}

/// Names of all signals, in the order in which policies list them.
fn names(trials: &[&Trial]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Signal { name, .. } in scored(trials).flat_map(|scored| &scored.signals) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn thresholds(chosen: f64) -> Vec<f64> {
    let mut thresholds = THRESHOLDS.to_vec();
    if !thresholds.contains(&chosen) {
        thresholds.push(chosen);
        thresholds.sort_by(f64::total_cmp);
    }
    thresholds
}

fn conditions(threshold: f64, trials: &[&Trial]) -> BTreeMap<String, Rates> {
    let mut groups = BTreeMap::<&str, Vec<&Trial>>::new();
    for trial in trials {
        groups.entry(&trial.condition).or_default().push(trial);
    }
    groups.into_iter().map(|(name, trials)| (name.to_owned(), Rates::at(threshold, &trials))).collect()
}

fn power(name: &str, trials: &[&Trial]) -> SignalPower {
    let signal = |trial: &Trial| trial.scored()?.signal(name).cloned();
    let score = |trial: &Trial| signal(trial)?.score;
    let missing = |bona_fide: bool| {
        let of_kind = trials.iter().filter(|trial| trial.is_bona_fide() == bona_fide);
        of_kind.filter(|trial| trial.scored().is_some() && score(trial).is_none()).count()
    };
    let species: BTreeSet<_> = trials.iter().filter_map(|trial| trial.kind.species()).collect();
    let against = |species: &str| {
        let both = trials.iter().copied();
        let both = both.filter(|trial| trial.kind.species().is_none_or(|of| of == species));
        Auc::area_of(both, score)
    };
    SignalPower {
        signal: name.to_owned(),
        by_score: Auc::of(trials.iter().copied(), score),
        by_value: Auc::of(trials.iter().copied(), |trial| signal(trial)?.value),
        missing_bona_fide: missing(true),
        missing_attacks: missing(false),
        by_species: species.into_iter().map(|species| (species.to_owned(), against(species))).collect(),
    }
}

fn failures(trials: &[&Trial]) -> Vec<Failures> {
    let mut counts = BTreeMap::<&str, (usize, usize)>::new();
    for trial in trials {
        let Outcome::Failed { reason } = &trial.outcome else { continue };
        let count = counts.entry(reason).or_default();
        *(if trial.is_bona_fide() { &mut count.0 } else { &mut count.1 }) += 1;
    }
    let told = counts.into_iter().map(|(reason, (bona_fide, attacks))| Failures {
        reason: reason.to_owned(),
        bona_fide,
        attacks,
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attack, bona_fide, failed, with_signals};
    use super::*;

    fn trials() -> Vec<Trial> {
        let mut unmeasured = with_signals(attack("c", "print", 30.0), &[("light", 70.0)]);
        if let Outcome::Scored(scored) = &mut unmeasured.outcome {
            scored.signals[0].score = None;
            scored.signals[0].value = None;
        }
        vec![
            with_signals(bona_fide("a", 95.0), &[("light", 5.0)]),
            with_signals(bona_fide("b", 80.0), &[("light", 20.0)]),
            with_signals(attack("c", "print", 10.0), &[("light", 90.0)]),
            with_signals(attack("d", "screen", 90.0), &[("light", 10.0)]),
            unmeasured,
            failed(attack("d", "screen", 0.0)),
            failed(bona_fide("b", 0.0)),
        ]
    }

    fn summary(threshold: f64) -> Summary {
        let trials = trials();
        Summary::of(Context::default(), threshold, &trials.iter().collect::<Vec<_>>())
    }

    #[test]
    fn signals_are_compared_where_they_were_measured() {
        let summary = summary(70.0);
        let light = &summary.signals[0];
        assert_eq!((light.missing_bona_fide, light.missing_attacks), (0, 1));
        assert_eq!(light.by_score.unwrap().area, 0.75);
        assert_eq!(light.by_species["print"], Some(1.0));
        assert_eq!(light.by_species["screen"], Some(0.5));
        assert_eq!(summary.confidence.unwrap().attacks, 3);
    }

    #[test]
    fn a_chosen_threshold_stands_among_the_others() {
        let at =
            |threshold| summary(threshold).thresholds.iter().map(|rates| rates.threshold).collect::<Vec<_>>();
        assert_eq!(at(70.0), THRESHOLDS);
        assert_eq!(at(65.0), [50.0, 60.0, 65.0, 70.0, 80.0, 90.0]);
    }

    #[test]
    fn failures_are_counted_by_reason() {
        let summary = summary(70.0);
        assert_eq!(summary.failures, [Failures { reason: "time_out".into(), bona_fide: 1, attacks: 1 }]);
        assert_eq!((summary.trials, summary.subjects, summary.not_fused), (7, 4, 0));
        assert_eq!(summary.conditions.len(), 1);
    }
}
