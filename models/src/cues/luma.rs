//! The picture's luma, which most measures of grain are taken on.

use crate::picture::Picture;

/// Luma of each pixel, row by row, 0 to 255, by ITU-R BT.601, as in JPEG.
pub(super) struct Luma {
    width: usize,
    values: Vec<f32>,
}

impl Luma {
    pub(super) fn of(picture: &Picture) -> Self {
        let pixels = picture.rgb().chunks_exact(3);
        let values = pixels
            .map(|rgb| 0.299 * f32::from(rgb[0]) + 0.587 * f32::from(rgb[1]) + 0.114 * f32::from(rgb[2]));
        Self { width: picture.width() as usize, values: values.collect() }
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) const fn height(&self) -> usize {
        self.values.len() / self.width
    }

    /// The rows, from the top.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.width)
    }

    /// One row.
    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

/// The sum of many numbers, eight at a time: one after the other takes four times as long.
pub(super) fn sum(values: &[f32]) -> f32 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().chain(rest).sum()
}
