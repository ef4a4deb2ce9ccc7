//! The person before the camera: a rendered head that does what it is asked, at the pace of a real one.

use anyhow::Context as _;
use bytes::Bytes;
use liveness_events::Digest;
use liveness_events::challenge::{Colour, Step, Turn};
use liveness_kit::{FaceMesh, Head, Oval, Pose, Studio, encode_jpeg, lit, read_picture};
use std::collections::HashMap;
use std::path::Path;

/// Pictures from looking ahead to the widest turn: three quarters of a second at the page's 8 pictures a second.
pub(crate) const WAY: i32 = 6;
/// Yaw between two of them, in degrees.
const STEP: f32 = 5.0;
/// Pictures of each moment, each with its own noise.
const TAKES: usize = 3;
/// Levels from the usual distance to the nearest, and to the farthest: half a second.
pub(crate) const LEVELS: i32 = 4;
/// How much larger a face is so many levels nearer: so much that it is a change of distance.
const LARGER: f32 = 1.25;
/// Where the face is in the pictures at the usual distance.
const FACE: Oval = Oval { middle: (0.5, 0.5), half: (0.16, 0.3) };

/// What a picture shows: how far the head is turned, its level of distance, and which colour it is lit by.
pub(crate) type Moment = (i32, i32, Option<Colour>);

/// All pictures of the head, encoded before anything is timed.
pub(crate) struct Album {
    jpegs: Vec<Bytes>,
    moments: HashMap<Moment, [usize; TAKES]>,
    places: HashMap<Digest, usize>,
}

impl Album {
    /// Renders the test portrait, 640 x 480 as the page sends it: at the usual, the nearest and the farthest distance from
    /// one side to the other, and looking ahead in each colour; between them looking ahead alone.
    pub(crate) fn render() -> anyhow::Result<Self> {
        let portrait = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/built/test/astronaut.png");
        let portrait = read_picture(&portrait)
            .context("run `cargo run -p liveness-model-setup -- --test-material` first")?;
        let head = Head::new(&portrait, &FaceMesh::astronaut()?);
        let mut album = Self { jpegs: Vec::new(), moments: HashMap::new(), places: HashMap::new() };
        for near in -LEVELS..=LEVELS {
            let is_whole = near % LEVELS == 0;
            let growth = LARGER.powf(near as f32 / LEVELS as f32);
            let pose = |place: i32| Pose::yaw(place as f32 * STEP).at(Pose::USUAL_DISTANCE / growth);
            let way = if is_whole { WAY } else { 0 };
            let poses: Vec<Pose> = (-way..=way).flat_map(|place| [pose(place); TAKES]).collect();
            let frames = head.frames(&Studio::default(), &poses);
            for (place, takes) in (-way..=way).zip(frames.chunks_exact(TAKES)) {
                album.add((place, near, None), takes)?;
            }
            let ahead = frames.chunks_exact(TAKES).nth(way as usize).context("nothing looks ahead")?;
            let face = FACE.grown(growth);
            for colour in Colour::ALL.into_iter().filter(|_| is_whole) {
                let takes: Vec<_> = ahead.iter().map(|frame| lit(frame, Some(&face), colour.rgb())).collect();
                album.add((0, near, Some(colour)), &takes)?;
            }
        }
        Ok(album)
    }

    fn add(&mut self, moment: Moment, takes: &[image::RgbImage]) -> anyhow::Result<()> {
        let mut places = [0; TAKES];
        for (place, frame) in places.iter_mut().zip(takes) {
            let jpeg = Bytes::from(encode_jpeg(frame)?);
            *place = self.jpegs.len();
            self.places.insert(Digest::of(&jpeg), *place);
            self.jpegs.push(jpeg);
        }
        self.moments.insert(moment, places);
        Ok(())
    }

    /// The pictures of the head as it is at the end of the framing.
    pub(crate) fn framed(&self) -> &[usize] {
        self.moments.get(&(0, 0, None)).map_or(&[], |takes| takes)
    }

    /// A picture of this moment, or, where no light is rendered, of the same moment without.
    pub(crate) fn find_moment(&self, (place, near, colour): Moment, taken: usize) -> usize {
        let lit = self.moments.get(&(place, near, colour));
        lit.unwrap_or_else(|| &self.moments[&(place, near, None)])[taken % TAKES]
    }

    pub(crate) fn jpegs(&self) -> &[Bytes] {
        &self.jpegs
    }

    /// Which picture it is that the log knows by its hash.
    pub(crate) fn find(&self, sha256: &Digest) -> anyhow::Result<usize> {
        self.places.get(sha256).copied().context("the log names a picture that was never sent")
    }

    /// Mean size of a picture in bytes.
    pub(crate) fn mean_bytes(&self) -> usize {
        self.jpegs.iter().map(Bytes::len).sum::<usize>() / self.jpegs.len().max(1)
    }
}

/// How the head is turned and how near it is at the moment.
#[derive(Default)]
pub(crate) struct Person {
    place: i32,
    near: i32,
    taken: usize,
}

impl Person {
    /// Moves on towards what is asked, and gives the picture of that moment.
    pub(crate) fn picture<'a>(&mut self, album: &'a Album, step: Option<Step>) -> &'a Bytes {
        let aim = match step.and_then(Step::turn) {
            Some(Turn::Left) => WAY,
            Some(Turn::Right) => -WAY,
            Some(Turn::Up | Turn::Down) | None => 0,
        };
        self.place += (aim - self.place).signum();
        self.near += match step {
            Some(Step::Nearer) => LEVELS,
            Some(Step::Farther) => -LEVELS,
            _ => 0,
        };
        self.near = self.near.clamp(-LEVELS, LEVELS);
        self.taken += 1;
        let colour = step.and_then(Step::colour);
        &album.jpegs[album.find_moment((self.place, self.near, colour), self.taken)]
    }
}
