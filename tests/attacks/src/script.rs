use crate::asked::{Asked, Shown};
use crate::subject::Subject;
use liveness_kit::Random;
use std::time::Duration;

/// From frame to frame: the page sends eight a second.
pub const PERIOD: Duration = Duration::from_millis(125);

/// The colours of a challenge's light steps.
pub const COLOURS: [[u8; 3]; 6] =
    [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255]];

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

    /// Draws a challenge as a session would issue it: three turns with looks ahead, a change of the distance, and eight
    /// colours, no two alike in a row.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5343_5249_5054);
        let mut one_of = |count: usize| (random.next() % count as u64) as usize;
        let turn = Duration::from_millis(2200);
        let mut steps = vec![(Asked::Framing, Duration::from_millis(1500))];
        let turns = [Asked::TurnLeft, Asked::TurnRight, Asked::TurnUp, Asked::TurnDown];
        for _ in 0..3 {
            steps.extend([(turns[one_of(4)], turn), (Asked::Hold, Duration::from_millis(1600))]);
        }
        steps.push(([Asked::Nearer, Asked::Farther][one_of(2)], turn));
        steps.push((Asked::Hold, Duration::from_millis(1600)));
        let mut last = usize::MAX;
        for _ in 0..8 {
            let mut colour = one_of(COLOURS.len());
            if colour == last {
                colour = (colour + 1) % COLOURS.len();
            }
            last = colour;
            steps.push((Asked::Light(COLOURS[colour]), Duration::from_millis(500)));
        }
        Self(steps)
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
    fn no_two_colours_alike_follow_one_another() {
        for seed in 0..50 {
            let script = Script::draw(seed);
            let colours: Vec<_> = script.steps().iter().filter_map(|step| step.0.colour()).collect();
            assert_eq!(colours.len(), 8);
            assert!(colours.windows(2).all(|pair| pair[0] != pair[1]), "{colours:?}");
        }
    }
}
