use crate::asked::{Asked, Shown};
use crate::subject::Subject;
use liveness_events::challenge::{Challenge, Way};
use liveness_kit::Random;
use std::time::Duration;

/// From frame to frame: the page sends eight a second.
pub const PERIOD: Duration = Duration::from_millis(125);

/// How long an honest person takes for each step, about, as a service asks it.
const FRAMING: Duration = Duration::from_millis(1500);
const MOTION: Duration = Duration::from_millis(2200);
const HOLD: Duration = Duration::from_millis(1600);
/// The service keeps a colour for 0.4 s, and until it has seen it.
const LIGHT: Duration = Duration::from_millis(500);

/// A challenge with fixed times, whatever the subject does: for recordings, and to look at subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script(Vec<(Asked, Duration)>);

/// A frame as the page sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Duration,
    /// What the page showed then.
    pub shown: Shown,
    /// The frame.
    pub jpeg: Vec<u8>,
}

impl Script {
    /// These steps, each for so long.
    #[must_use]
    pub const fn new(steps: Vec<(Asked, Duration)>) -> Self {
        Self(steps)
    }

    /// Draws a challenge as the service issues one.
    #[must_use]
    pub fn draw(way: Way, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5343_5249_5054);
        let challenge = Challenge::draw(way, u128::from(random.next()) << 64 | u128::from(random.next()));
        let asked = challenge.steps().iter().map(|step| Asked::from(Some(*step)));
        Self([Asked::Framing].into_iter().chain(asked).map(|asked| (asked, usual(asked))).collect())
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[(Asked, Duration)] {
        &self.0
    }

    /// What the page shows at a time; the last step stays.
    #[must_use]
    pub fn shown(&self, at: Duration) -> Shown {
        let mut since = Duration::ZERO;
        let mut shown = Shown::FRAMING;
        for (asked, lasts) in &self.0 {
            if since > at {
                break;
            }
            shown = Shown { asked: *asked, since };
            since += *lasts;
        }
        shown
    }

    /// How long it takes.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.0.iter().map(|step| step.1).sum()
    }

    /// Lets somebody answer it, eight frames a second.
    pub fn run(&self, subject: &mut dyn Subject) -> Vec<Sent> {
        let frames = (self.lasts().as_secs_f64() / PERIOD.as_secs_f64()) as u32;
        (0..=frames)
            .map(|frame| {
                let at = PERIOD * frame;
                let shown = self.shown(at);
                Sent { at, shown, jpeg: subject.frame(at, &shown) }
            })
            .collect()
    }
}

fn usual(asked: Asked) -> Duration {
    match asked {
        Asked::Framing => FRAMING,
        Asked::Hold => HOLD,
        Asked::Light(_) => LIGHT,
        _ => MOTION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_one_another() {
        let second = Duration::from_secs(1);
        let script =
            Script::new(vec![(Asked::Framing, second), (Asked::TurnUp, second), (Asked::Hold, second)]);
        let at = |millis| script.shown(Duration::from_millis(millis));
        assert_eq!(at(0), Shown::FRAMING);
        assert_eq!(at(1000), Shown { asked: Asked::TurnUp, since: second });
        assert_eq!(at(9000).asked, Asked::Hold);
    }

    #[test]
    fn it_asks_for_what_the_service_asks_for() {
        for seed in 0..50 {
            let [light, motion] = [Way::Light, Way::Motion].map(|way| Script::draw(way, seed));
            assert_eq!(light, Script::draw(Way::Light, seed));
            assert_eq!(light.steps()[0].0, Asked::Framing);
            let count = |script: &Script, counts: fn(Asked) -> bool| {
                script.steps().iter().filter(|step| counts(step.0)).count()
            };
            let lit = |asked: Asked| asked.colour().is_some();
            assert_eq!((count(&light, lit), count(&motion, lit)), (8, 0));
            assert_eq!((count(&light, Asked::moves), count(&motion, Asked::moves)), (4, 7));
        }
        assert_ne!(Script::draw(Way::Light, 1), Script::draw(Way::Light, 2));
    }
}
