//! Tells a nose that stands out from one that is printed.
//!
//! On a flat or evenly bent picture the middle line of a face stays a straight line however the picture is turned. On a
//! head the tip of the nose leaves it towards the side to which the head turns.

use crate::face_mesh::Point3;

/// Root of the nose.
const ROOT: [usize; 3] = [9, 8, 168];
/// Base of the nose, above the lip.
const BASE: [usize; 2] = [2, 164];
/// Tip of the nose.
const TIP: [usize; 2] = [1, 4];

/// Distance in pixels of the nose's tip from the line through its root and base, above zero to the image's right.
pub(crate) fn nose_parallax(mesh: &[Point3]) -> f64 {
    let (root, base, tip) = (middle(mesh, &ROOT), middle(mesh, &BASE), middle(mesh, &TIP));
    let (dx, dy) = (base[0] - root[0], base[1] - root[1]);
    let length = dx.hypot(dy).max(1.0);
    ((tip[0] - root[0]) * dy - (tip[1] - root[1]) * dx) / length
}

fn middle(mesh: &[Point3], points: &[usize]) -> [f64; 2] {
    let sum = points.iter().fold([0.0, 0.0], |[x, y], i| [x + f64::from(mesh[*i].x), y + f64::from(mesh[*i].y)]);
    sum.map(|value| value / points.len() as f64)
}
