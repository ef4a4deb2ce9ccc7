//! Sharpness and light of a face, on the aligned crop that the mesh was fitted on.

use crate::face_mesh::SIDE;

/// The face's box is the middle of the crop: 128 of 192 pixels.
const INNER: std::ops::Range<usize> = 32..160;

/// What can be seen of a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quality {
    /// Variance of the Laplacian of the luma (0 to 255) at 128 pixels a face; a larger face counts no sharper.
    pub(crate) sharpness: f64,
    /// Mean luma, 0 to 1.
    pub(crate) brightness: f64,
    /// Standard deviation of the luma, 0 to 1.
    pub(crate) contrast: f64,
}

impl Quality {
    pub(crate) fn of(crop: &[f32]) -> Self {
        let plane = SIDE * SIDE;
        // ITU-R BT.601
        let luma: Vec<f64> = (0..plane)
            .map(|i| f64::from(0.299 * crop[i] + 0.587 * crop[plane + i] + 0.114 * crop[2 * plane + i]))
            .collect();
        let inner = || INNER.flat_map(|row| INNER.map(move |column| row * SIDE + column));
        let laplacian =
            inner().map(|i| luma[i - 1] + luma[i + 1] + luma[i - SIDE] + luma[i + SIDE] - 4.0 * luma[i]);
        let (_, sharpness) = mean_and_variance(laplacian);
        let (mean, variance) = mean_and_variance(inner().map(|i| luma[i]));
        Self { sharpness, brightness: mean / 255.0, contrast: variance.sqrt() / 255.0 }
    }
}

fn mean_and_variance(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (count, sum, squares) =
        values.fold((0.0, 0.0, 0.0), |(n, s, q), value| (n + 1.0, s + value, q + value * value));
    let mean = sum / f64::max(count, 1.0);
    (mean, (squares / f64::max(count, 1.0) - mean * mean).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop(luma: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let plane: Vec<f32> = (0..SIDE * SIDE).map(|i| luma(i % SIDE, i / SIDE)).collect();
        plane.repeat(3)
    }

    #[test]
    fn an_even_field_has_light_but_no_detail() {
        let quality = Quality::of(&crop(|_, _| 51.0));
        assert!((quality.brightness - 0.2).abs() < 1e-3);
        assert!(quality.contrast < 1e-3 && quality.sharpness < 1e-3);
    }

    #[test]
    fn fine_stripes_are_sharper_than_broad_ones() {
        let stripes = |period: usize| {
            Quality::of(&crop(|x, _| if (x / period).is_multiple_of(2) { 40.0 } else { 200.0 })).sharpness
        };
        assert!(stripes(2) > 2.0 * stripes(16));
    }
}
