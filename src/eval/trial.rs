use serde::{Serialize, Serializer};
use uuid::Uuid;

/// A presentation whose truth is known, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// What the manifest calls it.
    pub id: String,
    /// Who was shown, or whose picture was.
    pub subject: String,
    /// What was shown.
    #[serde(flatten)]
    pub kind: Kind,
    /// Under which circumstances.
    pub condition: String,
    /// What it may be used for.
    pub split: Split,
    /// The session in which it was.
    pub session: Uuid,
    /// What came of it.
    pub outcome: Outcome,
}

/// What was shown to the camera.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", content = "species", rename_all = "snake_case")]
pub enum Kind {
    /// A living person.
    BonaFide,
    /// An attack with an instrument of this PAI species.
    Attack(String),
}

impl Kind {
    /// The PAI species of an attack.
    #[must_use]
    pub fn species(&self) -> Option<&str> {
        match self {
            Self::BonaFide => None,
            Self::Attack(species) => Some(species),
        }
    }
}

/// What a trial may be used for: a threshold that was chosen on some people is judged by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To choose thresholds and weights.
    Tune,
    /// To report rates of error.
    Report,
}

impl Split {
    /// The code that manifests and the command line use.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tune => "tune",
            Self::Report => "report",
        }
    }
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was judged.
    Scored(Scored),
    /// It came to no score: a non-response.
    Failed {
        /// Code of the reason, as `time_out`.
        reason: String,
    },
}

/// What a policy said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// 0 to 100, one decimal.
    pub confidence: f64,
    /// What each signal contributed.
    pub signals: Vec<Signal>,
}

/// One signal's part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// What was measured, in its own unit.
    #[serde(serialize_with = "finite")]
    pub value: Option<f64>,
    /// What it means, 0 to 1; none where nothing could be measured.
    #[serde(serialize_with = "finite")]
    pub score: Option<f64>,
    /// Points of confidence that it took away by itself, 0 to 100.
    pub lost: f64,
}

/// JSON knows no number that is not finite; statistics leave those out as well.
fn finite<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.filter(|value| value.is_finite()).serialize(serializer)
}

impl Trial {
    /// What was said of it, where it was judged.
    #[must_use]
    pub const fn scored(&self) -> Option<&Scored> {
        match &self.outcome {
            Outcome::Scored(scored) => Some(scored),
            Outcome::Failed { .. } => None,
        }
    }

    /// Whether it is a living person.
    #[must_use]
    pub fn is_bona_fide(&self) -> bool {
        self.kind == Kind::BonaFide
    }
}

impl Scored {
    /// The confidence if some of the signals did not exist. Policies fuse by a product: 100 times that of what each
    /// signal leaves, 1 - `lost` / 100.
    fn fused(&self, counts: impl Fn(&Signal) -> bool) -> f64 {
        let left = self.signals.iter().filter(|signal| counts(signal));
        let confidence = 100.0 * left.map(|signal| 1.0 - signal.lost / 100.0).product::<f64>();
        (confidence * 10.0).round() / 10.0
    }

    /// The confidence if there were no signal of this name.
    #[must_use]
    pub fn without(&self, name: &str) -> f64 {
        self.fused(|signal| signal.name != name)
    }

    /// Whether the confidence is what the parts of its signals come to, so that [`Scored::without`] holds for it.
    #[must_use]
    pub fn is_fused(&self) -> bool {
        // Parts are recorded to four decimals, and either side was rounded to one.
        (self.fused(|_| true) - self.confidence).abs() < 0.15
    }

    /// The signal of this name.
    #[must_use]
    pub fn signal(&self, name: &str) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(name: &str, lost: f64) -> Signal {
        Signal { name: name.into(), value: None, score: None, lost }
    }

    #[test]
    fn a_signal_is_taken_out_of_the_product() {
        let scored = Scored { confidence: 36.0, signals: vec![signal("depth", 60.0), signal("light", 10.0)] };
        assert!(scored.is_fused());
        assert_eq!(scored.without("depth"), 90.0);
        assert_eq!(scored.without("light"), 40.0);
        assert_eq!(scored.without("no such signal"), 36.0);
    }

    #[test]
    fn a_signal_that_left_nothing_can_be_taken_out() {
        let scored = Scored { confidence: 0.0, signals: vec![signal("depth", 100.0), signal("light", 0.0)] };
        assert_eq!(scored.without("depth"), 100.0);
    }

    #[test]
    fn a_confidence_of_another_fusion_is_noticed() {
        assert!(!Scored { confidence: 50.0, signals: vec![signal("depth", 10.0)] }.is_fused());
    }
}
