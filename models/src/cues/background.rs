//! Mean colour of what is around the face: `background` and `surround`, each `[red, green, blue]`, 0 to 1, as encoded in the
//! picture.
//!
//! A screen lights a face at arm's length and hardly the wall behind it (the inverse square of the distance), while a
//! camera that changes its settings, or a picture of both, changes face and background alike.
//!
//! `surround` lies within 1.2 to 1.6 times the face's box, `background` outside it; both above the chin, where shoulders do
//! not reach. Hair, hands and other people are measured as if they were background. All pixels count, clipped ones too, as in
//! the regions of skin. Absent where there is no face, or less than [`LEAST_SHARE`] of the picture is left.

use super::View;
use super::colour::Sum;
use super::polygon::extent;
use std::ops::Range;

/// The face's box with hair, as factors of the mesh's extent.
const HEAD: f32 = 1.2;
/// What no longer belongs to the head.
const BEYOND: f32 = 1.6;
/// Below this share of the picture the place is an edge and not the room.
const LEAST_SHARE: f64 = 0.02;

pub(super) fn background(view: &View<'_>) -> Option<Vec<f64>> {
    around(view, BEYOND, f32::INFINITY)
}

pub(super) fn surround(view: &View<'_>) -> Option<Vec<f64>> {
    around(view, HEAD, BEYOND)
}

/// The mean between two boxes about the face, above the chin.
fn around(view: &View<'_>, inner: f32, outer: f32) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let across = extent(mesh.iter().map(|point| point.x));
    let down = extent(mesh.iter().map(|point| point.y));
    let (width, height) = (view.picture.width() as usize, view.picture.height() as usize);
    let columns = |factor: f32| scaled(across, factor, width);
    let rows = |factor: f32| scaled(down, factor, height);
    let chin = (down.1.max(0.0) as usize).min(height);
    let (inner_rows, inner_columns, outer_columns) = (rows(inner), columns(inner), columns(outer));
    let mut sum = Sum::default();
    let lines = view.picture.rgb().chunks_exact(width * 3).enumerate();
    let first = rows(outer).start;
    for (row, line) in lines.take(chin).skip(first) {
        if inner_rows.contains(&row) {
            sum.add(&line[outer_columns.start * 3..inner_columns.start * 3]);
            sum.add(&line[inner_columns.end * 3..outer_columns.end * 3]);
        } else {
            sum.add(&line[outer_columns.start * 3..outer_columns.end * 3]);
        }
    }
    let enough = sum.count() as f64 >= LEAST_SHARE * (width * height) as f64;
    if enough { sum.mean().map(Vec::from) } else { None }
}

/// A stretch about its middle, in whole pixels of a side.
fn scaled((from, to): (f32, f32), factor: f32, side: usize) -> Range<usize> {
    let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0 * factor);
    let pixel = |place: f32| place.clamp(0.0, side as f32) as usize;
    pixel(middle - half)..pixel(middle + half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::mesh;
    use crate::face_mesh::Point3;

    /// A face from (150, 100) to (250, 200) in 400 x 300: its mesh has only two corners.
    fn face() -> Vec<Point3> {
        let mut mesh = mesh(&[(0, [150.0, 100.0, 0.0])]);
        for point in mesh.iter_mut().skip(1) {
            *point = Point3 { x: 250.0, y: 200.0, z: 0.0 };
        }
        mesh
    }

    /// The face white, the head to 1.2 black, to 1.6 red, the room blue, all below the chin green.
    fn room() -> Picture {
        let within = |x: u32, y: u32, half: u32| {
            (200 - half..200 + half).contains(&x) && (150 - half..150 + half).contains(&y)
        };
        let rgb = (0..400 * 300).flat_map(|i| match (i % 400, i / 400) {
            (_, 200..) => [0, 255, 0],
            (x, y) if within(x, y, 50) => [255; 3],
            (x, y) if within(x, y, 60) => [0; 3],
            (x, y) if within(x, y, 80) => [204, 0, 0],
            _ => [0, 0, 102],
        });
        Picture::from_rgb(400, 300, rgb.collect()).unwrap()
    }

    #[test]
    fn each_place_has_its_own_colour() {
        let (picture, face) = (room(), face());
        let view = View::of(&picture, Some(&face));
        assert_eq!(surround(&view), Some(vec![0.8, 0.0, 0.0]));
        assert_eq!(background(&view), Some(vec![0.0, 0.0, 0.4]));
    }

    #[test]
    fn a_face_that_fills_the_picture_leaves_no_background() {
        let (picture, mut face) = (room(), face());
        face[0] = Point3 { x: 10.0, y: 10.0, z: 0.0 };
        face[1] = Point3 { x: 390.0, y: 290.0, z: 0.0 };
        let view = View::of(&picture, Some(&face));
        assert_eq!((background(&view), surround(&view)), (None, None));
        assert_eq!(background(&View::of(&picture, None)), None);
    }
}
