use crate::asked::{Asked, Shown};
use crate::clip::{Clip, PER_SECOND};
use crate::manner::{Acting, Manner};
use crate::person::answer;
use crate::play_head::PlayHead;
use crate::scene::Scene;
use crate::subject::Motif;
use image::imageops::{FilterType, crop_imm, resize};
use liveness_kit::{Head, Lamp, Plane, Pose, View};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Frames of the way to a pose that are shown before it, after the cut.
const LEAD: usize = 8;
/// Frames that are taken around the widest nod.
const AROUND: usize = 6;
/// What of a picture is cut off at first, so that it can also be shown smaller.
const ZOOM: f32 = 1.25;

/// Somebody who has clips of the victim and cuts to the one that fits what is asked best; nearer and farther are a
/// larger and a smaller picture.
pub struct Puppet {
    clip: Arc<Clip>,
    acting: Acting,
    goal: Range<usize>,
    play: PlayHead,
    played: Duration,
    lamp: Lamp,
}

impl Puppet {
    /// A victim's clip, and the manner of the one who cuts.
    #[must_use]
    pub fn new(clip: Arc<Clip>, manner: Manner, scene: &Scene) -> Self {
        let head = Head::in_place(clip.portrait().picture(), &clip.portrait().mesh);
        Self {
            acting: Acting::new(manner, Pose::AHEAD.at(1.0)),
            goal: clip.route.home.clone(),
            play: PlayHead::new(clip.route.home.start),
            played: Duration::ZERO,
            lamp: scene.lamp(head.distance()),
            clip,
        }
    }

    /// The frames that fit best.
    fn fitting(&self, asked: Asked) -> Range<usize> {
        let route = &self.clip.route;
        match asked {
            Asked::TurnLeft => route.left.frames.clone(),
            Asked::TurnRight => route.right.frames.clone(),
            Asked::TurnUp => self.nod(1.0),
            Asked::TurnDown => self.nod(-1.0),
            _ => route.home.clone(),
        }
    }

    fn nod(&self, sign: f32) -> Range<usize> {
        let frames = &self.clip.frames;
        let widest = (0..frames.len())
            .max_by(|a, b| (frames[*a].pitch * sign).total_cmp(&(frames[*b].pitch * sign)))
            .unwrap_or(0);
        widest.saturating_sub(AROUND)..(widest + AROUND).min(frames.len())
    }
}

impl Motif for Puppet {
    fn view(&mut self, at: Duration, shown: &Shown) -> View {
        let (does, Pose { distance, .. }) = self.acting.act(at, shown);
        let goal = self.fitting(does);
        // Cut to the way to a pose; to look ahead again, the clip plays its own way back.
        if does.moves() && self.goal != goal {
            self.play = PlayHead::new(goal.start.saturating_sub(LEAD));
        }
        self.goal = goal.clone();
        let seconds = at.saturating_sub(self.played).as_secs_f32();
        self.played = at;
        let frame = &self.clip.frames[self.play.play(seconds * PER_SECOND, &goal)];
        let picture = frame.picture();
        let head = Head::in_place(picture.clone(), &frame.mesh);
        let (lamp, gloss) = answer(&head, &self.lamp, &picture);
        zoomed(&View { picture, lamp, gloss }, (ZOOM / distance).max(1.0))
    }
}

/// The middle of a view, so many times larger.
fn zoomed(view: &View, zoom: f32) -> View {
    let picture = &view.picture;
    let (width, height) = picture.dimensions();
    let part = |side: u32| ((side as f32 / zoom).round() as u32).clamp(1, side);
    let (inner_width, inner_height) = (part(width), part(height));
    let inner =
        crop_imm(picture, (width - inner_width) / 2, (height - inner_height) / 2, inner_width, inner_height);
    let plane = |plane: &Plane| {
        let place = |at: usize, side: usize| {
            let middle = side as f32 / 2.0;
            ((at as f32 + 0.5 - middle) / zoom + middle).clamp(0.0, side as f32 - 1.0) as usize
        };
        let (width, height) = (plane.width, plane.height);
        let numbers = (0..width * height)
            .map(|number| plane.values[place(number / width, height) * width + place(number % width, width)]);
        Plane { width, height, values: numbers.collect() }
    };
    View {
        picture: resize(&inner.to_image(), width, height, FilterType::Triangle),
        lamp: plane(&view.lamp),
        gloss: plane(&view.gloss),
    }
}

/// A clip that is played over and over, whatever is asked.
pub struct Looped {
    clip: Arc<Clip>,
    lamp: Lamp,
}

impl Looped {
    /// From its beginning.
    #[must_use]
    pub fn new(clip: Arc<Clip>, scene: &Scene) -> Self {
        let head = Head::in_place(clip.portrait().picture(), &clip.portrait().mesh);
        Self { lamp: scene.lamp(head.distance()), clip }
    }
}

impl Motif for Looped {
    fn view(&mut self, at: Duration, _: &Shown) -> View {
        let place = (at.as_secs_f32() * PER_SECOND) as usize % self.clip.frames.len();
        let frame = &self.clip.frames[place];
        let picture = frame.picture();
        let (lamp, gloss) = answer(&Head::in_place(picture.clone(), &frame.mesh), &self.lamp, &picture);
        View { picture, lamp, gloss }
    }
}
