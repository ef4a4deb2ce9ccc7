//! `parallax`: `[across, down]`, where the tip of the nose lies in the picture from the middle between the outer corners of
//! the eyes, along and across the line through them, over their distance. Across is above zero to the person's own left.
//!
//! The nose stands out: turned sideways or up, it moves against the eyes by its height, as no plane's point does. Faces
//! differ, so compare with the same person straight ahead; the mesh fits one noses' height even to a flat picture.

use super::View;

const RIGHT_EYE: usize = 33;
const LEFT_EYE: usize = 263;
const NOSE_TIP: usize = 1;

pub(super) fn parallax(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let [right, left, nose] = [RIGHT_EYE, LEFT_EYE, NOSE_TIP].map(|point| mesh[point].flat());
    let along = [f64::from(left.x - right.x), f64::from(left.y - right.y)];
    let from = [f64::from(nose.x - (left.x + right.x) / 2.0), f64::from(nose.y - (left.y + right.y) / 2.0)];
    let square = along[0] * along[0] + along[1] * along[1];
    let across = (from[0] * along[0] + from[1] * along[1]) / square;
    let down = (from[1] * along[0] - from[0] * along[1]) / square;
    Some(vec![across, down])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::mesh;

    /// Eyes 80 apart, the nose 40 below and `stands_out` before them; turned, then rolled.
    fn seen(stands_out: f32, turned: f32, rolled: f32) -> Vec<f64> {
        let (sin, cos) = turned.to_radians().sin_cos();
        let (roll_sin, roll_cos) = rolled.to_radians().sin_cos();
        let place = |x: f32, y: f32, z: f32| {
            let (x, z) = (x * cos - z * sin, x * sin + z * cos);
            [100.0 + x * roll_cos - y * roll_sin, 100.0 + x * roll_sin + y * roll_cos, z]
        };
        let mesh = mesh(&[
            (RIGHT_EYE, place(-40.0, 0.0, 0.0)),
            (LEFT_EYE, place(40.0, 0.0, 0.0)),
            (NOSE_TIP, place(0.0, 40.0, -stands_out)),
        ]);
        let picture = Picture::from_rgb(200, 200, vec![0; 200 * 200 * 3]).unwrap();
        parallax(&View::of(&picture, Some(&mesh))).unwrap()
    }

    #[test]
    fn a_nose_moves_against_the_eyes_and_a_flat_one_does_not() {
        assert!(seen(0.0, 25.0, 0.0)[0].abs() < 1e-6);
        let expected = 30.0 * f64::to_radians(25.0).tan() / 80.0;
        assert!((seen(30.0, 25.0, 0.0)[0] - expected).abs() < 1e-5);
        assert!((seen(30.0, -25.0, 0.0)[0] + expected).abs() < 1e-5);
    }

    #[test]
    fn a_roll_changes_nothing() {
        let (level, rolled) = (seen(30.0, 10.0, 0.0), seen(30.0, 10.0, 35.0));
        assert!(level.iter().zip(&rolled).all(|(a, b)| (a - b).abs() < 1e-5), "{level:?} {rolled:?}");
    }
}
