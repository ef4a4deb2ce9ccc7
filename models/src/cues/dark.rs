//! `dark`: `[red, green, blue, red, green, blue]`, 0 to 1, as encoded in the picture: mean colour of what is dark in the face and
//! small, as brows, lashes, pupils and a beard's hairs are, and of what is around it.
//!
//! The face is looked at in cells of a 64th of its width. Dark is a cell with less than [`DARK`] of the luma around it, by as
//! many cells as [`REACH`] to each side. So a cheek in the shade is not dark: where the lamps of a room do not reach, the
//! light of a screen is the stronger, as it is behind glass.
//!
//! Hard shadows are dark along their edges, and colours that were halved (4:2:0) spread from what is around. Absent where there
//! is no face, or less than [`LEAST_PIXELS`] are dark: on a face with pale brows, and on a picture without contrast.

use super::View;
use super::colour::{Sum, luma};
use super::polygon::{each, extent};
use crate::crop::Point;
use crate::face_mesh::OVAL;
use crate::picture::Picture;

/// Cells across a face.
const ACROSS: f32 = 64.0;
/// Cells to each side: a brow is some four high.
const REACH: usize = 5;
/// Share of the luma around: the square root, about, of a half in light.
const DARK: f32 = 0.7;
/// As for a region of skin.
const LEAST_PIXELS: u64 = 100;

pub(super) fn dark(view: &View<'_>) -> Option<Vec<f64>> {
    let mesh = view.mesh?;
    let outline = OVAL.map(|point| mesh[point].flat());
    let cells = Cells::of(view.picture, &outline)?;
    let mut dark = Sum::default();
    let mut around = Weighed::default();
    for (column, row) in cells.places() {
        let (cell, near) = (cells.within(column, row, 0), cells.within(column, row, REACH));
        if let (Some(own), Some(others)) = (cell.mean(), near.mean())
            && luma_of(own) < DARK * luma_of(others)
        {
            dark.append(&cell);
            around.add(others, cell.count());
        }
    }
    if dark.count() < LEAST_PIXELS {
        return None;
    }
    Some([dark.mean()?, around.mean()].concat())
}

fn luma_of(colour: [f64; 3]) -> f32 {
    luma(colour.map(|value| value as f32))
}

/// Colours with weights.
#[derive(Default)]
struct Weighed {
    sum: [f64; 3],
    weight: f64,
}

impl Weighed {
    fn add(&mut self, colour: [f64; 3], weight: u64) {
        self.sum.iter_mut().zip(colour).for_each(|(sum, value)| *sum += value * weight as f64);
        self.weight += weight as f64;
    }

    fn mean(&self) -> [f64; 3] {
        self.sum.map(|sum| sum / self.weight)
    }
}

/// The pixels inside an outline, in square cells.
struct Cells {
    columns: usize,
    rows: usize,
    /// Of all cells above and to the left of each corner.
    sums: Vec<Sum>,
}

impl Cells {
    /// None of an outline without extent or outside the picture.
    fn of(picture: &Picture, outline: &[Point]) -> Option<Self> {
        let within = |(least, most): (f32, f32), side: u32| {
            (least.clamp(0.0, side as f32), most.clamp(0.0, side as f32))
        };
        let (left, right) = within(extent(outline.iter().map(|point| point.x)), picture.width());
        let (top, bottom) = within(extent(outline.iter().map(|point| point.y)), picture.height());
        if right <= left || bottom <= top {
            return None;
        }
        let cell = ((right - left) / ACROSS).max(1.0);
        let (columns, rows) = (((right - left) / cell) as usize + 1, ((bottom - top) / cell) as usize + 1);
        let mut cells = vec![Sum::default(); columns * rows];
        each(picture, outline, |x, y, rgb| {
            let (column, row) = (((x - left) / cell) as usize, ((y - top) / cell) as usize);
            cells[row.min(rows - 1) * columns + column.min(columns - 1)].add(&rgb);
        });
        let mut sums = vec![Sum::default(); (columns + 1) * (rows + 1)];
        for row in 0..rows {
            let mut line = Sum::default();
            for column in 0..columns {
                line.append(&cells[row * columns + column]);
                let mut sum = sums[row * (columns + 1) + column + 1];
                sum.append(&line);
                sums[(row + 1) * (columns + 1) + column + 1] = sum;
            }
        }
        Some(Self { columns, rows, sums })
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.columns;
        (0..columns * self.rows).map(move |place| (place % columns, place / columns))
    }

    /// What is in a cell and in so many to each side.
    fn within(&self, column: usize, row: usize, reach: usize) -> Sum {
        let at = |column: usize, row: usize| &self.sums[row * (self.columns + 1) + column];
        let (left, right) = (column.saturating_sub(reach), (column + reach + 1).min(self.columns));
        let (top, bottom) = (row.saturating_sub(reach), (row + reach + 1).min(self.rows));
        let mut sum = *at(right, bottom);
        sum.append(at(left, top));
        sum.take(at(left, bottom));
        sum.take(at(right, top));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cues::tests::mesh;
    use crate::face_mesh::Point3;

    /// An outline on a circle of this radius about (100, 100); all other landmarks in one place.
    fn round(radius: f32) -> Vec<Point3> {
        let places: Vec<_> = (0..OVAL.len())
            .map(|place| {
                let (sin, cos) = (place as f32 / OVAL.len() as f32 * std::f32::consts::TAU).sin_cos();
                (OVAL[place], [100.0 + radius * cos, 100.0 + radius * sin, 0.0])
            })
            .collect();
        mesh(&places)
    }

    /// A disc of skin of radius 60 before black, with a brow that is so many pixels high, and shade that is so deep to the right.
    fn face(brow: u32, [skin, hair]: [[f32; 3]; 2], shade: f32) -> Picture {
        let colour = |x: u32, y: u32| {
            let part = match y {
                _ if x.abs_diff(100).pow(2) + y.abs_diff(100).pow(2) > 60 * 60 => [0.0; 3],
                _ if (70..70 + brow).contains(&y) && x.abs_diff(100) < 30 => hair,
                _ => skin,
            };
            let light = 1.0 - shade * (x as f32 - 50.0).clamp(0.0, 100.0) / 100.0;
            part.map(|value| (value * light) as u8)
        };
        Picture::from_rgb(200, 200, (0..200 * 200).flat_map(|i| colour(i % 200, i / 200)).collect()).unwrap()
    }

    const SKIN: [f32; 3] = [204.0, 153.0, 102.0];
    const HAIR: [f32; 3] = [102.0, 51.0, 51.0];

    fn seen(picture: &Picture, radius: f32) -> Option<Vec<f64>> {
        dark(&View::of(picture, Some(&round(radius))))
    }

    #[test]
    fn a_brow_has_its_own_colour_and_is_set_against_the_skin_around() {
        let colours = seen(&face(4, [SKIN, HAIR], 0.0), 50.0).unwrap();
        assert_eq!(colours[..3], [0.4, 0.2, 0.2]);
        let skin = SKIN.map(|value| f64::from(value) / 255.0);
        assert!(
            colours[3..].iter().zip(skin).all(|(around, skin)| (0.75 * skin..skin).contains(around)),
            "{colours:?}"
        );
    }

    #[test]
    fn shade_is_not_dark() {
        assert_eq!(seen(&face(0, [SKIN, HAIR], 0.8), 50.0), None);
        let [even, shaded] = [0.0, 0.8].map(|shade| seen(&face(4, [SKIN, HAIR], shade), 50.0).unwrap());
        let ratio = |colours: &[f64]| colours[4] / colours[1];
        assert!((ratio(&even) / ratio(&shaded) - 1.0).abs() < 0.05, "{even:?} {shaded:?}");
    }

    #[test]
    fn a_face_without_anything_dark_a_small_one_and_none_are_absent() {
        assert_eq!(seen(&face(4, [SKIN, SKIN], 0.0), 50.0), None);
        assert_eq!(seen(&face(4, [SKIN, HAIR], 0.0), 4.0), None);
        assert_eq!(dark(&View::of(&face(4, [SKIN, HAIR], 0.0), None)), None);
    }

    #[test]
    fn an_outline_beyond_the_picture_is_cut() {
        assert!(seen(&face(4, [SKIN, HAIR], 0.0), 300.0).is_some());
        let mut beyond = round(50.0);
        beyond.iter_mut().for_each(|point| point.x += 1000.0);
        assert_eq!(dark(&View::of(&face(4, [SKIN, HAIR], 0.0), Some(&beyond))), None);
    }
}
