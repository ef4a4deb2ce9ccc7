use liveness_events::challenge::Step;
use std::time::Duration;

/// What the page asks for. Left and right are the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Nothing yet: find the oval.
    Framing,
    /// Turn the head to the own left.
    TurnLeft,
    /// Turn the head to the own right.
    TurnRight,
    /// Raise the chin.
    TurnUp,
    /// Lower the chin.
    TurnDown,
    /// Come nearer.
    Nearer,
    /// Move back.
    Farther,
    /// Look straight ahead.
    Hold,
    /// Look ahead while the whole screen shines in this colour.
    Light([u8; 3]),
}

impl Asked {
    /// Yaw and pitch that are asked for, as signs: yaw above zero to the own left, pitch above zero upwards.
    #[must_use]
    pub const fn turn(self) -> Option<(f32, f32)> {
        match self {
            Self::TurnLeft => Some((1.0, 0.0)),
            Self::TurnRight => Some((-1.0, 0.0)),
            Self::TurnUp => Some((0.0, 1.0)),
            Self::TurnDown => Some((0.0, -1.0)),
            Self::Framing | Self::Nearer | Self::Farther | Self::Hold | Self::Light(_) => None,
        }
    }

    /// The colour of the whole screen, where it shows one.
    #[must_use]
    pub const fn colour(self) -> Option<[u8; 3]> {
        match self {
            Self::Light(colour) => Some(colour),
            _ => None,
        }
    }

    /// Whether it asks for a motion.
    #[must_use]
    pub const fn moves(self) -> bool {
        self.turn().is_some() || matches!(self, Self::Nearer | Self::Farther)
    }
}

impl From<Option<Step>> for Asked {
    /// Nothing is asked for at the framing.
    fn from(step: Option<Step>) -> Self {
        match step {
            None => Self::Framing,
            Some(Step::TurnLeft) => Self::TurnLeft,
            Some(Step::TurnRight) => Self::TurnRight,
            Some(Step::TurnUp) => Self::TurnUp,
            Some(Step::TurnDown) => Self::TurnDown,
            Some(Step::Nearer) => Self::Nearer,
            Some(Step::Farther) => Self::Farther,
            Some(Step::Hold) => Self::Hold,
            Some(Step::Light(colour)) => Self::Light(colour.rgb().map(|part| part * 255)),
        }
    }
}

/// What the page shows at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shown {
    /// What it asks for.
    pub asked: Asked,
    /// Since when, on the clock by which frames are taken.
    pub since: Duration,
}

impl Shown {
    /// What is shown at the very start.
    pub const FRAMING: Self = Self { asked: Asked::Framing, since: Duration::ZERO };
}

/// What was shown until now: what somebody knows who is a little behind.
#[derive(Debug, Clone, Default)]
pub struct Past(Vec<Shown>);

impl Past {
    /// Notes what is shown now.
    pub fn note(&mut self, shown: &Shown) {
        if self.0.last() != Some(shown) {
            self.0.push(*shown);
        }
    }

    /// What was shown at a time.
    #[must_use]
    pub fn at(&self, time: Duration) -> Shown {
        let next = self.0.partition_point(|shown| shown.since <= time);
        self.0.get(next.saturating_sub(1)).filter(|_| next > 0).copied().unwrap_or(Shown::FRAMING)
    }

    /// Everything, in order.
    #[must_use]
    pub fn all(&self) -> &[Shown] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_what_it_was() {
        let (first, second) = (
            Shown { asked: Asked::TurnLeft, since: Duration::from_secs(1) },
            Shown { asked: Asked::Hold, since: Duration::from_secs(2) },
        );
        let mut past = Past::default();
        for shown in [Shown::FRAMING, first, first, second] {
            past.note(&shown);
        }
        let at = |millis| past.at(Duration::from_millis(millis)).asked;
        assert_eq!(
            [at(0), at(999), at(1000), at(1999), at(5000)],
            [Asked::Framing, Asked::Framing, Asked::TurnLeft, Asked::TurnLeft, Asked::Hold]
        );
        assert_eq!(Past::default().at(Duration::ZERO), Shown::FRAMING);
    }
}
