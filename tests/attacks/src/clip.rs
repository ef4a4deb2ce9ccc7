use crate::route::Route;
use anyhow::{Context as _, Result};
use image::RgbImage;
use liveness_kit::{FaceMesh, Tilt, clip_frames, clip_meshes, encode_jpeg, tilted};
use liveness_models::Analyser;
use std::path::Path;

/// Frames a second that are taken from clips.
pub(crate) const PER_SECOND: f32 = 20.0;

/// A turn that is wide enough for a challenge, in degrees.
pub(crate) const ENOUGH: f32 = 14.0;

/// Degrees from upright up to which a clip is taken as it is: the page asks for an upright head, and who leans where they
/// look ahead is tilted.
const LEANING: f32 = 15.0;
/// Landmarks of the outer corners of the eyes.
const EYES: [usize; 2] = [33, 263];

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
}

impl Frame {
    /// The pixels; a frame that was broken since it was measured is an even grey.
    #[must_use]
    pub fn picture(&self) -> RgbImage {
        image::load_from_memory(&self.jpeg).map_or_else(
            |_| RgbImage::from_pixel(64, 64, image::Rgb([128; 3])),
            image::DynamicImage::into_rgb8,
        )
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
        let why = || format!("{name} does not look ahead for a while");
        let frames = longest(jpegs, meshes);
        let route = route(&frames).with_context(why)?;
        let leans = roll_of(&frames[route.home.clone()]);
        if leans.abs() <= LEANING {
            return Ok(Self { name, frames, route });
        }
        let frames = frames.iter().map(|frame| tilt(frame, -leans)).collect::<Result<Vec<_>>>()?;
        let route = self::route(&frames).with_context(why)?;
        Ok(Self { name, frames, route })
    }

    /// A frame that looks ahead, for portraits.
    #[must_use]
    pub fn portrait(&self) -> &Frame {
        &self.frames[self.route.home.start.midpoint(self.route.home.end)]
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

/// By how much somebody leans to one side: the median.
fn roll_of(frames: &[Frame]) -> f32 {
    let mut rolls: Vec<f32> = frames.iter().map(|frame| roll(&frame.mesh)).collect();
    rolls.sort_by(f32::total_cmp);
    rolls.get(rolls.len() / 2).copied().unwrap_or(0.0)
}

/// Degrees clockwise in the picture.
fn roll(mesh: &FaceMesh) -> f32 {
    let [right, left] = EYES.map(|point| mesh.points()[point]);
    (left[1] - right[1]).atan2(left[0] - right[0]).to_degrees()
}

fn tilt(frame: &Frame, degrees: f32) -> Result<Frame> {
    let picture = frame.picture();
    let tilt = Tilt::of(&picture, degrees);
    let place = |[x, y, z]: [f32; 3]| {
        let [x, y] = tilt.place([x, y]);
        [x, y, z]
    };
    let mesh = FaceMesh::new(frame.mesh.points().iter().copied().map(place).collect())?;
    let (yaw, pitch) = mesh.turned();
    Ok(Frame { jpeg: encode_jpeg(&tilted(&picture, degrees))?, mesh, yaw, pitch })
}

fn longest(jpegs: Vec<Vec<u8>>, meshes: Vec<Option<FaceMesh>>) -> Vec<Frame> {
    let (mut best, mut now): (Vec<Frame>, Vec<Frame>) = (Vec::new(), Vec::new());
    for (jpeg, mesh) in jpegs.into_iter().zip(meshes) {
        match mesh {
            Some(mesh) => {
                let (yaw, pitch) = mesh.turned();
                now.push(Frame { jpeg, mesh, yaw, pitch });
            }
            None => now.clear(),
        }
        if now.len() > best.len() {
            best.clone_from(&now);
        }
    }
    best
}
