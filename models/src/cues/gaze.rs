//! `gaze`: `[left, right]`, where the dark of each eye lies between the eye's corners, along the line through them and over
//! their distance: 0 in the middle, above zero to the person's own left.
//!
//! The dark is what is darker than the mean between the lids, weighed by how much, without the strip below the upper lid, where
//! lashes and shade are: mostly iris and pupil. An estimate of the eye's centre by its dark pixels is the simplest of those
//! that Hansen and Ji, In the Eye of the Beholder, PAMI 2010, survey.
//!
//! It has no absolute meaning: dark sockets, made-up lids and lamps mirrored in glasses shift it, so compare frames of one person.
//! Absent where one of the eyes has less than [`LEAST_PIXELS`] between the lids: shut, turned away, or small.

use super::View;
use super::colour::luma;
use super::polygon::each;
use crate::crop::Point;
use crate::face_mesh::Point3;

const LEFT: Eye = Eye {
    corners: [362, 263],
    lids: [(398, 382), (384, 381), (385, 380), (386, 374), (387, 373), (388, 390), (466, 249)],
};
const RIGHT: Eye = Eye {
    corners: [33, 133],
    lids: [(246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)],
};
/// Of the opening, what is left out below the upper lid and above the lower one.
const BELOW_UPPER: f32 = 0.3;
const ABOVE_LOWER: f32 = 0.15;
/// Of an eye 22 pixels wide that is half shut.
const LEAST_PIXELS: usize = 20;

/// Landmarks of an eye, from left to right in the picture of an upright face.
struct Eye {
    corners: [usize; 2],
    /// Of the upper lid's edge, each with the one of the lower lid's below it.
    lids: [(usize, usize); 7],
}

pub(super) fn gaze(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    [LEFT, RIGHT].iter().map(|eye| dark(view, mesh, eye)).collect()
}

/// Place of the dark between the corners.
fn dark(view: &View<'_>, mesh: &[Point3], eye: &Eye) -> Option<f64> {
    let [from, to] = eye.corners.map(|corner| mesh[corner].flat());
    let (across, down) = (to.x - from.x, to.y - from.y);
    let square = across * across + down * down;
    let place = |x: f32, y: f32| ((x - from.x) * across + (y - from.y) * down) / square - 0.5;
    let mut pixels = Vec::new();
    each(view.picture, &opening(mesh, eye), |x, y, rgb| pixels.push((luma(rgb.map(f32::from)), place(x, y))));
    if pixels.len() < LEAST_PIXELS {
        return None;
    }
    let mean = pixels.iter().map(|(luma, _)| luma).sum::<f32>() / pixels.len() as f32;
    let (weight, moment) = pixels.iter().fold((0.0, 0.0), |(weight, moment), (luma, place)| {
        let dark = (mean - luma).max(0.0);
        (weight + dark, moment + dark * place)
    });
    (weight > 0.0).then(|| f64::from(moment / weight))
}

/// What is seen of the eye, without the strips along the lids.
fn opening(mesh: &[Point3], eye: &Eye) -> Vec<Point> {
    let between = |(upper, lower): (usize, usize), share: f32| {
        let (upper, lower) = (mesh[upper].flat(), mesh[lower].flat());
        Point { x: upper.x + (lower.x - upper.x) * share, y: upper.y + (lower.y - upper.y) * share }
    };
    let [from, to] = eye.corners.map(|corner| mesh[corner].flat());
    let above = eye.lids.iter().map(|pair| between(*pair, BELOW_UPPER));
    let below = eye.lids.iter().rev().map(|pair| between(*pair, 1.0 - ABOVE_LOWER));
    std::iter::once(from).chain(above).chain([to]).chain(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::mesh;

    /// Eyes 60 wide and open by 20, whose irises of radius 9 are so far to the picture's right of the middle, under lids with
    /// dark lashes; the whole turned in the picture by so many degrees.
    fn seen(aside: f32, open: f32, rolled: f32) -> Option<Vec<f64>> {
        let (sin, cos) = rolled.to_radians().sin_cos();
        let middles = [(LEFT, 80.0), (RIGHT, -80.0)];
        let turned = |x: f32, y: f32| (200.0 + x * cos - y * sin, 150.0 + x * sin + y * cos);
        let mut places = Vec::new();
        for (eye, middle) in &middles {
            let mut put = |landmark: usize, x: f32, y: f32| {
                let (x, y) = turned(middle + x, y);
                places.push((landmark, [x, y, 0.0]));
            };
            put(eye.corners[0], -30.0, 0.0);
            put(eye.corners[1], 30.0, 0.0);
            for (number, (upper, lower)) in eye.lids.iter().enumerate() {
                let x = (number as f32 - 3.0) * 7.5;
                put(*upper, x, -open / 2.0);
                put(*lower, x, open / 2.0);
            }
        }
        let rgb = (0..400 * 300).flat_map(|pixel| {
            let (x, y) = ((pixel % 400) as f32 + 0.5 - 200.0, (pixel / 400) as f32 + 0.5 - 150.0);
            let (x, y) = (x * cos + y * sin, y * cos - x * sin);
            let iris = middles.iter().any(|(_, middle)| (x - middle - aside).hypot(y) < 9.0);
            let lashes = y < -open * 0.3;
            [if iris {
                60
            } else if lashes {
                40
            } else {
                200
            }; 3]
        });
        let picture = Picture::from_rgb(400, 300, rgb.collect()).unwrap();
        gaze(&View::of(&picture, Some(&mesh(&places))))
    }

    #[test]
    fn it_is_where_the_iris_is() {
        for rolled in [0.0, 20.0] {
            for aside in [-12.0, 0.0, 6.0] {
                let found = seen(aside, 20.0, rolled).unwrap();
                let expected = f64::from(aside) / 60.0;
                assert!(found.iter().all(|place| (place - expected).abs() < 0.015), "{aside} {found:?}");
            }
        }
    }

    #[test]
    fn a_shut_eye_looks_nowhere() {
        assert_eq!(seen(0.0, 0.5, 0.0), None);
    }
}
