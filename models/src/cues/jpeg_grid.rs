//! `jpeg_grid`: `[own, foreign]`, how much the picture steps at every eighth pixel, where its own JPEG blocks meet, and at the
//! other places that steps most: there blocks met when it was compressed before, and shifted since.
//!
//! The unit of a place is what its steps exceed those beside them by, after Fan and de Queiroz, Identification of Bitmap
//! Compression History, IEEE Trans. Image Processing 2003. `own` is over the mean of all eight places, `foreign` over the
//! median of the others, each as the mean of columns and rows: 1 where no place stands out.
//!
//! The place in the middle is not looked at: webcams compress, and half of their picture has blocks of 4.
//!
//! Nothing of an earlier compression is seen when the picture was scaled since by anything but a whole number, shifted by
//! a multiple of 8 both ways, or its blocks were smoothed, as H.264 does.

use super::View;
use super::luma::Luma;

/// Side of a JPEG block in pixels.
const BLOCK: usize = 8;
/// A step that exceeds its neighbours by more is an edge of what is shown and not of a block, in steps of 255.
const MOST: f32 = 12.0;

pub(super) fn jpeg_grid(view: &View<'_>) -> Option<Vec<f64>> {
    let luma = view.luma();
    let (columns, rows) = (columns(luma), rows(luma));
    let mean = |of: fn(&[f64; BLOCK]) -> f64| f64::midpoint(of(&columns), of(&rows));
    Some(vec![mean(own), mean(foreign)])
}

/// Of each place in a block, by how much the step from the column before exceeds those beside it, summed.
fn columns(luma: &Luma) -> [f64; BLOCK] {
    let mut sums = [0.0; BLOCK];
    for row in luma.rows() {
        let mut sum = [0.0; BLOCK];
        // The first block has no columns before it.
        for block in row[BLOCK - 2..].windows(BLOCK + 3).step_by(BLOCK) {
            for (place, sum) in sum.iter_mut().enumerate() {
                *sum += excess(block[place], block[place + 1], block[place + 2], block[place + 3]);
            }
        }
        sums.iter_mut().zip(sum).for_each(|(sums, sum)| *sums += f64::from(sum));
    }
    sums
}

/// The same of rows.
fn rows(luma: &Luma) -> [f64; BLOCK] {
    let mut sums = [0.0; BLOCK];
    let last = (luma.height() - 1) / BLOCK * BLOCK;
    for row in BLOCK..last {
        let [above, before, after, below] =
            [row - 2, row - 1, row, row + 1].map(|row| luma.row(row).as_chunks::<BLOCK>().0);
        let mut sum = [0.0; BLOCK];
        for ((a, b), (c, d)) in above.iter().zip(before).zip(after.iter().zip(below)) {
            for (place, sum) in sum.iter_mut().enumerate() {
                *sum += excess(a[place], b[place], c[place], d[place]);
            }
        }
        sums[row % BLOCK] += f64::from(sum.iter().sum::<f32>());
    }
    sums
}

/// By how much the middle step of four pixels exceeds the mean of the outer two.
fn excess(a: f32, b: f32, c: f32, d: f32) -> f32 {
    let outer = ((b - a).abs() + (d - c).abs()) / 2.0;
    ((c - b).abs() - outer).clamp(0.0, MOST)
}

fn own(sums: &[f64; BLOCK]) -> f64 {
    sums[0] * BLOCK as f64 / sums.iter().sum::<f64>()
}

fn foreign(sums: &[f64; BLOCK]) -> f64 {
    let mut others = [sums[1], sums[2], sums[3], sums[5], sums[6], sums[7]];
    others.sort_by(f64::total_cmp);
    others[5] / f64::midpoint(others[2], others[3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use image::codecs::jpeg::JpegEncoder;
    use image::{RgbImage, imageops};

    /// A slope with a little of everything on it.
    fn scene() -> RgbImage {
        RgbImage::from_fn(320, 240, |x, y| {
            let (x, y) = (x as f32, y as f32);
            let value = 60.0
                + x / 4.0
                + y / 4.0
                + 9.0 * (x / 7.3).sin() * (y / 9.1).cos()
                + 4.0 * (x * y / 57.0).sin();
            image::Rgb([value as u8, (value * 0.9) as u8, (value * 0.8) as u8])
        })
    }

    fn compressed(picture: &RgbImage, quality: u8) -> RgbImage {
        let mut bytes = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).unwrap();
        image::load_from_memory(&bytes).unwrap().into_rgb8()
    }

    fn seen(picture: RgbImage) -> [f64; 2] {
        let (width, height) = picture.dimensions();
        let picture = Picture::from_rgb(width, height, picture.into_raw()).unwrap();
        jpeg_grid(&View::of(&picture, None)).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_picture_that_was_compressed_once_has_its_own_grid_alone() {
        let [plain_own, plain_foreign] = seen(scene());
        assert!((plain_own - 1.0).abs() < 0.1 && plain_foreign < 1.1, "{plain_own} {plain_foreign}");
        let [own, foreign] = seen(compressed(&scene(), 80));
        assert!(own > 1.5 && foreign < 1.3, "{own} {foreign}");
    }

    #[test]
    fn a_picture_that_was_compressed_before_and_shifted_has_a_foreign_grid_too() {
        let before = compressed(&scene(), 60);
        let shifted = imageops::crop_imm(&before, 3, 5, 300, 220).to_image();
        let [own, foreign] = seen(compressed(&shifted, 90));
        let [_, without] = seen(compressed(&scene(), 90));
        assert!(own > 1.1 && foreign > 1.25 && without < 1.15, "{own} {foreign} {without}");
    }

    #[test]
    fn an_even_picture_tells_nothing() {
        let picture = Picture::from_rgb(200, 200, vec![90; 200 * 200 * 3]).unwrap();
        assert!(!crate::cues::tests::measure(&picture, None).contains_key("jpeg_grid"));
    }
}
