//! Proportions of a face as they appear in the picture. They shrink when what is seen turns away, whatever it is; how much
//! they shrink against the yaw that the mesh reports tells a head from a bent picture of one.

use crate::face_mesh::Point3;

/// Two widths over two heights, each between points of the mesh that do not move with the expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportions {
    /// Between the outer corners of the eyes, over root to base of the nose.
    pub eyes: f64,
    /// From cheek to cheek, over forehead to chin.
    pub outline: f64,
}

impl Proportions {
    pub(crate) fn of(mesh: &[Point3]) -> Self {
        let apart = |a: usize, b: usize| f64::from((mesh[a].x - mesh[b].x).hypot(mesh[a].y - mesh[b].y));
        Self {
            eyes: apart(33, 263) / apart(168, 2).max(1.0),
            outline: apart(234, 454) / apart(10, 152).max(1.0),
        }
    }
}
