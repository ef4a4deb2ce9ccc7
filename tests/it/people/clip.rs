use super::altered::{Place, altered};
use super::distance::{Distance, growth};
use super::{FRAME, Source};
use bytes::Bytes;
use liveness_events::challenge::{Step, Turn};
use liveness_kit::{FaceMesh, Mirrored, Oval, Still, TurnLibrary, clip_frames};
use liveness_models::Analyser;
use std::path::Path;
use std::time::Duration;

/// Frames a second that are taken from a clip: as many as the page sends.
fn per_second() -> f32 {
    1.0 / FRAME.as_secs_f32()
}

/// A clip that is played over and over, whatever is asked.
pub(crate) struct Loop(Vec<Bytes>);

impl Loop {
    pub(crate) fn of(file: &Path) -> Self {
        Self(clip_frames(file, per_second()).unwrap().into_iter().map(Bytes::from).collect())
    }
}

impl Source for Loop {
    fn picture(&mut self, since_start: Duration, _: Option<Step>) -> Bytes {
        let frame = (since_start.as_secs_f32() * per_second()).round() as usize;
        self.0[frame % self.0.len()].clone()
    }
}

/// How far somebody follows what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follows {
    AsAsked,
    TheOtherWay,
    /// So long after it was asked.
    After(Duration),
}

/// Somebody real whose turns were filmed, played as they are asked for. Comes nearer by being enlarged.
#[derive(Clone)]
pub(crate) struct ClipPerson {
    face: Place,
    distance: Distance,
    ahead: Vec<Bytes>,
    sides: [Side; 2],
    follows: Follows,
    asked: Option<Step>,
    asked_at: Duration,
    /// The turn that is being played, and where in it; it stops at the middle until the look ahead is asked for.
    playing: Option<(Turn, usize)>,
    frames: usize,
}

/// The frames of a turn to one side, and where among them it is widest.
#[derive(Clone)]
struct Side {
    frames: Vec<Bytes>,
    widest: usize,
}

impl Side {
    fn of(turns: &TurnLibrary, side: Turn) -> Self {
        let stills = &turns.side(side == Turn::Left).frames;
        let yaw = |place: &usize| stills[*place].yaw.abs();
        let widest = (0..stills.len()).max_by(|a, b| yaw(a).total_cmp(&yaw(b))).unwrap();
        Self { frames: jpegs(stills), widest }
    }
}

fn jpegs(stills: &[Still]) -> Vec<Bytes> {
    stills.iter().map(|still| still.jpeg.clone().into()).collect()
}

/// The turns of a clip, and where the face is in it.
pub(crate) struct Filmed {
    turns: TurnLibrary,
    face: Place,
}

impl Filmed {
    pub(crate) fn in_clip(file: &Path, analyser: &mut Analyser) -> Self {
        let turns = TurnLibrary::from_clip(file, per_second(), Mirrored::WhereWider, analyser).unwrap();
        let ahead = image::load_from_memory(&turns.ahead[0].jpeg).unwrap().into_rgb8();
        let [left, top, right, bottom] = FaceMesh::find(&ahead, analyser).unwrap().bounds();
        let (width, height) = (ahead.width() as f32, ahead.height() as f32);
        let middle = ((left + right) / 2.0 / width, (top + bottom) / 2.0 / height);
        let half = ((right - left) / 2.0 / width, (bottom - top) / 2.0 / height);
        Self { turns, face: Place::Head(Oval { middle, half }) }
    }
}

impl ClipPerson {
    pub(crate) fn new(filmed: &Filmed, follows: Follows) -> Self {
        let Filmed { turns, face } = filmed;
        Self {
            face: *face,
            distance: Distance::default(),
            ahead: jpegs(&turns.ahead),
            sides: [Turn::Left, Turn::Right].map(|side| Side::of(turns, side)),
            follows,
            asked: None,
            asked_at: Duration::ZERO,
            playing: None,
            frames: 0,
        }
    }

    fn side(&self, side: Turn) -> &Side {
        &self.sides[usize::from(side == Turn::Right)]
    }

    fn wanted(&self, now: Duration) -> Option<Turn> {
        let turn = self.asked.and_then(Step::turn)?;
        let waited = now.saturating_sub(self.asked_at);
        match (self.follows, turn) {
            (Follows::After(delay), _) if waited < delay => None,
            (Follows::AsAsked | Follows::After(_), turn) => Some(turn),
            (Follows::TheOtherWay, Turn::Left) => Some(Turn::Right),
            (Follows::TheOtherWay, Turn::Right) => Some(Turn::Left),
            (Follows::TheOtherWay, Turn::Up | Turn::Down) => None,
        }
    }
}

impl Source for ClipPerson {
    fn picture(&mut self, since_start: Duration, asked: Option<Step>) -> Bytes {
        if asked != self.asked {
            (self.asked, self.asked_at) = (asked, since_start);
        }
        self.frames += 1;
        let wanted = self.wanted(since_start);
        self.playing = match (self.playing, wanted) {
            (None, Some(side)) => Some((side, 0)),
            (Some((side, at)), Some(wanted)) if side == wanted => {
                Some((side, (at + 1).min(self.side(side).widest)))
            }
            (Some((side, at)), _) if at + 1 < self.side(side).frames.len() => Some((side, at + 1)),
            (Some(_) | None, _) => None,
        };
        let level = self.distance.follow(asked, 1);
        let frame = match self.playing {
            Some((side, at)) => &self.side(side).frames[at],
            None => &self.ahead[self.frames % self.ahead.len().min(6)],
        };
        altered(frame, &self.face, growth(level), asked.and_then(Step::colour))
    }
}
