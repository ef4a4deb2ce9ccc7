//! `eyes`: `[left, right]` eye aspect ratio: the opening of the lids over the eye's width, both in three dimensions, so that
//! a turn of the head changes it little. About 0.2 to 0.4 open, less when shut.
//!
//! After Soukupová and Čech, Real-Time Eye Blink Detection using Facial Landmarks, CVWW 2016: the mean of two openings, each
//! between upper and lower lid, over the distance of the corners.
//!
//! The mesh smooths: a blink of one frame at 8 frames a second may be missed. Glasses and narrowed eyes lower the ratio
//! too; compare with the same person's own open eyes.

use super::View;
use crate::face_mesh::Point3;

/// Corners, then upper and lower lid, twice.
const LEFT: [usize; 6] = [362, 263, 385, 380, 387, 373];
const RIGHT: [usize; 6] = [33, 133, 160, 144, 158, 153];

pub(super) fn eyes(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    Some(vec![ratio(mesh, LEFT), ratio(mesh, RIGHT)])
}

fn ratio(mesh: &[Point3], eye: [usize; 6]) -> f64 {
    let apart = |a: usize, b: usize| mesh[a].distance(mesh[b]);
    let [inner, outer, upper, lower, upper_too, lower_too] = eye;
    (apart(upper, lower) + apart(upper_too, lower_too)) / 2.0 / apart(inner, outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::mesh;

    /// Both eyes 60 pixels wide, the left one open by 18 and the right one by 6, turned about the vertical axis.
    fn turned(degrees: f32) -> Vec<f64> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let mut places = Vec::new();
        for (eye, middle, opening) in [(LEFT, 60.0, 18.0), (RIGHT, -60.0, 6.0)] {
            let [one, other, upper, lower, upper_too, lower_too] = eye;
            for (landmark, x, y) in [
                (one, -30.0, 0.0),
                (other, 30.0, 0.0),
                (upper, -10.0, -opening / 2.0),
                (lower, -10.0, opening / 2.0),
                (upper_too, 10.0, -opening / 2.0),
                (lower_too, 10.0, opening / 2.0),
            ] {
                places.push((landmark, [200.0 + (middle + x) * cos, 100.0 + y, (middle + x) * sin]));
            }
        }
        let picture = Picture::from_rgb(200, 200, vec![0; 200 * 200 * 3]).unwrap();
        eyes(&View::of(&picture, Some(&mesh(&places)))).unwrap()
    }

    #[test]
    fn the_ratio_is_opening_over_width_whichever_way_the_head_is_turned() {
        for degrees in [-30.0, 0.0, 30.0] {
            let [left, right] = turned(degrees)[..] else { panic!("two eyes") };
            assert!((left - 0.3).abs() < 1e-4 && (right - 0.1).abs() < 1e-4, "{left} {right}");
        }
    }
}
