use crate::asked::{Asked, Shown};
use crate::copying::{Copies, Copying};
use crate::scene::Scene;
use crate::subject::Motif;
use image::RgbImage;
use liveness_kit::{Lamp, Lens, Panel, Pose, Random, Studio, Sway, Tremor, View};
use std::time::Duration;

/// A screen that is held before the camera and shows a motif.
pub struct ScreenReplay<M> {
    motif: M,
    copying: Copying,
    panel: Panel,
    /// Pixels of the screen a cm, and its longer side in cm.
    density: f32,
    longer: f32,
    /// Share of the frame that the shown picture fills.
    fill: f32,
    lens: Lens,
    wall: RgbImage,
    lamp: Lamp,
    tilt: Pose,
    sway: Sway,
}

impl<M: Motif> ScreenReplay<M> {
    /// Which screen it is and how it is held is drawn: a phone, a tablet or a monitor, its frame in view or not.
    #[must_use]
    pub fn new(motif: M, copies: Copies, studio: &Studio, scene: &Scene) -> Self {
        let mut random = Random::new(scene.seed ^ 0x0050_414E_454C);
        let which = random.next() % 3;
        let mut within = |least: f32, most: f32| least + (most - least) * random.unit();
        let (longer, density, tremor) = match which {
            0 => (14.9, 160.0, Tremor::HAND),
            1 => (24.8, 104.0, Tremor::HAND),
            _ => (53.0, 36.0, Tremor::NONE),
        };
        let panel = Panel {
            gamma: within(0.9, 1.25),
            white: within(0.85, 1.0),
            black: within(0.01, 0.07),
            grid: within(0.1, 0.8),
            bands: [within(0.0, 0.05), within(0.4, 2.5), within(-1.5, 1.5)],
            bezel: longer * within(0.015, 0.05),
            ..if which == 2 { Panel::LAPTOP } else { Panel::PHONE }
        };
        Self {
            motif,
            copying: Copying::new(copies, scene),
            panel,
            density,
            longer,
            fill: within(0.8, 1.15),
            lens: studio.lens(),
            wall: studio.wall(),
            lamp: scene.lamp(Pose::USUAL_DISTANCE),
            tilt: Pose { yaw: within(-6.0, 6.0), pitch: within(-5.0, 5.0), ..Pose::AHEAD },
            sway: Sway::new(tremor, scene.seed),
        }
    }

    /// The screen for a picture, and how far from the camera it is.
    fn panel(&self, shown: &RgbImage) -> (Panel, f32) {
        let (width, height) = (shown.width() as f32, shown.height() as f32);
        let size = [width, height].map(|side| side / width.max(height) * self.longer);
        let frame = [self.wall.width(), self.wall.height()].map(|side| side as f32 * self.fill);
        let distance = (size[0] * self.lens.focal / frame[0]).max(size[1] * self.lens.focal / frame[1]);
        (Panel { size, pixels: size[0] * self.density, ..self.panel }, distance)
    }
}

impl<M: Motif> Motif for ScreenReplay<M> {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        let view = self.motif.view(at, shown);
        let picture = self.copying.picture(view, at, shown);
        let (panel, distance) = self.panel(&picture);
        let seconds = at.as_secs_f32();
        let pose = self.sway.of(&self.tilt.at(distance), seconds);
        let behind = View::of_wall(self.wall.clone(), &self.lamp);
        panel.view(&picture, &self.lens, &self.lamp, behind, &pose, seconds)
    }

    fn can(&self, asked: Asked) -> bool {
        self.motif.can(asked)
    }
}
