use crate::pose::Pose;
use crate::random::Random;

/// What a head or a photo does: key poses with the seconds that it takes to get to each.
#[derive(Debug, Clone)]
pub struct Motion {
    keys: Vec<(f32, Pose)>,
}

/// Nobody holds still: how far a pose wanders off by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tremor {
    /// Degrees of each angle.
    pub angle: f32,
    /// Centimetres of each direction.
    pub shift: f32,
}

impl Tremor {
    /// None at all.
    pub const NONE: Self = Self { angle: 0.0, shift: 0.0 };
    /// A head on its neck.
    pub const HEAD: Self = Self { angle: 0.5, shift: 0.12 };
    /// A picture in a hand.
    pub const HAND: Self = Self { angle: 1.0, shift: 0.25 };
}

impl Motion {
    /// Begins with a pose.
    #[must_use]
    pub fn from(start: Pose) -> Self {
        Self { keys: vec![(0.0, start)] }
    }

    /// Then moves to a pose within seconds, gently at both ends.
    #[must_use]
    pub fn to(mut self, pose: Pose, seconds: f32) -> Self {
        self.keys.push((self.seconds() + seconds.max(0.0), pose));
        self
    }

    /// Then stays for seconds.
    #[must_use]
    pub fn hold(self, seconds: f32) -> Self {
        let last = self.keys.last().map_or(Pose::AHEAD, |key| key.1);
        self.to(last, seconds)
    }

    /// How long all of it takes, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f32 {
        self.keys.last().map_or(0.0, |key| key.0)
    }

    /// The pose at a time in seconds; before the start and after the end it is the first and the last one.
    #[must_use]
    pub fn pose(&self, time: f32) -> Pose {
        let next = self.keys.partition_point(|key| key.0 <= time);
        let (Some(before), after) = (self.keys.get(next.saturating_sub(1)), self.keys.get(next)) else {
            return Pose::AHEAD;
        };
        let Some(after) = after else { return before.1 };
        let share = ((time - before.0) / (after.0 - before.0).max(f32::EPSILON)).clamp(0.0, 1.0);
        before.1.towards(&after.1, share * share * (3.0 - 2.0 * share))
    }

    /// The pose of each frame, at frames a second, with a tremor that the seed fixes.
    #[must_use]
    pub fn poses(&self, fps: f32, tremor: Tremor, seed: u64) -> Vec<Pose> {
        let frames = (self.seconds() * fps).floor() as usize + 1;
        let sway = Sway::new(tremor, seed);
        (0..frames).map(|frame| frame as f32 / fps).map(|time| sway.of(&self.pose(time), time)).collect()
    }
}

/// The wandering of one who holds still, fixed by a seed.
#[derive(Debug, Clone)]
pub struct Sway {
    tremor: Tremor,
    waves: [Wave; 6],
}

impl Sway {
    /// Draws it.
    #[must_use]
    pub fn new(tremor: Tremor, seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self { tremor, waves: std::array::from_fn(|_| Wave::new(&mut random)) }
    }

    /// Where a pose has wandered to at a time in seconds.
    #[must_use]
    pub fn of(&self, pose: &Pose, time: f32) -> Pose {
        let Tremor { angle, shift } = self.tremor;
        let [yaw, pitch, roll, dx, dy, dz] = self.waves.each_ref().map(|wave| wave.at(time));
        Pose {
            yaw: pose.yaw + yaw * angle,
            pitch: pose.pitch + pitch * angle,
            roll: pose.roll + roll * angle,
            dx: pose.dx + dx * shift,
            dy: pose.dy + dy * shift,
            distance: pose.distance + dz * shift,
        }
    }
}

/// A smooth wander between about -1 and 1: three sines of 0.3 to 4 Hz, the faster the weaker.
#[derive(Debug, Clone)]
struct Wave([(f32, f32, f32); 3]);

impl Wave {
    fn new(random: &mut Random) -> Self {
        Self([(0.3, 0.55), (1.1, 0.3), (3.0, 0.15)].map(|(hertz, size)| {
            let turns = hertz * (0.8 + 0.5 * random.unit());
            (turns * std::f32::consts::TAU, random.unit() * std::f32::consts::TAU, size)
        }))
    }

    fn at(&self, time: f32) -> f32 {
        self.0.iter().map(|(speed, phase, size)| size * (speed * time + phase).sin()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_its_keys_and_moves_smoothly() {
        let motion = Motion::from(Pose::AHEAD).hold(0.5).to(Pose::yaw(30.0), 1.0).to(Pose::yaw(-30.0), 2.0);
        assert_eq!(motion.seconds(), 3.5);
        assert_eq!(
            [0.0, 0.4, 1.5, 3.5, 9.0].map(|time| motion.pose(time).yaw),
            [0.0, 0.0, 30.0, -30.0, -30.0]
        );
        let poses = motion.poses(30.0, Tremor::HEAD, 1);
        assert_eq!(poses.len(), 106);
        assert!(poses.windows(2).all(|pair| (pair[1].yaw - pair[0].yaw).abs() < 2.0));
    }

    #[test]
    fn the_seed_fixes_the_tremor() {
        let motion = Motion::from(Pose::AHEAD).hold(1.0);
        assert_eq!(motion.poses(10.0, Tremor::HAND, 4), motion.poses(10.0, Tremor::HAND, 4));
        assert_ne!(motion.poses(10.0, Tremor::HAND, 4), motion.poses(10.0, Tremor::HAND, 5));
    }
}
