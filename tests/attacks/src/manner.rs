use crate::asked::{Asked, Shown};
use liveness_kit::{Pose, Random, Tremor};
use std::time::Duration;

/// Nobody comes nearer or moves farther away than this, over the usual distance.
const REACH: (f32, f32) = (0.5, 1.8);

/// How somebody answers: what is drawn for one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Manner {
    /// From the word to the beginning of the motion: the least, and what may be added to it each time.
    pub reaction: [Duration; 2],
    /// How far the head is turned sideways, in degrees.
    pub yaw: f32,
    /// How far it is raised and lowered, in degrees.
    pub pitch: f32,
    /// Degrees a second.
    pub speed: f32,
    /// Distance after coming nearer and after moving back, over the usual one.
    pub distances: [f32; 2],
    /// Seconds for coming nearer or moving back.
    pub step: f32,
    /// How steady it is held.
    pub tremor: Tremor,
    /// Seconds from blink to blink, about; none where nothing blinks.
    pub blinks: Option<f32>,
    /// Share of a turn to a side that the eyes take back, to stay on the screen; 0 where they are painted on.
    pub gaze: f32,
    /// What fixes all that is drawn later.
    pub seed: u64,
}

impl Manner {
    /// Draws how a person does it.
    #[must_use]
    pub fn person(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x4D41_4E4E_4552);
        let mut within = |least: f32, most: f32| least + (most - least) * random.unit();
        Self {
            reaction: [Duration::from_secs_f32(within(0.3, 0.7)), Duration::from_secs_f32(within(0.1, 0.6))],
            yaw: within(21.0, 29.0),
            pitch: within(14.0, 21.0),
            speed: within(35.0, 75.0),
            distances: [1.0 / within(1.3, 1.5), within(1.25, 1.4)],
            step: within(0.8, 1.6),
            tremor: Tremor::HEAD,
            blinks: Some(within(2.0, 5.0)),
            gaze: within(0.9, 1.2),
            seed,
        }
    }

    /// Draws how a picture is moved by hand: further than a head, for it shows less, and less steadily.
    #[must_use]
    pub fn hand(seed: u64) -> Self {
        let person = Self::person(seed);
        let mut random = Random::new(seed ^ 0x4841_4E44);
        let mut within = |least: f32, most: f32| least + (most - least) * random.unit();
        Self {
            yaw: within(38.0, 50.0),
            pitch: within(25.0, 40.0),
            tremor: Tremor::HAND,
            blinks: None,
            gaze: 0.0,
            ..person
        }
    }

    /// The same with eyes that only go along with the head, as a picture's do.
    #[must_use]
    pub fn with_painted_eyes(self) -> Self {
        Self { gaze: 0.0, ..self }
    }
}

/// One who needs a while from the word to the motion, each time another one.
#[derive(Debug, Clone)]
pub struct Reacting {
    reaction: [Duration; 2],
    random: Random,
    heard: Option<(Shown, Duration)>,
    does: Asked,
}

impl Reacting {
    /// One who does nothing yet.
    #[must_use]
    pub fn new(manner: &Manner) -> Self {
        Self {
            reaction: manner.reaction,
            random: Random::new(manner.seed ^ 0x5245_4143),
            heard: None,
            does: Asked::Framing,
        }
    }

    /// What is being done at a time, while this is shown.
    pub fn does(&mut self, at: Duration, shown: &Shown) -> Asked {
        let known = self.heard.filter(|(heard, _)| heard == shown);
        let (_, begins) = *self.heard.insert(known.unwrap_or_else(|| {
            let [least, more] = self.reaction;
            (*shown, shown.since + least + more.mul_f32(self.random.unit()))
        }));
        if at >= begins {
            self.does = shown.asked;
        }
        self.does
    }
}

/// Moves smoothly from pose to pose.
#[derive(Debug, Clone)]
pub struct Mover {
    from: Pose,
    to: Pose,
    begins: Duration,
    lasts: Duration,
}

impl Mover {
    /// Holds still in a pose.
    #[must_use]
    pub const fn new(rest: Pose) -> Self {
        Self { from: rest, to: rest, begins: Duration::ZERO, lasts: Duration::ZERO }
    }

    /// The pose at a time; `goal` is where to go from now on.
    pub fn pose(&mut self, at: Duration, goal: Pose, manner: &Manner) -> Pose {
        if goal != self.to {
            self.from = self.reached(at);
            let turn = (goal.yaw - self.from.yaw).hypot(goal.pitch - self.from.pitch) / manner.speed;
            let way = if goal.distance == self.from.distance { 0.0 } else { manner.step };
            // The mean speed of a smooth motion is two thirds of its greatest.
            self.lasts = Duration::from_secs_f32((turn * 1.5).max(way).max(0.05));
            (self.to, self.begins) = (goal, at);
        }
        self.reached(at)
    }

    fn reached(&self, at: Duration) -> Pose {
        let whole = self.lasts.as_secs_f32();
        if whole <= 0.0 {
            return self.to;
        }
        let share = (at.saturating_sub(self.begins).as_secs_f32() / whole).min(1.0);
        if share >= 1.0 { self.to } else { self.from.towards(&self.to, share * share * (3.0 - 2.0 * share)) }
    }
}

/// One who does what is asked in a manner. A distance is kept until another one is asked for.
#[derive(Debug, Clone)]
pub struct Acting {
    manner: Manner,
    reacting: Reacting,
    mover: Mover,
    rest: Pose,
    did: Asked,
    /// The distance over that of the rest.
    distance: f32,
}

impl Acting {
    /// One who rests in a pose.
    #[must_use]
    pub fn new(manner: Manner, rest: Pose) -> Self {
        Self {
            reacting: Reacting::new(&manner),
            mover: Mover::new(rest),
            manner,
            rest,
            did: Asked::Framing,
            distance: 1.0,
        }
    }

    /// What is being done at a time while this is shown, and the pose.
    pub fn act(&mut self, at: Duration, shown: &Shown) -> (Asked, Pose) {
        self.act_but(at, shown, |_, goal| goal)
    }

    /// The same with another goal than the usual one for what is done.
    pub fn act_but(
        &mut self,
        at: Duration,
        shown: &Shown,
        goal: impl FnOnce(Asked, Pose) -> Pose,
    ) -> (Asked, Pose) {
        let does = self.reacting.does(at, shown);
        if self.did != does {
            self.did = does;
            let [nearer, farther] = self.manner.distances;
            let factor = match does {
                Asked::Nearer => nearer,
                Asked::Farther => farther,
                _ => 1.0,
            };
            self.distance = (self.distance * factor).clamp(REACH.0, REACH.1);
        }
        let (yaw, pitch) = does.turn().unwrap_or((0.0, 0.0));
        let usual = Pose {
            yaw: self.rest.yaw + yaw * self.manner.yaw,
            pitch: self.rest.pitch + pitch * self.manner.pitch,
            distance: self.rest.distance * self.distance,
            ..self.rest
        };
        (does, self.mover.pose(at, goal(does, usual), &self.manner))
    }
}

/// Blinks now and then.
#[derive(Debug, Clone)]
pub struct Blinks {
    every: Option<f32>,
    random: Random,
    next: Duration,
    lasts: Duration,
}

impl Blinks {
    /// From the start on.
    #[must_use]
    pub fn new(manner: &Manner) -> Self {
        let mut blinks = Self {
            every: manner.blinks,
            random: Random::new(manner.seed ^ 0x0042_4C49_4E4B),
            next: Duration::ZERO,
            lasts: Duration::ZERO,
        };
        blinks.plan(Duration::ZERO);
        blinks
    }

    /// How far the eyes are shut at a time, 0 to 1.
    pub fn shut(&mut self, at: Duration) -> f32 {
        if self.every.is_none() {
            return 0.0;
        }
        if at > self.next + self.lasts {
            self.plan(at);
        }
        let share = at.saturating_sub(self.next).as_secs_f32() / self.lasts.as_secs_f32().max(1e-3);
        // Shut within a quarter of the time, then a while closed, then slower open again.
        (share * 4.0).min((1.0 - share) * 2.5).clamp(0.0, 1.0)
    }

    fn plan(&mut self, at: Duration) {
        let mut within = |least: f32, most: f32| least + (most - least) * self.random.unit();
        self.next = at + Duration::from_secs_f32(self.every.unwrap_or(1.0) * within(0.4, 1.6));
        // Bentivoglio and others (1997) and later ones measure 0.1 to 0.4 s.
        self.lasts = Duration::from_secs_f32(within(0.18, 0.4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reacts_and_moves_and_stays() {
        let manner = Manner::person(3);
        let mut acting = Acting::new(manner.clone(), Pose::AHEAD);
        let shown = Shown { asked: Asked::TurnLeft, since: Duration::from_secs(1) };
        let at = |step: u64| Duration::from_millis(1000 + step * 100);
        let yaws: Vec<f32> = (0..40).map(|step| acting.act(at(step), &shown).1.yaw).collect();
        assert_eq!(yaws[2], 0.0, "nobody is so fast");
        assert!(yaws.windows(2).all(|pair| (0.0..=9.0).contains(&(pair[1] - pair[0]))), "{yaws:?}");
        assert_eq!(yaws[39], manner.yaw);
    }

    #[test]
    fn a_distance_is_kept() {
        let mut acting = Acting::new(Manner::person(4), Pose::AHEAD);
        let mut after = |second: u64, asked: Asked| {
            let shown = Shown { asked, since: Duration::from_secs(second) };
            // The first call is the word, the second one the beginning.
            let at = |millis| Duration::from_secs(second) + Duration::from_millis(millis);
            [0, 1500, 4000].map(|millis| acting.act(at(millis), &shown).1.distance)[2]
        };
        let near = after(0, Asked::Nearer);
        assert!((28.0..36.0).contains(&near), "{near}");
        assert_eq!(after(10, Asked::Light([255, 0, 0])), near);
        assert!(after(20, Asked::Farther) > near * 1.2);
    }

    #[test]
    fn blinks_come_and_pass() {
        let mut blinks = Blinks::new(&Manner::person(5));
        let shut: Vec<f32> = (0..1200).map(|step| blinks.shut(Duration::from_millis(step * 25))).collect();
        let begun = shut.windows(2).filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0).count();
        assert!((4..=16).contains(&begun), "{begun} in half a minute");
        assert!(shut.iter().filter(|share| **share > 0.0).count() < 250);
    }
}
