use crate::face_mesh::Point3;
use nalgebra::Vector3;

/// Pairs of landmarks that mirror each other, the person's own right first: outer eye corners, cheeks at three heights,
/// temples, corners of the mouth are left out because they move.
const PAIRS: [(usize, usize); 6] = [(33, 263), (133, 362), (234, 454), (127, 356), (93, 323), (116, 345)];
/// Landmarks on the middle line that are rigid: top of the forehead, between the brows, and down to the nose's root and base.
const UPPER: [usize; 3] = [10, 151, 9];
const LOWER: [usize; 3] = [2, 164, 152];

/// How a head is turned, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// About the vertical axis, above zero to the person's own left.
    pub yaw: f64,
    /// About the horizontal axis, above zero upwards.
    pub pitch: f64,
    /// In the image plane, above zero clockwise as seen in the image.
    pub roll: f64,
}

impl Pose {
    /// Reads the pose off the axes that symmetric and middle landmarks span.
    pub(crate) fn of(points: &[Point3]) -> Self {
        let at =
            |i: usize| Vector3::new(f64::from(points[i].x), f64::from(points[i].y), f64::from(points[i].z));
        let across: Vector3<f64> = PAIRS.iter().map(|(right, left)| at(*left) - at(*right)).sum();
        let down: Vector3<f64> = LOWER.iter().map(|i| at(*i)).sum::<Vector3<f64>>()
            - UPPER.iter().map(|i| at(*i)).sum::<Vector3<f64>>();
        // x to the image's right, y down, z away from the camera: the face looks along minus x cross y.
        let ahead = -across.cross(&down);
        Self {
            yaw: ahead.x.atan2(-ahead.z).to_degrees(),
            pitch: (-ahead.y).atan2(ahead.x.hypot(ahead.z)).to_degrees(),
            roll: across.y.atan2(across.x).to_degrees(),
        }
    }
}
