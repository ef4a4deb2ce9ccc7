//! `dark`: `[red, green, blue]`, 0 to 1, as encoded in the picture, mean of the darkest tenth of the face by its luma: brows, lashes,
//! pupils, nostrils, a beard.
//!
//! Whatever is lit throws light back by what it reflects, so that dark parts answer a light as much less as they are darker. Glass
//! before a picture throws it back over dark and bright parts alike.
//!
//! Absent where there is no face or its outline has less than [`LEAST_PIXELS`].

use super::View;
use super::colour::{Sum, luma};
use super::polygon::each;

/// The face's outline, clockwise as seen in the picture.
const OUTLINE: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// One of so many pixels is dark.
const ONE_OF: u64 = 10;
/// A hundred in the tenth, as for a region of skin.
const LEAST_PIXELS: u64 = 1000;

pub(super) fn dark(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let outline = OUTLINE.map(|point| mesh[point].flat());
    let mut by_luma = [Sum::default(); 256];
    each(view.picture, &outline, |_, _, rgb| {
        by_luma[usize::from(luma(rgb.map(f32::from)) as u8)].add(&rgb);
    });
    let count: u64 = by_luma.iter().map(Sum::count).sum();
    if count < LEAST_PIXELS {
        return None;
    }
    let mut darkest = Sum::default();
    for level in by_luma {
        if darkest.count() >= count / ONE_OF {
            break;
        }
        darkest.append(&level);
    }
    darkest.mean().map(Vec::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::mesh;
    use crate::face_mesh::Point3;

    /// An outline on a circle of this radius about (100, 100); all other landmarks in one place.
    fn round(radius: f32) -> Vec<Point3> {
        let places: Vec<_> = (0..OUTLINE.len())
            .map(|place| {
                let (sin, cos) = (place as f32 / OUTLINE.len() as f32 * std::f32::consts::TAU).sin_cos();
                (OUTLINE[place], [100.0 + radius * cos, 100.0 + radius * sin, 0.0])
            })
            .collect();
        mesh(&places)
    }

    /// Skin with a dark eighth across it, before black.
    fn picture(skin: [u8; 3], brows: [u8; 3]) -> Picture {
        let colour = |x: u32, y: u32| match y {
            _ if x.abs_diff(100).pow(2) + y.abs_diff(100).pow(2) > 60 * 60 => [0; 3],
            80..90 => brows,
            _ => skin,
        };
        let rgb = (0..200 * 200).flat_map(|i| colour(i % 200, i / 200)).collect();
        Picture::from_rgb(200, 200, rgb).unwrap()
    }

    #[test]
    fn what_is_dark_has_its_own_colour_and_what_is_beside_the_face_does_not_count() {
        let (picture, face) = (picture([204, 153, 102], [102, 51, 51]), round(50.0));
        assert_eq!(dark(&View::of(&picture, Some(&face))), Some(vec![0.4, 0.2, 0.2]));
    }

    #[test]
    fn a_small_face_and_none_have_no_dark() {
        let picture = picture([204, 153, 102], [102, 51, 51]);
        assert_eq!(dark(&View::of(&picture, Some(&round(15.0)))), None);
        assert_eq!(dark(&View::of(&picture, None)), None);
    }
}
