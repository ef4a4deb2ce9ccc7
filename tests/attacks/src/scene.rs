use liveness_kit::{Lamp, Random};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The room, the screen and the camera of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Light of the full white screen on a face, over the light of the room there. A phone at arm's length in a bright
    /// room gives 0.02, a large screen in a dim one 0.3.
    pub screen_share: f64,
    /// Light of the page while it shows no colour, over the full white screen's.
    pub page: f64,
    /// How much of a screen's pure colour the camera sees in each other channel.
    pub crosstalk: f64,
    /// From the lamp to the wall behind, over the way to the face.
    pub wall: f64,
    /// Standard deviation of the sensor's noise, in steps of 0 to 255.
    pub noise: f64,
    /// How much of a change of the picture's brightness the exposure control takes back in the end, 0 to 1.
    pub auto_exposure: f64,
    /// How much of a change of its colour the white balance takes back in the end, 0 to 1.
    pub auto_white_balance: f64,
    /// Time constant of both.
    pub adapts_in: Duration,
    /// Frames that the camera takes a second.
    pub frame_rate: f64,
    /// For how long a row takes light.
    pub exposure: Duration,
    /// From the first row to the last one.
    pub readout: Duration,
    /// From the server's word to the light that a frame shows: network, page, screen and camera.
    pub latency: Duration,
    /// Quality of the page's JPEGs, 1 to 100.
    pub jpeg_quality: u8,
    /// Sides of the frames over those of the material, at most 1; none is made smaller than the service takes.
    pub scale: f64,
    /// What fixes the noise and all else that is drawn.
    pub seed: u64,
}

impl Scene {
    /// Ranges from which a scene is drawn; the share of the screen is drawn evenly on a logarithmic scale.
    pub const SCREEN_SHARE: RangeInclusive<f64> = 0.02..=0.3;
    /// As [`Scene::page`].
    pub const PAGE: RangeInclusive<f64> = 0.2..=0.8;
    /// As [`Scene::crosstalk`].
    pub const CROSSTALK: RangeInclusive<f64> = 0.02..=0.12;
    /// As [`Scene::wall`].
    pub const WALL: RangeInclusive<f64> = 2.0..=6.0;
    /// As [`Scene::noise`].
    pub const NOISE: RangeInclusive<f64> = 0.5..=4.0;
    /// As [`Scene::auto_exposure`].
    pub const AUTO_EXPOSURE: RangeInclusive<f64> = 0.3..=1.0;
    /// As [`Scene::auto_white_balance`].
    pub const AUTO_WHITE_BALANCE: RangeInclusive<f64> = 0.0..=0.6;
    /// As [`Scene::adapts_in`], in seconds.
    pub const ADAPTS_IN: RangeInclusive<f64> = 0.5..=2.0;
    /// As [`Scene::frame_rate`].
    pub const FRAME_RATE: RangeInclusive<f64> = 10.0..=30.0;
    /// As [`Scene::latency`], in seconds.
    pub const LATENCY: RangeInclusive<f64> = 0.06..=0.25;
    /// As [`Scene::jpeg_quality`].
    pub const JPEG_QUALITY: RangeInclusive<f64> = 70.0..=92.0;
    /// As [`Scene::scale`].
    pub const SCALE: RangeInclusive<f64> = 0.75..=1.0;

    /// Draws a scene.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x0053_4345_4E45);
        let mut within = |range: RangeInclusive<f64>| {
            range.start() + (range.end() - range.start()) * f64::from(random.unit())
        };
        let share = within(Self::SCREEN_SHARE.start().ln()..=Self::SCREEN_SHARE.end().ln()).exp();
        let frame_rate = within(Self::FRAME_RATE);
        Self {
            screen_share: share,
            page: within(Self::PAGE),
            crosstalk: within(Self::CROSSTALK),
            wall: within(Self::WALL),
            noise: within(Self::NOISE),
            auto_exposure: within(Self::AUTO_EXPOSURE),
            auto_white_balance: within(Self::AUTO_WHITE_BALANCE),
            adapts_in: Duration::from_secs_f64(within(Self::ADAPTS_IN)),
            frame_rate,
            exposure: Duration::from_secs_f64(within(0.2..=0.95) / frame_rate),
            readout: Duration::from_secs_f64(within(0.01..=0.03)),
            latency: Duration::from_secs_f64(within(Self::LATENCY)),
            jpeg_quality: within(Self::JPEG_QUALITY).round() as u8,
            // Every second camera gives what the material has.
            scale: if within(0.0..=1.0) < 0.5 { 1.0 } else { within(Self::SCALE) },
            seed,
        }
    }

    /// One without chance: a screen that is easily seen, a camera that adapts to nothing and adds nothing.
    #[must_use]
    pub const fn plain(screen_share: f64) -> Self {
        Self {
            screen_share,
            page: 0.0,
            crosstalk: 0.0,
            wall: 4.0,
            noise: 0.0,
            auto_exposure: 0.0,
            auto_white_balance: 0.0,
            adapts_in: Duration::from_secs(1),
            frame_rate: 30.0,
            exposure: Duration::from_millis(10),
            readout: Duration::from_millis(10),
            latency: Duration::ZERO,
            jpeg_quality: 90,
            scale: 1.0,
            seed: 1,
        }
    }

    /// The screen as a lamp for somebody at so many cm.
    #[must_use]
    pub fn lamp(&self, distance: f32) -> Lamp {
        Lamp { reach: distance, wall: distance * self.wall as f32, ..Lamp::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_within_its_range_and_fixed_by_the_seed() {
        for seed in 0..500 {
            let scene = Scene::draw(seed);
            assert_eq!(scene, Scene::draw(seed));
            assert!(Scene::SCREEN_SHARE.contains(&scene.screen_share), "{scene:?}");
            assert!(Scene::FRAME_RATE.contains(&scene.frame_rate), "{scene:?}");
            assert!(Scene::ADAPTS_IN.contains(&scene.adapts_in.as_secs_f64()), "{scene:?}");
            assert!(Scene::JPEG_QUALITY.contains(&scene.jpeg_quality.into()), "{scene:?}");
            assert!((0.75..=1.0).contains(&scene.scale), "{scene:?}");
        }
        assert_ne!(Scene::draw(1), Scene::draw(2));
    }
}
