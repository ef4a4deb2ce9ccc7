//! `scene`: mean luma of 4 x 4 fields of the picture, 0 to 1, row by row: what a series of pictures shows of cuts, of loops
//! and of scenes that stand still.
//!
//! Fields are as large as the picture divides evenly, but for a pixel. A camera that adapts its exposure changes all of them
//! by one factor. Too coarse to recognise anything by.

use super::View;
use super::luma::sum;

/// Fields along each side.
const FIELDS: usize = 4;

pub(super) fn scene(view: &View<'_>) -> Option<Vec<f64>> {
    let luma = view.luma();
    let (width, height) = (luma.width(), luma.height());
    let edge = |field: usize, side: usize| field * side / FIELDS;
    let mut means = Vec::with_capacity(FIELDS * FIELDS);
    for down in 0..FIELDS {
        let rows = edge(down, height)..edge(down + 1, height);
        for across in 0..FIELDS {
            let columns = edge(across, width)..edge(across + 1, width);
            let count = rows.len() * columns.len();
            let lines = rows.clone().map(|row| sum(&luma.row(row)[columns.clone()]));
            means.push(lines.map(f64::from).sum::<f64>() / count as f64 / 255.0);
        }
    }
    Some(means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;

    #[test]
    fn each_field_has_its_own_mean() {
        // 202 pixels leave fields of 50 and 51.
        let field = |at: u32| (0..4).rev().find(|field| at >= field * 202 / 4).unwrap();
        let grey = |i: u32| (field(i / 202) * 4 + field(i % 202)) as u8 * 17;
        let picture =
            Picture::from_rgb(202, 202, (0..202 * 202).flat_map(|i| [grey(i); 3]).collect()).unwrap();
        let scene = scene(&View::of(&picture, None)).unwrap();
        assert_eq!(scene.len(), 16);
        for (place, mean) in scene.iter().enumerate() {
            assert!((mean - place as f64 / 15.0).abs() < 1e-4, "{place}: {mean}");
        }
    }
}
