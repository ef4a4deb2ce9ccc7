use crate::picture::Picture;

/// Samples of one side of a cell: enough to even out noise and print, and no more for a large picture.
const SAMPLES: usize = 4;

/// A small grey picture; the middle of its first pixel is at (0.5, 0.5).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Luma {
    pub(super) width: usize,
    pub(super) height: usize,
    values: Vec<f32>,
}

impl Luma {
    /// A picture of which one pixel is the mean of a square of so many pixels' side; luma of ITU-R BT.601, 0 to 255.
    pub(super) fn of(picture: &Picture, cell: f32) -> Self {
        let side = |pixels: u32| ((pixels as f32 / cell).round() as usize).max(1);
        let (width, height) = (side(picture.width()), side(picture.height()));
        let places = |pixels: u32, cells: usize| -> Vec<usize> {
            let step = pixels as f32 / (cells * SAMPLES) as f32;
            (0..cells * SAMPLES).map(|sample| ((sample as f32 + 0.5) * step) as usize).collect()
        };
        let (columns, rows) = (places(picture.width(), width), places(picture.height(), height));
        let row_bytes = picture.width() as usize * 3;
        let mut values = vec![0.0; width * height];
        for (sample, row) in rows.iter().enumerate() {
            let line = &picture.rgb()[row * row_bytes..][..row_bytes];
            let cells = &mut values[sample / SAMPLES * width..][..width];
            for (cell, columns) in cells.iter_mut().zip(columns.chunks_exact(SAMPLES)) {
                let luma = |column: &usize| {
                    let rgb = &line[column * 3..][..3];
                    299 * u32::from(rgb[0]) + 587 * u32::from(rgb[1]) + 114 * u32::from(rgb[2])
                };
                *cell += columns.iter().map(luma).sum::<u32>() as f32;
            }
        }
        let mean = 1.0 / (1000 * SAMPLES * SAMPLES) as f32;
        values.iter_mut().for_each(|value| *value *= mean);
        Self { width, height, values }
    }

    /// Half as large; an odd row or column at the end is left out.
    pub(super) fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mean = |x: usize, y: usize| {
            let [upper, lower] = [2 * y, 2 * y + 1].map(|row| &self.values[row * self.width + 2 * x..][..2]);
            (upper[0] + upper[1] + lower[0] + lower[1]) / 4.0
        };
        let values = (0..width * height).map(|place| mean(place % width, place / width)).collect();
        Self { width, height, values }
    }

    /// The same with a hole where `is_hole` says so, by the middles of the pixels.
    pub(super) fn without(&self, is_hole: impl Fn([f32; 2]) -> bool) -> Self {
        let mut holed = self.clone();
        for (place, value) in holed.values.iter_mut().enumerate() {
            if is_hole([place % self.width, place / self.width].map(|at| at as f32 + 0.5)) {
                *value = f32::NAN;
            }
        }
        holed
    }

    /// The value of a pixel.
    pub(super) fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    /// The value between four pixels; none outside the middles of the outermost ones, nor where one is a hole.
    pub(super) fn between(&self, x: f32, y: f32) -> Option<f32> {
        let (x, y) = (x - 0.5, y - 0.5);
        if !(x >= 0.0 && y >= 0.0) {
            return None;
        }
        let (left, top) = (x as usize, y as usize);
        if left + 1 >= self.width || top + 1 >= self.height {
            return None;
        }
        let (along, down) = (x - left as f32, y - top as f32);
        let place = top * self.width + left;
        let (upper, lower) = (&self.values[place..place + 2], &self.values[place + self.width..][..2]);
        let first = upper[0] + (upper[1] - upper[0]) * along;
        let second = lower[0] + (lower[1] - lower[0]) * along;
        let value = first + (second - first) * down;
        (!value.is_nan()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grey that rises by one from column to column.
    fn ramp() -> Picture {
        let rgb = (0..240 * 120).flat_map(|place| [(place % 240) as u8; 3]).collect();
        Picture::from_rgb(240, 120, rgb).unwrap()
    }

    #[test]
    fn a_pixel_is_the_mean_of_its_square() {
        let small = Luma::of(&ramp(), 4.0);
        assert_eq!((small.width, small.height), (60, 30));
        assert!((small.at(10, 7) - 41.5).abs() < 1e-3 && (small.at(59, 29) - 237.5).abs() < 1e-3);
        let half = small.halved();
        assert_eq!((half.width, half.height), (30, 15));
        assert!((half.at(5, 3) - 43.5).abs() < 1e-3);
    }

    #[test]
    fn between_pixels_is_between_their_values_and_outside_is_nothing() {
        let small = Luma::of(&ramp(), 4.0);
        assert!((small.between(10.75, 7.5).unwrap() - 42.5).abs() < 1e-3);
        assert!((small.between(0.5, 0.5).unwrap() - 1.5).abs() < 1e-3);
        let holed = small.without(|[x, _]| x < 10.0);
        assert_eq!([holed.between(10.4, 7.5), holed.between(10.6, 7.5)], [None, small.between(10.6, 7.5)]);
        assert_eq!(
            [small.between(0.4, 3.0), small.between(3.0, 29.6), small.between(f32::NAN, 3.0)],
            [None; 3]
        );
    }
}
