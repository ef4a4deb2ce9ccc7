//! Where the eyes look: what is seen between the lids is drawn once more before the face, moved within them.

use crate::eyelids::LIDS;
use crate::raster::Corner;
use crate::surface::Surface;
use nalgebra::Vector2;

/// Outer and inner corner of each eye, in the order of [`LIDS`].
const CORNERS: [[usize; 2]; 2] = [[33, 133], [263, 362]];
/// Of an eyeball, in cm.
const RADIUS: f32 = 1.2;
/// By how much it is drawn nearer than the lids, in cm.
const NEARER: f32 = 0.01;

/// The triangles between the lids of eyes that look so many degrees to the person's own left, for a skin of so many pixels
/// across. Whites are stretched and squeezed: the eyes' corners stay.
pub(crate) fn eyeballs(surface: &Surface, corners: &[Corner], gaze: f32, across: f32) -> Vec<[Corner; 3]> {
    let way = RADIUS * gaze.to_radians().sin() / surface.scale / across;
    let mut triangles = Vec::new();
    for ([outer, inner], lids) in CORNERS.into_iter().zip(LIDS) {
        let [from, to] = [outer, inner].map(|corner| surface.vertices[corner].pixel);
        let along = to - from;
        let moved = |landmark: usize| {
            let from_middle: Vector2<f32> = surface.vertices[landmark].pixel - (from + to) / 2.0;
            let place = from_middle.dot(&along) / along.norm_squared().max(1e-6);
            let share = (1.0 - 4.0 * place * place).max(0.0);
            let corner = &corners[landmark];
            Corner { u: corner.u - way * share, z: corner.z - NEARER, ..*corner }
        };
        let columns: Vec<[Corner; 2]> = [(outer, outer)]
            .into_iter()
            .chain(lids)
            .chain([(inner, inner)])
            .map(|(upper, lower)| [moved(upper), moved(lower)])
            .collect();
        for pair in columns.windows(2) {
            let [[a, b], [c, d]] = [pair[0], pair[1]];
            triangles.extend([[a, b, c], [b, c, d]]);
        }
    }
    triangles
}
