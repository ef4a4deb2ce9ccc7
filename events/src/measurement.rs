//! The numbers that were measured on one frame.
//!
//! Every number is rounded to four decimals when it is made, because that is what the log keeps: the live verdict and a
//! replayed one are computed from the same digits.

mod cues;

pub use cues::Cues;

use serde::{Deserialize, Serialize};

/// Rounds to the four decimals that the log keeps; what is not finite becomes 0.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    // Plus none: what is just below 0 would be -0.
    if value.is_finite() { (value * 1e4).round() / 1e4 + 0.0 } else { 0.0 }
}

/// A face's place as ratios of the image, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Bounds {
    /// The same place, each number rounded and held inside the image.
    #[must_use]
    pub fn clipped(self) -> Self {
        let (left, top) = (self.left.clamp(0.0, 1.0), self.top.clamp(0.0, 1.0));
        let right = (self.left + self.width).clamp(left, 1.0);
        let bottom = (self.top + self.height).clamp(top, 1.0);
        Self {
            left: rounded(left),
            top: rounded(top),
            width: rounded(right - left),
            height: rounded(bottom - top),
        }
    }

    /// The middle, as ratios of the image.
    #[must_use]
    pub fn centre(&self) -> (f64, f64) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }
}

/// What was measured on one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Faces in view.
    pub faces: u32,
    /// The largest of them, where there is one whose mesh could be fitted.
    pub face: Option<Face>,
    /// What else was measured on the picture.
    pub cues: Cues,
}

/// What was measured on the largest face.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Its place.
    pub bounds: Bounds,
    /// Width of the face over the shorter side of the image.
    pub size: f64,
    /// How sure the mesh network is that it looks at a face, 0 to 1.
    pub presence: f64,
    /// Rotation about the vertical axis in degrees, above zero to the person's own left.
    pub yaw: f64,
    /// Rotation about the horizontal axis in degrees, above zero upwards.
    pub pitch: f64,
    /// Rotation in the image plane in degrees, above zero clockwise as seen in the image.
    pub roll: f64,
    /// Distance between the outer corners of the eyes over the length of the nose, as they appear in the picture.
    pub eyes_over_nose: f64,
    /// Width over height of the face's outline, as they appear in the picture.
    pub width_over_height: f64,
    /// Variance of the Laplacian of the face's luma (0 to 255), scaled to 128 pixels width.
    pub sharpness: f64,
    /// Mean luma of the face, 0 to 1.
    pub brightness: f64,
    /// Standard deviation of the face's luma, 0 to 1.
    pub contrast: f64,
    /// How this face compares with the attempt's reference frame, once there is one.
    pub compared: Option<Comparison>,
    /// Live probability by the enabled passive networks, 0 to 1.
    pub texture: Option<f64>,
}

/// A face against the reference frame of the same attempt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Frame that served as the reference.
    pub frame: u32,
    /// Root mean square residual of the best homography between the two sets of landmarks, in distances between the eyes.
    pub planarity: f64,
    /// Cosine of the two face descriptors, -1 to 1; absent where the descriptor was not computed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub similarity: Option<f64>,
}

/// A frame as the log knows it: never the picture, only its hash and what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Number in the attempt, from 0.
    pub seq: u32,
    /// Hash of the JPEG.
    pub sha256: crate::Digest,
    /// Size of the JPEG in bytes.
    pub bytes: u32,
    /// Width of the image in pixels.
    pub width: u32,
    /// Height of the image in pixels.
    pub height: u32,
    /// What was measured.
    pub measurement: Measurement,
}

impl Face {
    /// Cosine of its descriptor against the reference's, where it was described and compared.
    #[must_use]
    pub fn similarity(&self) -> Option<f64> {
        self.compared?.similarity
    }
}

impl Frame {
    /// The face, where it is the only one in view.
    #[must_use]
    pub fn only_face(&self) -> Option<&Face> {
        self.measurement.face.as_ref().filter(|_| self.measurement.faces == 1)
    }
}
