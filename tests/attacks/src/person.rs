//! Bona fide subjects: a filmed person, and a rendered head that stands for one.

use crate::asked::{Asked, Shown};
use crate::clip::{Clip, ENOUGH, PER_SECOND};
use crate::manner::{Acting, Blinks, Manner};
use crate::play_head::PlayHead;
use crate::scene::Scene;
use crate::subject::Motif;
use image::RgbImage;
use liveness_kit::{FaceMesh, Head, Lamp, Lens, Look, Photo, Plane, Pose, Studio, Sway, View};
use std::sync::Arc;
use std::time::Duration;

/// The light on a face that is not warped is drawn in every fourth pixel of each direction.
const COARSE: u32 = 4;
/// A head to which nothing is added; its distance is a factor.
const UNMOVED: Pose = Pose::AHEAD.at(1.0);

/// From the face's middle to a mask before it, in cm: the nose is between.
const BEFORE: f32 = 3.0;

/// Whether what a clip lacks is made by moving the face's mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warped {
    /// Only what was filmed is shown.
    Never,
    /// Turns are widened, the head is raised and lowered, comes nearer and moves back, with perspective.
    AsNeeded,
}

/// A filmed person, played to and fro without a cut.
pub struct ClipPerson {
    clip: Arc<Clip>,
    warped: Warped,
    acting: Acting,
    /// As [`Manner::gaze`]: of the turns that are added.
    gaze: f32,
    play: PlayHead,
    played: Duration,
    lamp: Lamp,
}

impl ClipPerson {
    /// Somebody who answers in this manner, lit in this scene.
    #[must_use]
    pub fn new(clip: Arc<Clip>, warped: Warped, manner: Manner, scene: &Scene) -> Self {
        let home = clip.route.home.clone();
        let head = Head::in_place(clip.portrait().picture(), &clip.portrait().mesh);
        Self {
            // Of the distance only the change is used: it is another one in each frame.
            gaze: manner.gaze,
            acting: Acting::new(manner, UNMOVED),
            play: PlayHead::new(home.start.midpoint(home.end)),
            played: Duration::ZERO,
            lamp: scene.lamp(head.distance()),
            clip,
            warped,
        }
    }
}

/// What is added to the clip, of what is asked: what it has not by itself.
fn lacking(clip: &Clip, does: Asked, goal: Pose) -> Pose {
    let sideways = |offset: f32| (goal.yaw.abs() - offset.max(0.0)).max(0.0);
    let yaw = match does {
        Asked::TurnLeft => sideways(clip.route.left.offset),
        Asked::TurnRight => -sideways(clip.route.right.offset),
        _ => 0.0,
    };
    Pose { yaw, ..goal }
}

impl Motif for ClipPerson {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        let (clip, warped) = (Arc::clone(&self.clip), self.warped);
        let (does, added) = self.acting.act_but(at, shown, |does, goal| match warped {
            Warped::Never => UNMOVED,
            Warped::AsNeeded => lacking(&clip, does, goal),
        });
        let goal = match does {
            Asked::TurnLeft => &self.clip.route.left.frames,
            Asked::TurnRight => &self.clip.route.right.frames,
            _ => &self.clip.route.home,
        };
        let frames = at.saturating_sub(self.played).as_secs_f32() * PER_SECOND;
        self.played = at;
        let frame = &self.clip.frames[self.play.play(frames, goal)];
        let picture = frame.picture();
        let head = Head::in_place(picture.clone(), &frame.mesh);
        if added == UNMOVED {
            let (lamp, gloss) = answer(&head, &self.lamp, &picture);
            return View { picture, lamp, gloss };
        }
        let pose = added.at(added.distance * head.distance());
        let look = Look { gaze: -self.gaze * added.yaw, ..pose.into() };
        head.view(&head.lens(), &self.lamp, picture, &look)
    }

    fn can(&self, asked: Asked) -> bool {
        match (self.warped, asked) {
            (Warped::AsNeeded, _) => true,
            (Warped::Never, Asked::TurnLeft) => self.clip.route.left.offset >= ENOUGH,
            (Warped::Never, Asked::TurnRight) => self.clip.route.right.offset >= ENOUGH,
            (Warped::Never, asked) => !asked.moves(),
        }
    }
}

/// How an unmoved head answers a lamp.
pub(crate) fn answer(head: &Head, lamp: &Lamp, picture: &RgbImage) -> (Plane, Plane) {
    let small = RgbImage::new((picture.width() / COARSE).max(1), (picture.height() / COARSE).max(1));
    let view = head.view(&head.lens().scaled(1.0 / COARSE as f32), lamp, small, &head.rest());
    (view.lamp, view.gloss)
}

/// A rendered head.
pub struct HeadPerson {
    head: Arc<Head>,
    lens: Lens,
    wall: RgbImage,
    lamp: Lamp,
    acting: Acting,
    sway: Sway,
    blinks: Blinks,
    gaze: f32,
}

impl HeadPerson {
    /// A head before this studio's wall that answers in this manner, lit in this scene.
    #[must_use]
    pub fn new(head: Arc<Head>, studio: &Studio, manner: Manner, scene: &Scene) -> Self {
        let rest = head.rest().pose;
        Self {
            lens: studio.lens(),
            wall: studio.wall(),
            lamp: scene.lamp(rest.distance),
            sway: Sway::new(manner.tremor, manner.seed),
            blinks: Blinks::new(&manner),
            gaze: manner.gaze,
            acting: Acting::new(manner, rest),
            head,
        }
    }
}

impl HeadPerson {
    fn look(&mut self, at: Duration, shown: &Shown) -> Look {
        let (_, pose) = self.acting.act(at, shown);
        let pose = self.sway.of(&pose, at.as_secs_f32());
        Look { pose, shut: self.blinks.shut(at), gaze: -self.gaze * pose.yaw }
    }
}

impl Motif for HeadPerson {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        let look = self.look(at, shown);
        self.head.view(&self.lens, &self.lamp, self.wall.clone(), &look)
    }
}

/// Somebody who wears a print of another face, with holes for the eyes.
pub struct MaskedPerson {
    person: HeadPerson,
    mask: Photo,
    /// Where the mask is on the face, in cm: to the right, down, before it.
    worn: [f32; 3],
}

impl MaskedPerson {
    /// The holes come before the person's own eyes.
    #[must_use]
    pub fn new(person: HeadPerson, mask: Photo) -> Self {
        let ([own_x, own_y], [x, y]) = (person.head.eyes(), mask.eyes());
        Self { person, mask, worn: [own_x - x, own_y - y, BEFORE] }
    }
}

impl Motif for MaskedPerson {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        let HeadPerson { lens, lamp, .. } = self.person;
        let look = self.person.look(at, shown);
        let face = self.person.head.view(&lens, &lamp, self.person.wall.clone(), &look);
        self.mask.view(&lens, &lamp, face, &Head::carried(&look.pose, self.worn))
    }
}

/// A picture with its face, of which heads and prints are made.
#[derive(Debug, Clone)]
pub struct Portrait {
    /// Whose it is.
    pub name: String,
    /// The picture.
    pub picture: RgbImage,
    /// The face.
    pub mesh: FaceMesh,
}

impl Portrait {
    /// A frame of a clip that looks ahead.
    #[must_use]
    pub fn of_clip(clip: &Clip) -> Self {
        let frame = clip.portrait();
        Self { name: clip.name.clone(), picture: frame.picture(), mesh: frame.mesh.clone() }
    }

    /// A head with this face.
    #[must_use]
    pub fn head(&self) -> Arc<Head> {
        Arc::new(Head::new(&self.picture, &self.mesh))
    }
}
