//! `backdrop`: `[share, fit, margin]`, whether what surrounds the face grew as the face did since the reference frame.
//!
//! A room stands still while a head comes nearer to the camera; a print or a screen that is moved, and a picture that is
//! enlarged, grow with the face. `share` is `ln s / ln r`, where the face grew by `r` and its surround by `s`: 0 stands
//! still, 1 grows with the face. `fit` is the correlation of both surrounds when the one is laid on the other by that
//! share. `margin` is by how much it fits better than the best share on the other side of a half.
//!
//! Source: the pinhole camera. A thing at distance `d` grows by `d / (d - a)` when the camera comes nearer by `a`: a wall
//! that is near behind the head grows too when the phone is moved instead of the head.
//!
//! What is compared lies around the head, hair included, above the chin, where shoulders do not reach, and not far from
//! the face: around a print there is a room, and that stands still. Correlated are the differences from the mean of
//! each tile, so that exposure, vignetting and a slow shadow do not count.
//!
//! Absent without a reference, where the face has about the size that it had there, where the face fills the picture, and
//! before an even wall. Hair that hangs wider than the head's place here moves with the head. What is cut out and laid on
//! a picture that stands still looks like a room, as do a room around a print that is all face and the frame of a screen.

mod luma;
mod search;

use crate::face_mesh::Point3;
use crate::picture::Picture;
use luma::Luma;
use search::Search;

/// Longer side of the small picture, in pixels.
const SIDE: f32 = 96.0;
/// Small pictures, each half as large as the one before.
const LEVELS: usize = 3;

/// The head with its hair, in widths and heights of the face: half its width at the forehead, what the width gains down
/// to the chin, for hair hangs beside it, and how far it reaches above the face.
const HEAD: (f32, f32, f32) = (0.9, 0.35, 0.6);
/// What is compared: half its width, and how far it reaches above the face. With less, even walls are all that is left of
/// real rooms; with more, a room hides the print before it.
const REACH: (f32, f32) = (1.5, 1.0);

/// What surrounds a face, small.
#[derive(Debug, Clone)]
pub(crate) struct Backdrop {
    levels: [Luma; LEVELS],
    face: Extent,
}

/// The mesh's extent in pixels of the largest small picture.
#[derive(Debug, Clone, Copy)]
struct Extent {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
}

impl Backdrop {
    /// Of a picture and the mesh of its largest face.
    pub(crate) fn of(picture: &Picture, mesh: &[Point3]) -> Self {
        let cell = picture.width().max(picture.height()) as f32 / SIDE;
        let extent = |of: fn(&Point3) -> f32| {
            let range = mesh
                .iter()
                .map(of)
                .fold((f32::MAX, f32::MIN), |(least, most), value| (least.min(value), most.max(value)));
            (range.0 / cell, range.1 / cell)
        };
        let ((left, right), (top, bottom)) = (extent(|point| point.x), extent(|point| point.y));
        let large = Luma::of(picture, cell);
        let middle = large.halved();
        let small = middle.halved();
        Self { levels: [large, middle, small], face: Extent { left, right, top, bottom } }
    }

    /// The cue against that of the reference frame.
    pub(crate) fn since(&self, reference: &Self) -> Option<Vec<f64>> {
        let same = |of: fn(&Luma) -> usize| of(&self.levels[0]) == of(&reference.levels[0]);
        if !(same(|luma| luma.width) && same(|luma| luma.height)) {
            return None;
        }
        // The nearer one leads: what lies around the larger head is beside the smaller one too, stand it still or not.
        let nearer = self.face.size() > reference.face.size();
        let (near, far) = if nearer { (self, reference) } else { (reference, self) };
        Search::of(near, far)?.found().map(|numbers| numbers.map(f64::from).into())
    }
}

impl Extent {
    fn size(&self) -> f32 {
        ((self.right - self.left) * (self.bottom - self.top)).sqrt()
    }

    fn centre(&self) -> [f32; 2] {
        [(self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0]
    }

    /// Where a place lies in widths and heights of the face: from its middle outwards, and down from its top.
    fn relative(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let aside = (x - self.centre()[0]).abs() / (self.right - self.left);
        [aside, (y - self.top) / (self.bottom - self.top)]
    }

    /// Whether a place is of the head, of its hair or of what is below it.
    fn is_head(&self, place: [f32; 2]) -> bool {
        let ([aside, down], (half, gains, above)) = (self.relative(place), HEAD);
        aside < half + gains * down.max(0.0) && down > -above
    }

    /// Whether a place is compared: beside or above the head, not far, not below the chin.
    fn surrounds(&self, place: [f32; 2]) -> bool {
        let [aside, down] = self.relative(place);
        aside < REACH.0 && (-REACH.1..1.0).contains(&down) && !self.is_head(place)
    }
}

#[cfg(test)]
mod tests;
