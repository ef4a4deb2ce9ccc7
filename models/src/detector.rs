//! Finds faces with blazeface (Google MediaPipe, back-camera variant, 256 x 256).

use crate::crop::Point;
use crate::network::{ModelError, Network, Runtime};
use crate::picture::Picture;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

const SIDE: usize = 256;
/// Rows and columns of anchors, and anchors in each place: strides of 16 and of 32 pixels.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];
/// Numbers of one anchor's answer: box middle and size, then six key points.
const NUMBERS: usize = 16;
/// Least score at which an answer counts as a face.
const LEAST_SCORE: f32 = 0.6;
/// Overlap (intersection over the smaller box) from which two answers are the same face. Of a face that fills the picture
/// the network also finds parts, which lie within it; two people never do.
const SAME_FACE_OVERLAP: f32 = 0.5;
/// A second face is one in view when it is at least this wide against the largest; smaller ones are the background's.
const LEAST_RELATIVE_WIDTH: f32 = 0.3;

/// A face that was found; places in pixels of the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// 0 to 1.
    pub score: f32,
    /// Middle of the box, which spans from the brows to the chin.
    pub centre: Point,
    /// Width of the box.
    pub width: f32,
    /// Height of the box.
    pub height: f32,
    /// The person's own right eye, left eye, nose, mouth, right ear, left ear.
    pub points: [Point; 6],
}

impl Detection {
    /// Angle of the line through the eyes, clockwise in radians.
    pub(crate) fn eye_angle(&self) -> f32 {
        let [right, left, ..] = self.points;
        (left.y - right.y).atan2(left.x - right.x)
    }

    fn overlap(&self, other: &Self) -> f32 {
        let along = |c0: f32, s0: f32, c1: f32, s1: f32| {
            ((c0 + s0 / 2.0).min(c1 + s1 / 2.0) - (c0 - s0 / 2.0).max(c1 - s1 / 2.0)).max(0.0)
        };
        let shared = along(self.centre.x, self.width, other.centre.x, other.width)
            * along(self.centre.y, self.height, other.centre.y, other.height);
        shared / (self.width * self.height).min(other.width * other.height).max(f32::EPSILON)
    }
}

pub(crate) struct Detector {
    network: Network,
    resizer: Resizer,
}

impl Detector {
    pub(crate) fn load(runtime: &Runtime, onnx: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { network: Network::load(runtime, "blazeface", onnx)?, resizer: Resizer::new() })
    }

    /// Faces in view, the largest first.
    pub(crate) fn find(&mut self, picture: &Picture) -> Result<Vec<Detection>, ModelError> {
        let (planes, scale) = self.fit(picture);
        let [logits_16, boxes_16, logits_32, boxes_32] =
            self.network.run(&planes, SIDE, ["logits_16", "boxes_16", "logits_32", "boxes_32"])?;
        let mut found = Vec::new();
        for ((grid, anchors), (logits, boxes)) in
            GRIDS.into_iter().zip([(logits_16, boxes_16), (logits_32, boxes_32)])
        {
            let stride = (SIDE / grid) as f32;
            for (place, (logit, numbers)) in logits.iter().zip(boxes.chunks_exact(NUMBERS)).enumerate() {
                let score = 1.0 / (1.0 + (-logit).exp());
                if score >= LEAST_SCORE {
                    let cell = place / anchors;
                    let anchor = Point {
                        x: stride * ((cell % grid) as f32 + 0.5),
                        y: stride * ((cell / grid) as f32 + 0.5),
                    };
                    found.push(read_answer(score, anchor, numbers, scale));
                }
            }
        }
        let mut faces = merge(found);
        faces.sort_by(|a, b| b.width.total_cmp(&a.width));
        let least = faces.first().map_or(0.0, |largest| largest.width * LEAST_RELATIVE_WIDTH);
        faces.retain(|face| face.width >= least);
        Ok(faces)
    }

    /// The picture in the upper left corner of the network's square, and picture pixels a pixel of that.
    fn fit(&mut self, picture: &Picture) -> (Vec<f32>, f32) {
        let scale = picture.width().max(picture.height()) as f32 / SIDE as f32;
        let shrunk = |side: u32| ((side as f32 / scale).round() as u32).clamp(1, SIDE as u32);
        let (width, height) = (shrunk(picture.width()), shrunk(picture.height()));
        let mut small = Image::new(width, height, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        let resized = ImageRef::new(picture.width(), picture.height(), picture.rgb(), PixelType::U8x3)
            .map_err(|_| ())
            .and_then(|source| self.resizer.resize(&source, &mut small, &options).map_err(|_| ()));
        debug_assert!(resized.is_ok(), "a picture's buffer has the size that its sides say");
        let mut planes = vec![-1.0; 3 * SIDE * SIDE];
        for (row, line) in small.buffer().chunks_exact(width as usize * 3).enumerate() {
            for (column, rgb) in line.chunks_exact(3).enumerate() {
                for (channel, value) in rgb.iter().enumerate() {
                    planes[channel * SIDE * SIDE + row * SIDE + column] = f32::from(*value) / 127.5 - 1.0;
                }
            }
        }
        (planes, scale)
    }
}

fn read_answer(score: f32, anchor: Point, numbers: &[f32], scale: f32) -> Detection {
    let point =
        |i: usize| Point { x: (anchor.x + numbers[i]) * scale, y: (anchor.y + numbers[i + 1]) * scale };
    Detection {
        score,
        centre: point(0),
        width: numbers[2] * scale,
        height: numbers[3] * scale,
        points: std::array::from_fn(|i| point(4 + 2 * i)),
    }
}

/// Non-maximum suppression: the best answer of each face stands for those that overlap it.
fn merge(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces: Vec<Detection> = Vec::new();
    for answer in found {
        if faces.iter().all(|face| face.overlap(&answer) < SAME_FACE_OVERLAP) {
            faces.push(answer);
        }
    }
    faces
}
