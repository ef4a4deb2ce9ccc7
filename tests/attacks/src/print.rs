use crate::asked::Shown;
use crate::manner::{Acting, Manner};
use crate::scene::Scene;
use crate::subject::Motif;
use image::RgbImage;
use liveness_kit::{Lamp, Lens, Photo, Pose, Studio, Sway, Tremor, View};
use std::time::Duration;

/// From where a print of 15 cm shows a face of the size of a head's, in cm.
const DISTANCE: f32 = 27.0;

/// How a print is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// On a stand, whatever is asked.
    Still,
    /// By a hand that turns and moves it as is asked.
    ByHand,
}

/// A print of a face, flat or bent, before the camera.
pub struct Print {
    photo: Photo,
    held: Held,
    lens: Lens,
    wall: RgbImage,
    lamp: Lamp,
    rest: Pose,
    acting: Acting,
    sway: Sway,
}

impl Print {
    /// A print before this studio's wall, lit in this scene.
    #[must_use]
    pub fn new(photo: Photo, held: Held, studio: &Studio, scene: &Scene) -> Self {
        let manner = Manner::hand(scene.seed);
        let rest = Pose::AHEAD.at(DISTANCE);
        let tremor = if held == Held::Still { Tremor::NONE } else { manner.tremor };
        Self {
            photo,
            held,
            lens: studio.lens(),
            wall: studio.wall(),
            // As for a face: paper that is held nearer is lit more.
            lamp: scene.lamp(Pose::USUAL_DISTANCE),
            rest,
            acting: Acting::new(manner, rest),
            sway: Sway::new(tremor, scene.seed),
        }
    }
}

impl Motif for Print {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        let mut pose = match self.held {
            Held::Still => self.rest,
            Held::ByHand => self.acting.act(at, shown).1,
        };
        // A hand that turns a picture shifts it, too.
        pose.dx += pose.yaw * 0.06;
        let behind = View::of_wall(self.wall.clone(), &self.lamp);
        self.photo.view(&self.lens, &self.lamp, behind, &self.sway.of(&pose, at.as_secs_f32()))
    }
}
