use anyhow::Context as _;
use image::RgbImage;
use liveness_models::{Analyser, Picture};
use nalgebra::Vector3;
use thiserror::Error;

/// Points of the mesh.
pub const POINTS: usize = 468;
/// Outer corners of the eyes, the person's own right first.
pub(crate) const EYES: [usize; 2] = [33, 263];
/// Mesh of `astronaut.png`, as facemesh finds it.
const ASTRONAUT: &str = include_str!("../meshes/astronaut.csv");

/// The 468 points that facemesh finds on a picture, in its pixels; the third number is towards the back.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceMesh(Vec<[f32; 3]>);

/// Why a text is no mesh.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a mesh is {POINTS} lines of three numbers, but {0}")]
pub struct MeshError(String);

impl FaceMesh {
    /// Takes the points in the network's order.
    ///
    /// # Errors
    /// When there are not 468 finite ones.
    pub fn new(points: Vec<[f32; 3]>) -> Result<Self, MeshError> {
        if points.len() != POINTS {
            return Err(MeshError(format!("there are {}", points.len())));
        }
        match points.iter().flatten().all(|number| number.is_finite()) {
            true => Ok(Self(points)),
            false => Err(MeshError("one is not finite".into())),
        }
    }

    /// Finds the mesh of the largest face in a picture.
    ///
    /// # Errors
    /// When there is no face, or a network fails.
    pub fn find(picture: &RgbImage, analyser: &mut Analyser) -> anyhow::Result<Self> {
        let picture = Picture::from_rgb(picture.width(), picture.height(), picture.as_raw().clone())
            .context("the picture is not whole")?;
        let points = analyser.landmarks(&picture)?.context("no face is found in the picture")?;
        Ok(Self::new(points)?)
    }

    /// The mesh of the set-up's test portrait `models/built/test/astronaut.png`.
    ///
    /// # Errors
    /// When the built-in text is broken, which a test excludes.
    pub fn astronaut() -> Result<Self, MeshError> {
        Self::from_csv(ASTRONAUT)
    }

    /// Reads lines of `x,y,z`.
    ///
    /// # Errors
    /// When a line is something else, or there are not 468.
    pub fn from_csv(text: &str) -> Result<Self, MeshError> {
        let line = |line: &str| -> Option<[f32; 3]> {
            let numbers: Vec<f32> =
                line.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
            numbers.try_into().ok()
        };
        let points = text
            .lines()
            .map(|text| line(text).ok_or_else(|| MeshError(format!("one is `{text}`"))))
            .collect::<Result<_, _>>()?;
        Self::new(points)
    }

    /// Writes lines of `x,y,z`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        self.0.iter().map(|[x, y, z]| format!("{x:.2},{y:.2},{z:.2}\n")).collect()
    }

    /// The points in the network's order.
    #[must_use]
    pub fn points(&self) -> &[[f32; 3]] {
        &self.0
    }

    /// How the head is turned, as yaw (above zero to the person's own left) and pitch (above zero upwards) in degrees: the
    /// direction that is square to the line between the temples and to that from forehead to chin.
    #[must_use]
    pub fn turned(&self) -> (f32, f32) {
        let at = |point: usize| Vector3::from(self.0[point]);
        let across = at(454) + at(356) + at(263) - at(234) - at(127) - at(33);
        let down = at(152) + at(164) + at(2) - at(10) - at(151) - at(9);
        let ahead = -across.cross(&down);
        let yaw = ahead.x.atan2(-ahead.z);
        (yaw.to_degrees(), (-ahead.y).atan2(ahead.x.hypot(ahead.z)).to_degrees())
    }

    /// Left, upper, right and lower edge in pixels.
    #[must_use]
    pub fn bounds(&self) -> [f32; 4] {
        self.0.iter().fold(
            [f32::MAX, f32::MAX, f32::MIN, f32::MIN],
            |[left, top, right, bottom], [x, y, _]| {
                [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
            },
        )
    }

    /// Moved by pixels, then scaled.
    pub(crate) fn moved(&self, dx: f32, dy: f32, scale: f32) -> Self {
        Self(self.0.iter().map(|[x, y, z]| [(x + dx) * scale, (y + dy) * scale, z * scale]).collect())
    }
}
