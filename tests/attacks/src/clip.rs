use crate::upright::{needs_tilt, tilt};
use anyhow::{Context as _, Result};
use image::RgbImage;
use liveness_kit::{FaceMesh, Placing, Route, clip_frames, clip_meshes, encode_jpeg};
use liveness_models::Analyser;
use std::path::Path;

/// Frames a second that are taken from clips.
pub(crate) const PER_SECOND: f32 = 20.0;

/// A turn that is wide enough for a challenge, in degrees.
pub(crate) const ENOUGH: f32 = 14.0;

/// One frame of a clip with a face on it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// As it was taken from the clip.
    pub jpeg: Vec<u8>,
    /// The face.
    pub mesh: FaceMesh,
    /// Degrees, above zero to the person's own left, by the mesh.
    pub yaw: f32,
    /// Degrees, above zero upwards.
    pub pitch: f32,
    /// How it is set into another clip's frame.
    placing: Option<Placing>,
}

impl Frame {
    /// The pixels; a frame that was broken since it was measured is an even grey.
    #[must_use]
    pub fn picture(&self) -> RgbImage {
        let picture = image::load_from_memory(&self.jpeg).map_or_else(
            |_| RgbImage::from_pixel(64, 64, image::Rgb([128; 3])),
            image::DynamicImage::into_rgb8,
        );
        match self.placing {
            Some(placing) => placing.picture(&picture),
            None => picture,
        }
    }
}

/// A real person on video: the longest stretch in which the face is never lost.
#[derive(Debug, Clone)]
pub struct Clip {
    /// The file's name without its ending.
    pub name: String,
    /// The frames, 20 a second.
    pub frames: Vec<Frame>,
    /// Where among them the person looks ahead and turns.
    pub(crate) route: Route,
}

impl Clip {
    /// Reads and measures a clip. What was measured is kept in the temporary folder.
    ///
    /// # Errors
    /// When it cannot be read, or shows no face.
    pub fn read(path: &Path, analyser: &mut Analyser) -> Result<Self> {
        let meshes = clip_meshes(path, PER_SECOND, analyser)?;
        let jpegs = clip_frames(path, PER_SECOND)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let frames = longest(jpegs, meshes);
        let route = route(&frames).with_context(|| format!("{name} does not look ahead for a while"))?;
        let Some(degrees) = needs_tilt(frames[route.home.clone()].iter().map(|frame| &frame.mesh)) else {
            return Ok(Self { name, frames, route });
        };
        // By the same route: another one would look ahead elsewhere, where they may lean otherwise.
        let frames = frames.iter().map(|frame| tilted(frame, degrees)).collect::<Result<Vec<_>>>()?;
        Ok(Self { name, frames, route })
    }

    /// A frame that looks ahead, for portraits.
    #[must_use]
    pub fn portrait(&self) -> &Frame {
        &self.frames[self.route.home.start.midpoint(self.route.home.end)]
    }

    /// The same as it looks where another one was before: in pictures of its size, with the face as large and in its place. It
    /// must not be in anybody's place already.
    #[must_use]
    pub fn in_place_of(&self, other: &Self) -> Self {
        let (own, theirs) = (self.portrait(), other.portrait());
        let size = theirs.picture().dimensions();
        let [[left, top, right, bottom], there] = [&own.mesh, &theirs.mesh].map(FaceMesh::bounds);
        let placing = Placing {
            from: [f32::midpoint(left, right), f32::midpoint(top, bottom)],
            to: [f32::midpoint(there[0], there[2]), f32::midpoint(there[1], there[3])],
            scale: (there[2] - there[0]) / (right - left),
            size,
        };
        let place = |frame: &Frame| Frame {
            mesh: placing.face(&frame.mesh),
            placing: Some(placing),
            ..frame.clone()
        };
        Self { frames: self.frames.iter().map(place).collect(), ..self.clone() }
    }

    /// Whether the person turns to both sides by itself.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.widest().iter().all(|offset| *offset >= ENOUGH)
    }

    /// How far the person turns by itself to the own left and right, in degrees from ahead.
    #[must_use]
    pub fn widest(&self) -> [f32; 2] {
        [self.route.left.offset, self.route.right.offset]
    }
}

fn route(frames: &[Frame]) -> Option<Route> {
    let turns: Vec<(f32, f32)> = frames.iter().map(|frame| (frame.yaw, frame.pitch)).collect();
    Route::of(&turns)
}

fn tilted(frame: &Frame, degrees: f32) -> Result<Frame> {
    let (picture, mesh) = tilt(&frame.picture(), &frame.mesh, degrees)?;
    let (yaw, pitch) = mesh.turned();
    Ok(Frame { jpeg: encode_jpeg(&picture)?, mesh, yaw, pitch, placing: None })
}

fn longest(jpegs: Vec<Vec<u8>>, meshes: Vec<Option<FaceMesh>>) -> Vec<Frame> {
    let (mut best, mut now): (Vec<Frame>, Vec<Frame>) = (Vec::new(), Vec::new());
    for (jpeg, mesh) in jpegs.into_iter().zip(meshes) {
        match mesh {
            Some(mesh) => {
                let (yaw, pitch) = mesh.turned();
                now.push(Frame { jpeg, mesh, yaw, pitch, placing: None });
            }
            None => now.clear(),
        }
        if now.len() > best.len() {
            best.clone_from(&now);
        }
    }
    best
}
