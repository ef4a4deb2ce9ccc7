//! Trials for tests.

use super::trial::{Kind, Outcome, Scored, Signal, Split, Trial};
use uuid::Uuid;

fn trial(subject: &str, kind: Kind, confidence: f64) -> Trial {
    Trial {
        id: format!("{subject} {confidence}"),
        subject: subject.into(),
        kind,
        condition: "indoors".into(),
        split: Split::Report,
        session: Uuid::nil(),
        outcome: Outcome::Scored(Scored { confidence, signals: Vec::new() }),
    }
}

pub(super) fn bona_fide(subject: &str, confidence: f64) -> Trial {
    trial(subject, Kind::BonaFide, confidence)
}

pub(super) fn attack(subject: &str, species: &str, confidence: f64) -> Trial {
    trial(subject, Kind::Attack(species.into()), confidence)
}

pub(super) fn failed(trial: Trial) -> Trial {
    Trial { outcome: Outcome::Failed { reason: "time_out".into() }, ..trial }
}

/// Signals by name and what each took away; their scores are what they left.
pub(super) fn with_signals(mut trial: Trial, signals: &[(&str, f64)]) -> Trial {
    if let Outcome::Scored(scored) = &mut trial.outcome {
        let of = |(name, lost): &(&str, f64)| {
            let left = Some(1.0 - lost / 100.0);
            Signal { name: (*name).into(), value: left, score: left, lost: *lost }
        };
        scored.signals = signals.iter().map(of).collect();
    }
    trial
}
