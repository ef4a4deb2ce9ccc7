use crate::asked::Shown;
use crate::camera::Camera;
use crate::light::Screen;
use crate::scene::Scene;
use image::RgbImage;
use liveness_kit::{Plane, Random, View};
use std::time::Duration;

/// How somebody who feeds pictures into the page makes them answer its light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// Not at all.
    Nothing,
    /// The whole picture takes on the colour.
    Tint,
    /// The face is lit by its shape, as a lamp would light it.
    Light,
}

/// Software that lights pictures with the colour that the page shows.
#[derive(Debug, Clone)]
pub struct Copying {
    copies: Copies,
    camera: Camera,
    screen: Screen,
}

impl Copying {
    /// Strength and delay are drawn: the page must be read and the picture computed before it is shown.
    #[must_use]
    pub fn new(copies: Copies, scene: &Scene) -> Self {
        let mut random = Random::new(scene.seed ^ 0x434F_5059);
        let computing = Duration::from_secs_f32(0.03 + 0.22 * random.unit());
        let strength = 0.05 + 0.2 * random.unit();
        let scene = Scene {
            latency: scene.latency + computing,
            jpeg_quality: scene.jpeg_quality,
            frame_rate: scene.frame_rate,
            seed: scene.seed,
            exposure: Duration::ZERO,
            readout: Duration::ZERO,
            ..Scene::plain(strength.into())
        };
        Self { copies, camera: Camera::new(scene), screen: Screen::default() }
    }

    /// The picture as it is fed in.
    pub(crate) fn picture(&mut self, view: View, at: Duration, shown: &Shown) -> RgbImage {
        self.screen.note(shown);
        let view = match self.copies {
            Copies::Nothing => return view.picture,
            Copies::Tint => View { lamp: Plane::even(1, 1, 1.0), gloss: Plane::even(1, 1, 0.0), ..view },
            Copies::Light => view,
        };
        self.camera.develop(view, at, &self.screen)
    }
}
