//! Describes a face by 1024 numbers with faceres (HSE, 224 x 224), so that two frames can be told to show one person.

use crate::crop::{Point, Square};
use crate::face_mesh::Point3;
use crate::network::{ModelError, Network, Runtime};
use crate::picture::Picture;

const SIDE: usize = 224;
/// Landmarks at the outer corners of the person's own right and left eye.
const EYES: (usize, usize) = (33, 263);
/// Side of the crop over the larger extent of the mesh.
const MARGIN: f32 = 1.25;

pub(crate) struct Describer {
    network: Network,
}

impl Describer {
    pub(crate) fn load(runtime: &Runtime, onnx: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { network: Network::load(runtime, "faceres", onnx)? })
    }

    /// The descriptor, of length 1.
    pub(crate) fn describe(&mut self, picture: &Picture, mesh: &[Point3]) -> Result<Vec<f32>, ModelError> {
        let [mut descriptor] =
            self.network.run(&crop_around(mesh).cut(picture, SIDE), SIDE, ["descriptor"])?;
        let length = descriptor.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::EPSILON);
        descriptor.iter_mut().for_each(|number| *number /= length);
        Ok(descriptor)
    }
}

/// A square around the mesh, turned so that the eyes are level.
fn crop_around(mesh: &[Point3]) -> Square {
    let (right, left) = (mesh[EYES.0], mesh[EYES.1]);
    let angle = (left.y - right.y).atan2(left.x - right.x);
    let (sin, cos) = angle.sin_cos();
    let (mut least, mut most) = ([f32::MAX; 2], [f32::MIN; 2]);
    for point in mesh {
        let level = [point.x * cos + point.y * sin, point.y * cos - point.x * sin];
        for axis in 0..2 {
            least[axis] = least[axis].min(level[axis]);
            most[axis] = most[axis].max(level[axis]);
        }
    }
    let (u, v) = ((least[0] + most[0]) / 2.0, (least[1] + most[1]) / 2.0);
    let side = (most[0] - least[0]).max(most[1] - least[1]) * MARGIN;
    Square { centre: Point { x: u * cos - v * sin, y: u * sin + v * cos }, side, angle }
}

/// Cosine of two descriptors of length 1.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}
