//! What the screen shines with, and what is linear about it.

use crate::asked::{Past, Shown};
use crate::scene::Scene;
use std::time::Duration;

/// Steps of a linear value from 0 to 1 for which the encoded one is kept: at black, where it rises most, a fifth of a
/// step of 255 each.
const STEPS: usize = 16_384;

/// Linear light, 0 to 1, of a value from 0 to 255 (IEC 61966-2-1).
#[must_use]
pub fn linear(value: u8) -> f32 {
    let value = f32::from(value) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The other way round, not rounded, 0 to 255.
#[must_use]
pub fn encoded(light: f32) -> f32 {
    let light = light.clamp(0.0, 1.0);
    255.0 * if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// Both as tables.
#[derive(Debug, Clone)]
pub(crate) struct Tones {
    linear: [f32; 256],
    encoded: Vec<f32>,
}

impl Tones {
    pub(crate) fn new() -> Self {
        Self {
            linear: std::array::from_fn(|value| linear(value as u8)),
            encoded: (0..=STEPS).map(|step| encoded(step as f32 / STEPS as f32)).collect(),
        }
    }

    #[inline]
    pub(crate) fn linear(&self, value: u8) -> f32 {
        self.linear[usize::from(value)]
    }

    #[inline]
    pub(crate) fn encoded(&self, light: f32) -> f32 {
        self.encoded[((light * STEPS as f32) as usize).min(STEPS)]
    }
}

/// Light of the screen in the camera's channels, over that of the full white screen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Screen {
    past: Past,
}

impl Screen {
    pub(crate) fn note(&mut self, shown: &Shown) {
        self.past.note(shown);
    }

    pub(crate) const fn past(&self) -> &Past {
        &self.past
    }

    /// The mean over a stretch of time, as the camera sees it.
    pub(crate) fn light(&self, scene: &Scene, from: Duration, to: Duration) -> [f32; 3] {
        let late = |time: Duration| time.saturating_sub(scene.latency);
        let (from, to) = (late(from), late(to));
        let whole = to.saturating_sub(from).as_secs_f32();
        if whole <= 0.0 {
            return shine(&self.past.at(to), scene);
        }
        let changes =
            self.past.all().iter().map(|shown| shown.since).filter(|time| *time > from && *time < to);
        let mut sum = [0.0; 3];
        let mut begin = from;
        for end in changes.chain([to]) {
            let share = end.saturating_sub(begin).as_secs_f32() / whole;
            let light = shine(&self.past.at(begin), scene);
            sum = std::array::from_fn(|i| sum[i] + share * light[i]);
            begin = end;
        }
        sum
    }
}

/// What the screen shines with while it shows this.
fn shine(shown: &Shown, scene: &Scene) -> [f32; 3] {
    let Some(colour) = shown.asked.colour() else { return [scene.page as f32; 3] };
    let [red, green, blue] = colour.map(linear);
    let across = scene.crosstalk as f32;
    let mixed = |own: f32, a: f32, b: f32| (own + across * (a + b)) / (1.0 + 2.0 * across);
    [mixed(red, green, blue), mixed(green, red, blue), mixed(blue, red, green)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::Asked;

    #[test]
    fn values_come_back() {
        let tones = Tones::new();
        for value in 0..=255_u8 {
            assert!((tones.encoded(tones.linear(value)) - f32::from(value)).abs() < 0.3, "{value}");
        }
    }

    #[test]
    fn a_change_within_the_exposure_is_mixed() {
        let scene = Scene::plain(0.1);
        let mut screen = Screen::default();
        screen.note(&Shown::FRAMING);
        let second = Duration::from_secs(1);
        screen.note(&Shown { asked: Asked::Light([255, 0, 0]), since: second });
        let half = Duration::from_millis(10);
        let [red, green, _] = screen.light(&scene, second - half, second + half);
        assert!((red - 0.5).abs() < 1e-3 && green == 0.0, "{red} {green}");
    }
}
