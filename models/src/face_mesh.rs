//! Fits the mesh of 468 points with facemesh (Google MediaPipe, 192 x 192).

use crate::crop::{Point, Square};
use crate::detector::Detection;
use crate::network::{ModelError, Network, Runtime};
use crate::picture::Picture;

/// Side of the crop in pixels.
pub(crate) const SIDE: usize = 192;
/// Points of the mesh.
pub(crate) const POINTS: usize = 468;
/// Landmarks along the outline of the face, clockwise in the picture from the top of the forehead.
pub const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// Crop over the detector's box, so that the whole head is in it.
const MARGIN: f32 = 1.5;

/// A point of the mesh in pixels of the picture; `z` is towards the back, in the same unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point3 {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
}

impl Point3 {
    pub(crate) const fn flat(self) -> Point {
        Point { x: self.x, y: self.y }
    }

    /// In pixels.
    pub(crate) fn distance(self, other: Self) -> f64 {
        f64::from((self.x - other.x).hypot(self.y - other.y).hypot(self.z - other.z))
    }
}

/// A fitted mesh with the crop that it was fitted on.
pub(crate) struct Mesh {
    pub(crate) points: Vec<Point3>,
    /// How sure the network is that it looks at a face, 0 to 1.
    pub(crate) presence: f32,
    /// The crop: three planes of 192 x 192, 0 to 255.
    pub(crate) crop: Vec<f32>,
}

pub(crate) struct MeshFitter {
    network: Network,
}

impl MeshFitter {
    pub(crate) fn load(runtime: &Runtime, onnx: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { network: Network::load(runtime, "facemesh", onnx)? })
    }

    pub(crate) fn fit(&mut self, picture: &Picture, face: &Detection) -> Result<Mesh, ModelError> {
        let square = Square {
            centre: face.centre,
            side: face.width.max(face.height) * MARGIN,
            angle: face.eye_angle(),
        };
        let crop = square.cut(picture, SIDE);
        let input: Vec<f32> = crop.iter().map(|value| value / 255.0).collect();
        let [mesh, flag] = self.network.run(&input, SIDE, ["mesh", "face_flag"])?;
        let scale = square.side / SIDE as f32;
        let points = mesh
            .chunks_exact(3)
            .map(|point| {
                let Point { x, y } = square.to_picture(point[0], point[1], SIDE);
                Point3 { x, y, z: point[2] * scale }
            })
            .collect();
        Ok(Mesh { points, presence: flag.first().copied().unwrap_or(0.0), crop })
    }
}
