//! `noise`: `[skin, surround]`, standard deviation of what is random from pixel to pixel in the flattest parts of the face's
//! skin and of what is around the head, in steps of 255.
//!
//! A sensor adds noise to all it sees. A stream without a camera may lack it, and a face that was put into another picture
//! brings its own.
//!
//! After Immerkær, Fast Noise Variance Estimation, Computer Vision and Image Understanding 1996: a mask that is blind to
//! slopes, here within the blocks of 8 x 8 that JPEG compresses, so that their borders do not count. Of the blocks the flattest
//! are taken, by the means of their quarters, which noise hardly changes. Blocks that are nearly black or white are left out:
//! the range cuts noise off.
//!
//! JPEG and video codecs take noise away, the more the coarser they are, and cameras smooth it themselves: what is
//! measured is what they left. Compare with the same stream. Absent where there are too few blocks.

use super::View;
use super::luma::Luma;
use super::polygon::{area, contains};
use super::skin::{CHIN, FOREHEAD, LEFT_CHEEK, NOSE, RIGHT_CHEEK};
use crate::crop::Point;
use crate::face_mesh::Point3;
use std::ops::Range;

/// Side of a JPEG block in pixels.
const BLOCK: usize = 8;
/// Share of the blocks that are taken for flat.
const FLATTEST: f64 = 0.3;
/// Blocks that are taken at least: 4 of them have 144 places of the mask, which know it to a tenth.
const LEAST_BLOCKS: usize = 4;
/// Means of blocks beyond are cut off by the range: 4 times a noise of 4 from its ends.
const RANGE: Range<f32> = 16.0..239.0;
/// The head with its hair, as a factor of the mesh's extent.
const HEAD: f32 = 1.2;

pub(super) fn noise(view: &View<'_>) -> Option<Vec<f64>> {
    let (mesh, luma) = (view.mesh?, view.luma());
    Some(vec![of_blocks(luma, skin(mesh, luma).into_iter())?, of_blocks(luma, surround(mesh, luma))?])
}

/// The rows of a block's pixels.
type Block<'a> = [&'a [f32]; BLOCK];

/// Blocks with all corners in one region of the skin that is seen from before.
fn skin(mesh: &[Point3], luma: &Luma) -> Vec<(usize, usize)> {
    let polygons = [FOREHEAD, RIGHT_CHEEK, LEFT_CHEEK, NOSE, CHIN]
        .map(|region| region.iter().map(|point| mesh[*point].flat()).collect::<Vec<_>>());
    let mut inside = Vec::new();
    for polygon in polygons.iter().filter(|polygon| area(polygon) > 0.0) {
        let (left, right) = extent(polygon.iter().map(|point| point.x), luma.width());
        let (top, bottom) = extent(polygon.iter().map(|point| point.y), luma.height());
        inside.extend(places(left..right, top..bottom).filter(|(x, y)| {
            let corners = [(*x, *y), (x + BLOCK, *y), (*x, y + BLOCK), (x + BLOCK, y + BLOCK)];
            corners.iter().all(|(x, y)| contains(polygon, Point { x: *x as f32, y: *y as f32 }))
        }));
    }
    inside
}

/// Blocks beside and above the head, down to the chin.
fn surround(mesh: &[Point3], luma: &Luma) -> impl Iterator<Item = (usize, usize)> {
    let (left, right) = extent(mesh.iter().map(|point| point.x), luma.width());
    let (top, bottom) = extent(mesh.iter().map(|point| point.y), luma.height());
    let hair = |from: usize, to: usize| ((to - from) as f32 * (HEAD - 1.0) / 2.0) as usize;
    let (aside, above) = (hair(left, right), hair(top, bottom));
    let over = top.saturating_sub(above);
    let head = left.saturating_sub(aside)..right + aside;
    places(0..luma.width(), 0..bottom)
        .filter(move |(x, y)| y + BLOCK <= over || x + BLOCK <= head.start || *x >= head.end)
}

/// From the least to the greatest of places, within a side of the picture.
fn extent(places: impl Iterator<Item = f32>, side: usize) -> (usize, usize) {
    let (from, to) =
        places.fold((f32::MAX, f32::MIN), |(least, most), place| (least.min(place), most.max(place)));
    let pixel = |place: f32| place.clamp(0.0, side as f32) as usize;
    (pixel(from), pixel(to))
}

/// Upper left corners of the blocks that lie wholly within.
fn places(columns: Range<usize>, rows: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
    let whole = |range: Range<usize>| range.start.div_ceil(BLOCK)..range.end / BLOCK;
    let columns = whole(columns);
    whole(rows).flat_map(move |row| columns.clone().map(move |column| (column * BLOCK, row * BLOCK)))
}

/// Standard deviation of the noise in the flattest of the blocks at these places; none where they are too few.
fn of_blocks(luma: &Luma, places: impl Iterator<Item = (usize, usize)>) -> Option<f64> {
    let blocks = places.map(|(x, y)| std::array::from_fn(|row| &luma.row(y + row)[x..x + BLOCK]));
    let mut blocks: Vec<(f32, Block<'_>)> =
        blocks.filter_map(|block| Some((slope(&block)?, block))).collect();
    if blocks.len() < LEAST_BLOCKS {
        return None;
    }
    let flat = ((blocks.len() as f64 * FLATTEST) as usize).max(LEAST_BLOCKS);
    blocks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sum: f64 = blocks[..flat].iter().map(|(_, block)| f64::from(residual(block))).sum();
    // The mask makes of a normal noise one 6 times as large, whose mean without a sign is this much of its deviation.
    let share = (2.0 / std::f64::consts::PI).sqrt();
    Some(sum / flat as f64 / 6.0 / share)
}

/// Difference between the lightest and the darkest quarter of a block; none where the range may cut off its pixels.
fn slope(block: &Block<'_>) -> Option<f32> {
    let mut quarters = [0.0; 4];
    for (row, line) in block.iter().enumerate() {
        for (half, part) in line.chunks_exact(BLOCK / 2).enumerate() {
            quarters[row / (BLOCK / 2) * 2 + half] += part.iter().sum::<f32>() * 4.0 / (BLOCK * BLOCK) as f32;
        }
    }
    let (least, most) =
        quarters.iter().fold((f32::MAX, f32::MIN), |(l, m), mean| (l.min(*mean), m.max(*mean)));
    RANGE.contains(&(quarters.iter().sum::<f32>() / 4.0)).then_some(most - least)
}

/// Mean of what the mask gives in a block, without its sign.
fn residual(block: &Block<'_>) -> f32 {
    let mut sum = 0.0;
    for three in block.windows(3) {
        for at in 1..BLOCK - 1 {
            // 1 -2 1, -2 4 -2, 1 -2 1.
            let second = |row: &[f32]| row[at - 1] - 2.0 * row[at] + row[at + 1];
            sum += (second(three[0]) - 2.0 * second(three[1]) + second(three[2])).abs();
        }
    }
    sum / ((BLOCK - 2) * (BLOCK - 2)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;
    use crate::cues::tests::{face, normal};

    /// A slope with noise of one deviation on the face's half and of another one beside it.
    fn picture(skin: f32, surround: f32) -> Picture {
        let mut noise = normal(7);
        let rgb = (0..480_u32 * 400).flat_map(|i| {
            let (x, y) = (i % 480, i / 480);
            let deviation = if (120..360).contains(&x) { skin } else { surround };
            [(90.0 + x as f32 / 8.0 + y as f32 / 16.0 + deviation * noise.next().unwrap()).round() as u8; 3]
        });
        Picture::from_rgb(480, 400, rgb.collect()).unwrap()
    }

    fn seen(skin: f32, surround: f32) -> [f64; 2] {
        let (picture, mesh) = (picture(skin, surround), face([240.0, 200.0], 200.0));
        noise(&View::of(&picture, Some(&mesh))).unwrap().try_into().unwrap()
    }

    #[test]
    fn the_deviation_of_a_known_noise_is_found_in_each_place() {
        let [skin, surround] = seen(3.0, 1.5);
        assert!((skin - 3.0).abs() < 0.3 && (surround - 1.5).abs() < 0.15, "{skin} {surround}");
    }

    /// Rounding to whole steps of a slope is not noise: a twelfth of a step, squared.
    #[test]
    fn where_there_is_no_noise_hardly_any_is_found() {
        let [skin, surround] = seen(0.0, 0.0);
        assert!(skin < 0.35 && surround < 0.35, "{skin} {surround}");
    }

    #[test]
    fn what_the_range_cuts_off_and_who_is_too_small_tell_nothing() {
        let white = Picture::from_rgb(480, 400, vec![250; 480 * 400 * 3]).unwrap();
        assert_eq!(noise(&View::of(&white, Some(&face([240.0, 200.0], 200.0)))), None);
        assert_eq!(noise(&View::of(&picture(2.0, 2.0), Some(&face([240.0, 200.0], 60.0)))), None);
        assert_eq!(noise(&View::of(&white, None)), None);
    }
}
