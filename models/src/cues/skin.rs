//! Mean colour of five regions of skin: how the face answers light.
//!
//! Each is `[red, green, blue]`, 0 to 1, as encoded in the picture (sRGB, as browsers deliver it), over all pixels of a
//! polygon of mesh landmarks that keeps clear of eyes, brows, lips and outline.
//!
//! Clipped pixels are counted in. To leave them out would bend what is measured: light that drives a pixel to 255 would drop
//! the brightest ones and lower the mean. So the mean never falls when light is added; a region that is clipped answers
//! less.
//!
//! The regions follow those that remote photoplethysmography reads the pulse from (forehead and cheeks, where skin is thin
//! and hair is rare), cut to this mesh by eye on the test pictures.
//!
//! Absent where the region is turned away or has less than [`LEAST_PIXELS`] in the picture. Hair over the forehead, glasses,
//! a beard or a mask are measured as if they were skin.

use super::View;
use super::polygon::{area, inside};

/// Below this the mean of a noisy picture is off by more than what is looked for: at a noise of 2 of 255, 100 pixels
/// leave 0.2, two thousandths of a middle grey.
const LEAST_PIXELS: u64 = 100;

// Polygons run clockwise as seen in the picture.
pub(super) const FOREHEAD: &[usize] = &[67, 109, 10, 338, 297, 333, 299, 337, 9, 108, 69, 104];
pub(super) const RIGHT_CHEEK: &[usize] = &[117, 118, 101, 36, 206, 216, 192, 147, 123];
pub(super) const LEFT_CHEEK: &[usize] = &[346, 352, 376, 416, 436, 426, 266, 330, 347];
pub(super) const NOSE: &[usize] = &[6, 419, 456, 363, 440, 275, 4, 45, 220, 134, 236, 196];
pub(super) const CHIN: &[usize] = &[18, 313, 406, 418, 262, 369, 396, 175, 171, 140, 32, 194, 182, 83];

pub(super) fn forehead(view: &View<'_>) -> Option<Vec<f64>> {
    region(view, FOREHEAD)
}

/// The person's own left: right in the picture.
pub(super) fn left_cheek(view: &View<'_>) -> Option<Vec<f64>> {
    region(view, LEFT_CHEEK)
}

/// The person's own right: left in the picture.
pub(super) fn right_cheek(view: &View<'_>) -> Option<Vec<f64>> {
    region(view, RIGHT_CHEEK)
}

/// Bridge and tip, without the wings.
pub(super) fn nose(view: &View<'_>) -> Option<Vec<f64>> {
    region(view, NOSE)
}

/// Below the lower lip.
pub(super) fn chin(view: &View<'_>) -> Option<Vec<f64>> {
    region(view, CHIN)
}

fn region(view: &View<'_>, landmarks: &[usize]) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let polygon: Vec<_> = landmarks.iter().map(|point| mesh[*point].flat()).collect();
    // A region that runs the other way round is seen from behind.
    if area(&polygon) <= 0.0 {
        return None;
    }
    let sum = inside(view.picture, &polygon);
    if sum.count() < LEAST_PIXELS { None } else { sum.mean().map(Vec::from) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::Measure;
    use crate::cues::tests::mesh;
    use crate::face_mesh::Point3;

    /// A region's landmarks on a circle about (100, 100), clockwise in the picture; all others in one place.
    fn round(landmarks: &[usize], radius: f32, way: f32) -> Vec<Point3> {
        let step = std::f32::consts::TAU / landmarks.len() as f32;
        let places: Vec<_> = landmarks
            .iter()
            .enumerate()
            .map(|(place, landmark)| {
                let (sin, cos) = (place as f32 * step * way).sin_cos();
                (*landmark, [100.0 + radius * cos, 100.0 + radius * sin, 0.0])
            })
            .collect();
        mesh(&places)
    }

    fn tinted(colour: [u8; 3]) -> Picture {
        let inner = |i: u32| (i % 200).abs_diff(100).pow(2) + (i / 200).abs_diff(100).pow(2) < 60 * 60;
        let rgb = (0..200 * 200).flat_map(|i| if inner(i) { colour } else { [255; 3] }).collect();
        Picture::from_rgb(200, 200, rgb).unwrap()
    }

    const REGIONS: [(Measure, &[usize]); 5] = [
        (forehead, FOREHEAD),
        (left_cheek, LEFT_CHEEK),
        (right_cheek, RIGHT_CHEEK),
        (nose, NOSE),
        (chin, CHIN),
    ];

    #[test]
    fn each_region_has_the_colour_that_lies_on_it() {
        let picture = tinted([153, 102, 51]);
        for (measure, landmarks) in REGIONS {
            let mesh = round(landmarks, 50.0, 1.0);
            assert_eq!(measure(&View::of(&picture, Some(&mesh))), Some(vec![0.6, 0.4, 0.2]));
        }
    }

    #[test]
    fn what_is_turned_away_or_tiny_or_not_there_is_absent() {
        let picture = tinted([153, 102, 51]);
        for (measure, landmarks) in REGIONS {
            assert_eq!(measure(&View::of(&picture, Some(&round(landmarks, 50.0, -1.0)))), None);
            assert_eq!(measure(&View::of(&picture, Some(&round(landmarks, 5.0, 1.0)))), None);
            assert_eq!(measure(&View::of(&picture, None)), None);
        }
    }

    /// One step of 255 on every tenth pixel is a ten-thousandth of the range: the log's last digit.
    #[test]
    fn a_faint_light_is_seen() {
        let (before, mut lit) = (tinted([153, 102, 51]), tinted([153, 102, 51]).rgb().to_vec());
        lit.chunks_exact_mut(30).for_each(|pixels| pixels[0] = pixels[0].saturating_add(1));
        let lit = Picture::from_rgb(200, 200, lit).unwrap();
        let mesh = round(FOREHEAD, 50.0, 1.0);
        let red = |picture: &Picture| forehead(&View::of(picture, Some(&mesh))).unwrap()[0];
        assert!((red(&lit) - red(&before) - 0.1 / 255.0).abs() < 2e-5);
    }
}
