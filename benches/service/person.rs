//! The person before the camera: a rendered head that does what it is asked, at the pace of a real one.

use anyhow::Context as _;
use bytes::Bytes;
use liveness_events::Digest;
use liveness_events::challenge::Turn;
use liveness_kit::{FaceMesh, Head, Pose, Studio, encode_jpeg, read_picture};
use std::collections::HashMap;
use std::path::Path;

/// Pictures from looking ahead to the widest turn: three quarters of a second at the page's 8 pictures a second.
const WAY: i32 = 6;
/// Yaw between two of them, in degrees.
const STEP: f32 = 5.0;
/// Pictures of each yaw, each with its own noise.
const TAKES: usize = 3;

/// All pictures of the head, encoded before anything is timed.
pub(crate) struct Album {
    jpegs: Vec<Bytes>,
    places: HashMap<Digest, usize>,
}

impl Album {
    /// Renders the test portrait from one side to the other, 640 x 480 as the page sends them.
    pub(crate) fn render() -> anyhow::Result<Self> {
        let portrait = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/built/test/astronaut.png");
        let portrait = read_picture(&portrait)
            .context("run `cargo run -p liveness-model-setup -- --test-material` first")?;
        let poses: Vec<Pose> =
            (-WAY..=WAY).flat_map(|place| [Pose::yaw(place as f32 * STEP); TAKES]).collect();
        let frames = Head::new(&portrait, &FaceMesh::astronaut()?).frames(&Studio::default(), &poses);
        let jpegs: Vec<Bytes> =
            frames.iter().map(|frame| encode_jpeg(frame).map(Bytes::from)).collect::<Result<_, _>>()?;
        let places = jpegs.iter().enumerate().map(|(place, jpeg)| (Digest::of(jpeg), place)).collect();
        Ok(Self { jpegs, places })
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

/// How the head is turned at the moment.
#[derive(Default)]
pub(crate) struct Person {
    place: i32,
    taken: usize,
}

impl Person {
    /// Moves on towards what is asked, and gives the picture of that moment.
    pub(crate) fn picture<'a>(&mut self, album: &'a Album, turn: Option<Turn>) -> &'a Bytes {
        let aim = match turn {
            Some(Turn::Left) => WAY,
            Some(Turn::Right) => -WAY,
            Some(Turn::Up | Turn::Down) | None => 0,
        };
        self.place += (aim - self.place).signum();
        self.taken += 1;
        let place = usize::try_from(self.place + WAY).unwrap_or(0);
        &album.jpegs[(place * TAKES + self.taken % TAKES) % album.jpegs.len()]
    }
}
