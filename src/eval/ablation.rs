use super::rates::Rates;
use super::trial::Trial;
use serde::Serialize;

/// What the rates of error would be if a signal did not exist.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ablation {
    /// The signal.
    pub signal: String,
    /// The rates without it.
    pub rates: Rates,
    /// Attacks that would pass and do not: nothing else stops them.
    pub attacks_let_in: usize,
    /// Living persons who would pass and do not: nothing else speaks against them.
    pub people_let_in: usize,
}

/// Takes out each of these signals alone.
pub(super) fn ablations(threshold: f64, trials: &[&Trial], signals: &[String]) -> Vec<Ablation> {
    signals.iter().map(|signal| without(threshold, trials, signal)).collect()
}

fn without(threshold: f64, trials: &[&Trial], signal: &str) -> Ablation {
    let let_in = |bona_fide: bool| {
        let scored = trials.iter().filter(|trial| trial.is_bona_fide() == bona_fide);
        let scored = scored.filter_map(|trial| trial.scored());
        scored.filter(|scored| scored.confidence <= threshold && scored.without(signal) > threshold).count()
    };
    Ablation {
        signal: signal.to_owned(),
        rates: Rates::of(threshold, trials, |scored| scored.without(signal)),
        attacks_let_in: let_in(false),
        people_let_in: let_in(true),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attack, bona_fide, with_signals};
    use super::*;

    #[test]
    fn what_one_signal_alone_stops_passes_without_it() {
        let trials = [
            with_signals(bona_fide("anna", 40.0), &[("depth", 60.0), ("light", 0.0)]),
            with_signals(attack("anna", "print", 0.0), &[("depth", 100.0), ("light", 10.0)]),
            with_signals(attack("anna", "print", 0.0), &[("depth", 100.0), ("light", 90.0)]),
        ];
        let trials: Vec<_> = trials.iter().collect();
        let found = ablations(70.0, &trials, &["depth".into(), "light".into()]);
        assert_eq!((found[0].attacks_let_in, found[0].people_let_in), (1, 1));
        assert_eq!(found[0].rates.passed.count, 1);
        assert_eq!(found[0].rates.bona_fide.bpcer.count, 0);
        assert_eq!((found[1].attacks_let_in, found[1].people_let_in), (0, 0));
        assert_eq!(found[1].rates.bona_fide.bpcer.count, 1);
    }
}
