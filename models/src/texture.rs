//! Scores the texture of a face with the optional MiniFASNet pair (minivision, 80 x 80 BGR). Shown, not weighed.

use crate::crop::{Point, Square};
use crate::detector::Detection;
use crate::network::{ModelError, Network, Runtime};
use crate::picture::Picture;

const SIDE: usize = 80;
/// Crop over the face box for V2 and V1SE.
const SCALES: [f32; 2] = [2.7, 4.0];

/// Both networks of the pair.
pub(crate) struct TextureScorer {
    networks: [Network; 2],
}

impl TextureScorer {
    pub(crate) fn load(runtime: &Runtime, v2: &[u8], v1se: &[u8]) -> Result<Self, ModelError> {
        Ok(Self {
            networks: [
                Network::load(runtime, "MiniFASNetV2", v2)?,
                Network::load(runtime, "MiniFASNetV1SE", v1se)?,
            ],
        })
    }

    /// Mean live probability of the two, 0 to 1.
    pub(crate) fn score(&mut self, picture: &Picture, face: &Detection) -> Result<f64, ModelError> {
        let mut sum = 0.0;
        for (network, scale) in self.networks.iter_mut().zip(SCALES) {
            let rgb = crop_square(picture, face, scale).cut(picture, SIDE);
            let (red, rest) = rgb.split_at(SIDE * SIDE);
            let (green, blue) = rest.split_at(SIDE * SIDE);
            let [logits] = network.run(&[blue, green, red].concat(), SIDE, ["output"])?;
            sum += softmax(&logits, 1);
        }
        Ok(sum / 2.0)
    }
}

/// The pair was trained on boxes from forehead to chin: blazeface's is shorter and wider, so it is stretched first. The
/// crop keeps the box's shape in the original; a square of its larger side stands for it here, shifted into the picture.
fn crop_square(picture: &Picture, face: &Detection, scale: f32) -> Square {
    let (width, height) = (face.width * 0.96, face.height * 1.24);
    let (limit_x, limit_y) = (picture.width() as f32, picture.height() as f32);
    let side = (width.max(height) * scale).min(limit_x).min(limit_y);
    let centre_y = face.centre.y - face.height * 0.10;
    let inside = |centre: f32, limit: f32| centre.clamp(side / 2.0, limit - side / 2.0);
    Square {
        centre: Point { x: inside(face.centre.x, limit_x), y: inside(centre_y, limit_y) },
        side,
        angle: 0.0,
    }
}

fn softmax(logits: &[f32], class: usize) -> f64 {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f64> = logits.iter().map(|logit| f64::from(logit - most).exp()).collect();
    powers.get(class).copied().unwrap_or(0.0) / powers.iter().sum::<f64>().max(f64::MIN_POSITIVE)
}
