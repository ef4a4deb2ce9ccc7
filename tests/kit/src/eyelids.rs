use crate::surface::Vertex;
use nalgebra::Vector3;
use std::collections::BTreeMap;

/// Landmarks of the upper lid's edge with those of the lower one's below them: the person's right eye, then the left.
pub(crate) const LIDS: [[(usize, usize); 7]; 2] = [
    [(246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)],
    [(466, 249), (388, 390), (387, 373), (386, 374), (385, 380), (384, 381), (398, 382)],
];
/// Of the opening, what remains when the eye is shut, and how much of the way the lower lid makes.
const GAP: f32 = 0.06;
const LOWER: f32 = 0.1;
/// How far the closing lid comes forward, in cm: it slides over the eye.
const FORWARD: f32 = 0.05;

/// Whether a landmark is on the edge of a lid.
pub(crate) fn is_lid(landmark: usize) -> bool {
    LIDS.iter().flatten().any(|(upper, lower)| landmark == *upper || landmark == *lower)
}

/// Where the lids' vertices are when the eyes are shut so far (0 to 1); the skin above is drawn along.
pub(crate) fn closed(vertices: &[Vertex], shut: f32) -> BTreeMap<usize, Vector3<f32>> {
    if shut <= 0.0 {
        return BTreeMap::new();
    }
    let way = shut.min(1.0) * (1.0 - GAP);
    LIDS.iter()
        .flatten()
        .flat_map(|(upper, lower)| {
            let (above, below) = (vertices[*upper].place, vertices[*lower].place);
            let forward = Vector3::new(0.0, 0.0, -FORWARD * shut);
            [
                (*upper, above + (below - above) * way * (1.0 - LOWER) + forward),
                (*lower, below + (above - below) * way * LOWER),
            ]
        })
        .collect()
}
