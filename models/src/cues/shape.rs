//! `shape`: proportions of the face in the picture that change with its distance: near things look larger, so that close to
//! the camera the nose grows and the cheeks and the outline shrink against the eyes. A flat picture that comes nearer is only scaled.
//!
//! Each length is taken in the picture and divided by the distance between the outer corners of the eyes:
//! `[cheek to cheek, temple to temple, forehead to chin, wing to wing of the nose, root to base of the nose]`.
//!
//! By the pinhole camera: a part that lies `d` behind the eyes and is seen from `z` is drawn smaller by `z / (z + d)`. Cheeks
//! lie about 6 cm behind the eyes' corners, so that they should lose about 7 % between 60 and 35 cm. The mesh network, though,
//! has learned one face and reports less. Turns change all of these: compare frames of the same pose only.

use super::View;

const EYES: (usize, usize) = (33, 263);
/// Cheek to cheek, temple to temple, forehead to chin, wing to wing, root to base of the nose.
const LENGTHS: [(usize, usize); 5] = [(234, 454), (127, 356), (10, 152), (129, 358), (168, 2)];

pub(super) fn shape(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let apart = |(a, b): (usize, usize)| f64::from((mesh[a].x - mesh[b].x).hypot(mesh[a].y - mesh[b].y));
    Some(LENGTHS.iter().map(|ends| apart(*ends) / apart(EYES)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::mesh;

    /// A pinhole's view, from so many cm, of landmarks that lie `depth` times so far behind the eyes as a head's do.
    fn seen(distance: f32, depth: f32) -> Vec<f64> {
        let place = |x: f32, y: f32, behind: f32| {
            let away = distance + behind * depth;
            [600.0 * x / away, 600.0 * y / away, 0.0]
        };
        let mesh = mesh(&[
            (33, place(-4.5, 0.0, 0.0)),
            (263, place(4.5, 0.0, 0.0)),
            (234, place(-7.0, 1.0, 6.0)),
            (454, place(7.0, 1.0, 6.0)),
            (127, place(-7.0, -1.0, 6.0)),
            (356, place(7.0, -1.0, 6.0)),
            (10, place(0.0, -7.0, 1.0)),
            (152, place(0.0, 11.0, 1.0)),
            (129, place(-1.7, 4.0, -1.0)),
            (358, place(1.7, 4.0, -1.0)),
            (168, place(0.0, 0.0, -1.0)),
            (2, place(0.0, 5.0, -2.0)),
        ]);
        let picture = Picture::from_rgb(200, 200, vec![0; 200 * 200 * 3]).unwrap();
        shape(&View::of(&picture, Some(&mesh))).unwrap()
    }

    #[test]
    fn a_head_that_comes_nearer_loses_cheeks_and_gains_nose() {
        let change: Vec<f64> =
            seen(35.0, 1.0).iter().zip(seen(60.0, 1.0)).map(|(near, far)| near / far).collect();
        let [cheeks, temples, height, wings, nose] = change[..] else { panic!("five numbers") };
        // 35/41 x 66/60 for what lies 6 cm behind.
        assert!(
            (cheeks - 35.0 / 41.0 * 66.0 / 60.0).abs() < 1e-4 && (temples - cheeks).abs() < 1e-6,
            "{change:?}"
        );
        assert!(height < 1.0 && wings > 1.0 && nose > wings, "{change:?}");
    }

    #[test]
    fn a_flat_picture_that_comes_nearer_is_only_scaled() {
        assert!(
            seen(35.0, 0.0).iter().zip(seen(60.0, 0.0)).all(|(near, far)| (near / far - 1.0).abs() < 1e-5)
        );
    }
}
