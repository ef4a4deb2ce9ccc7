//! `halftone`: `[luma, colour]`, how far the strongest fine and regular pattern on forehead and cheeks stands out of the
//! spectrum around it: the decimal logarithm of a ratio of powers. The dots of a print and the pixels of a display, or their
//! moiré with the camera's, are such patterns; skin has none.
//!
//! Each region is a square of 64 pixels of the picture, faded to its edges by Hann's window. The power of a frequency is
//! compared with the mean of the frequencies around it, so that neither plain noise (about 0.9 by chance) nor the edge of a
//! brow, which is a line in the spectrum, stands out.
//!
//! Left out are low frequencies, where pores, hair and shades are, those of JPEG's own grid, the multiples of 1/8, and periods
//! near 2 pixels, where colours that a camera halves leave images of their slow changes.
//!
//! Nothing is seen of a print or screen that is too fine for the camera, out of focus, or smoothed by JPEG; of continuous
//! tones there is nothing to see. Fabric is measured as if it were a screen where it covers the skin. Absent where no region is
//! seen from before and large enough. The greatest of the regions is taken.

use super::View;
use super::colour::luma;
use super::fourier::{Fourier, SIDE};
use super::polygon::{area, extent};
use super::skin::{FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK};
use crate::face_mesh::Point3;
use crate::picture::Picture;
use nalgebra::Complex;
use std::ops::RangeInclusive;

/// Frequencies that are looked at, in periods per [`SIDE`] pixels: periods of 2 to 6.4 pixels.
const FREQUENCIES: RangeInclusive<f32> = 10.0..=32.0;
/// The fastest across or down. Beyond, 4:2:0 leaves images: in clips that are compressed no further, up to 1.3.
const FASTEST: usize = 28;
/// The frequencies around one lie within the second distance and beyond the first, both ways; Hann's window spreads a wave
/// over one.
const AROUND: [usize; 2] = [2, 5];
/// The grid of JPEG, in periods per [`SIDE`] pixels.
const GRID: usize = SIDE / 8;
/// Frequencies of shades, which the grid cuts, in periods per [`SIDE`] pixels.
const SLOW: usize = 3;
/// Least extent of a region, in pixels: Hann's window sees half of its square.
const LEAST: f32 = 16.0;
/// Power that rounding to whole steps leaves in each frequency, four times; of squared steps, a twelfth, by all pixels and
/// the mean square of the window both ways, three eighths.
const FLOOR: f32 = 4.0 / 12.0 * (SIDE * SIDE) as f32 * (3.0 / 8.0) * (3.0 / 8.0);

pub(super) fn halftone(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let fourier = Fourier::new();
    let squares =
        [FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK].iter().filter_map(|region| square(view.picture, mesh, region));
    let peaks = squares.map(|planes| planes.map(|plane| peak(&powers(&fourier, plane))));
    peaks.reduce(|a, b| [a[0].max(b[0]), a[1].max(b[1])]).map(Vec::from)
}

/// Luma, and both differences of colour as one complex number, of the square about a region, moved into the picture; none where
/// the region is turned away or small, or the picture smaller than the square.
fn square(picture: &Picture, mesh: &[Point3], region: &[usize]) -> Option<[Vec<Complex<f32>>; 2]> {
    let polygon: Vec<_> = region.iter().map(|point| mesh[*point].flat()).collect();
    let (left, right) = extent(polygon.iter().map(|point| point.x));
    let (top, bottom) = extent(polygon.iter().map(|point| point.y));
    if area(&polygon) <= 0.0 || right - left < LEAST || bottom - top < LEAST {
        return None;
    }
    let start = |middle: f32, side: u32| {
        let last = (side as usize).checked_sub(SIDE)?;
        Some((middle.max(0.0) as usize).saturating_sub(SIDE / 2).min(last))
    };
    let column = start((left + right) / 2.0, picture.width())?;
    let row = start((top + bottom) / 2.0, picture.height())?;
    let mut planes = [Vec::with_capacity(SIDE * SIDE), Vec::with_capacity(SIDE * SIDE)];
    for line in picture.rgb().chunks_exact(picture.width() as usize * 3).skip(row).take(SIDE) {
        for rgb in line[column * 3..(column + SIDE) * 3].chunks_exact(3) {
            let [red, green, blue] = [rgb[0], rgb[1], rgb[2]].map(f32::from);
            let luma = luma([red, green, blue]);
            planes[0].push(Complex::new(luma, 0.0));
            planes[1].push(Complex::new((blue - luma) * 0.564, (red - luma) * 0.713));
        }
    }
    Some(planes)
}

/// The power of each frequency, whichever way it runs.
fn powers(fourier: &Fourier, mut square: Vec<Complex<f32>>) -> Vec<f32> {
    fourier.transform(&mut square);
    let power = |place: usize| square[place].norm_sqr();
    (0..SIDE * SIDE).map(|place| f32::midpoint(power(place), power(opposite(place)))).collect()
}

/// The place of the same frequency, run the other way.
fn opposite(place: usize) -> usize {
    (SIDE - place / SIDE) % SIDE * SIDE + (SIDE - place % SIDE) % SIDE
}

/// The greatest logarithm of a frequency's power over those around it.
fn peak(powers: &[f32]) -> f64 {
    let [inner, outer] = AROUND.map(|reach| around(powers, reach));
    let count = AROUND.map(|reach| (2 * reach + 1) * (2 * reach + 1));
    let ratio = |place: usize| {
        let mean = (outer[place] - inner[place]) / (count[1] - count[0]) as f32;
        powers[place] / (mean.max(0.0) + FLOOR)
    };
    // The other half has the same powers.
    let half = (0..=SIDE / 2).flat_map(|row| (0..SIDE).map(move |column| row * SIDE + column));
    let most =
        half.filter(|place| is_fine(*place) && !is_grid(*place)).map(ratio).fold(f32::MIN_POSITIVE, f32::max);
    f64::from(most).log10()
}

/// How far a place of the transform is from none, both ways.
fn frequency(place: usize) -> [usize; 2] {
    [place % SIDE, place / SIDE].map(|at| at.min(SIDE - at))
}

fn is_fine(place: usize) -> bool {
    let [across, down] = frequency(place);
    let around = (across as f32).hypot(down as f32);
    FREQUENCIES.contains(&around) && across.max(down) <= FASTEST
}

/// Whether the grid, or what it cuts of slow shades, is seen there: both frequencies are multiples of its own, but for what
/// the window spreads, and for slow ones.
fn is_grid(place: usize) -> bool {
    let [across, down] = frequency(place);
    let is_multiple = |at: usize| (at + 1) % GRID <= 2;
    let (is_slow, [by_columns, by_rows]) = (|at: usize| at <= SLOW, [across, down].map(is_multiple));
    (by_columns && (by_rows || is_slow(down))) || (by_rows && is_slow(across))
}

/// The sum over a square of so many places to each side, around each place.
fn around(powers: &[f32], reach: usize) -> Vec<f32> {
    // Of rows, and turned over: done twice, all lie as before.
    let once = |from: &[f32]| -> Vec<f32> {
        let mut turned = vec![0.0; SIDE * SIDE];
        for row in 0..SIDE {
            let mut sums = [0.0; SIDE];
            for near in row + SIDE - reach..=row + SIDE + reach {
                let line = &from[near % SIDE * SIDE..][..SIDE];
                sums.iter_mut().zip(line).for_each(|(sum, power)| *sum += power);
            }
            turned[row..].iter_mut().step_by(SIDE).zip(sums).for_each(|(to, sum)| *to = sum);
        }
        turned
    };
    once(&once(powers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cues::tests::{face, normal};
    use image::codecs::jpeg::JpegEncoder;

    /// Skin with a little noise and a shade, multiplied by a pattern, as JPEG brings it.
    fn seen(pattern: impl Fn(f32, f32) -> [f32; 3]) -> [f64; 2] {
        compressed(85, pattern)
    }

    fn compressed(quality: u8, pattern: impl Fn(f32, f32) -> [f32; 3]) -> [f64; 2] {
        let mut noise = normal(3);
        let picture = image::RgbImage::from_fn(480, 400, |x, y| {
            let (x, y) = (x as f32, y as f32);
            let light = 0.8 + x / 2000.0 - y / 3000.0;
            let [red, green, blue] = pattern(x, y);
            let channel =
                |skin: f32, share: f32, noise: f32| (skin * light * share + 1.5 * noise).round() as u8;
            let mut next = || noise.next().unwrap();
            image::Rgb([
                channel(200.0, red, next()),
                channel(150.0, green, next()),
                channel(120.0, blue, next()),
            ])
        });
        let mut bytes = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).unwrap();
        let picture = Picture::decode(&bytes).unwrap();
        halftone(&View::of(&picture, Some(&face([240.0, 200.0], 200.0)))).unwrap().try_into().unwrap()
    }

    /// Dots on a turned grid, `period` pixels apart.
    fn dots(period: f32, depth: f32) -> impl Fn(f32, f32) -> f32 {
        let turn = std::f32::consts::TAU / period;
        move |x, y| {
            let (u, v) = (0.9 * x + 0.436 * y, 0.9 * y - 0.436 * x);
            1.0 - depth * (0.5 + 0.25 * (u * turn).cos() + 0.25 * (v * turn).cos())
        }
    }

    #[test]
    fn skin_with_noise_has_no_pattern() {
        let [luma, colour] = seen(|_, _| [1.0; 3]);
        assert!(luma < 1.1 && colour < 1.1, "{luma} {colour}");
    }

    #[test]
    fn black_dots_are_seen_in_the_luma() {
        let dots = dots(3.3, 0.2);
        let [luma, _] = seen(|x, y| [dots(x, y); 3]);
        assert!(luma > 1.6, "{luma}");
    }

    #[test]
    fn stripes_of_coloured_pixels_are_seen_in_the_colour() {
        // Red gives way to blue and back: the luma hardly changes.
        let stripe = |x: f32| 0.06 * (x * std::f32::consts::TAU / 5.2).cos();
        let [_, colour] = seen(|x, _| [1.0 + stripe(x), 1.0 - stripe(x) * 0.5, 1.0 - stripe(x)]);
        assert!(colour > 1.6, "{colour}");
    }

    #[test]
    fn the_edge_of_a_brow_and_the_grid_of_jpeg_are_no_pattern() {
        let [luma, colour] = seen(|x, y| [if y < 128.0 + x / 37.0 { 0.4 } else { 1.0 }; 3]);
        assert!(luma < 1.1 && colour < 1.1, "{luma} {colour}");
        for quality in [30, 50, 70] {
            let [luma, colour] = compressed(quality, |_, _| [1.0; 3]);
            assert!(luma < 1.2 && colour < 1.2, "{quality}: {luma} {colour}");
        }
    }

    #[test]
    fn a_face_that_is_small_or_not_there_is_not_measured() {
        let picture = Picture::from_rgb(480, 400, vec![120; 480 * 400 * 3]).unwrap();
        assert_eq!(halftone(&View::of(&picture, Some(&face([240.0, 200.0], 40.0)))), None);
        assert_eq!(halftone(&View::of(&picture, None)), None);
    }
}
