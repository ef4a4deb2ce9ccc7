//! The pixels inside a polygon.

use super::colour::Sum;
use crate::crop::Point;
use crate::picture::Picture;

/// Adds up the pixels whose middle lies inside. What of the polygon lies outside the picture is left out.
pub(super) fn inside(picture: &Picture, polygon: &[Point]) -> Sum {
    let mut sum = Sum::default();
    for (_, columns, line) in runs(picture, polygon) {
        sum.add(&line[columns.start * 3..columns.end * 3]);
    }
    sum
}

/// Calls `of` with the middle and the colour of each of these pixels.
pub(super) fn each(picture: &Picture, polygon: &[Point], mut of: impl FnMut(f32, f32, [u8; 3])) {
    for (y, columns, line) in runs(picture, polygon) {
        for column in columns {
            let rgb = [line[column * 3], line[column * 3 + 1], line[column * 3 + 2]];
            of(column as f32 + 0.5, y, rgb);
        }
    }
}

/// The pixels whose middle lies inside, side by side: the height of their middle, their columns and the picture's line.
fn runs<'a>(
    picture: &'a Picture,
    polygon: &[Point],
) -> impl Iterator<Item = (f32, std::ops::Range<usize>, &'a [u8])> {
    rows(picture, polygon).flat_map(move |(row, line)| {
        let y = row as f32 + 0.5;
        spans(polygon, y, picture.width() as usize).into_iter().map(move |columns| (y, columns, line))
    })
}

/// The lines of the picture that the polygon can touch, with their numbers.
fn rows<'a>(picture: &'a Picture, polygon: &[Point]) -> impl Iterator<Item = (usize, &'a [u8])> {
    let (top, bottom) = extent(polygon.iter().map(|point| point.y));
    let first = top.floor().max(0.0) as usize;
    let last = bottom.ceil().max(0.0) as usize;
    picture
        .rgb()
        .chunks_exact(picture.width() as usize * 3)
        .enumerate()
        .skip(first)
        .take(last.saturating_sub(first))
}

/// The columns, at a height, whose middles lie inside: between each second pair of edges that are crossed.
fn spans(polygon: &[Point], y: f32, width: usize) -> Vec<std::ops::Range<usize>> {
    let ends = polygon.iter().cycle().skip(1);
    let mut crossed: Vec<f32> = polygon
        .iter()
        .zip(ends)
        .filter(|(a, b)| (a.y <= y) != (b.y <= y))
        .map(|(a, b)| a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
        .collect();
    crossed.sort_by(f32::total_cmp);
    let column = |x: f32| ((x - 0.5).ceil().max(0.0) as usize).min(width);
    crossed.chunks_exact(2).map(|pair| column(pair[0])..column(pair[1])).collect()
}

/// From the least to the greatest.
pub(super) fn extent(values: impl Iterator<Item = f32>) -> (f32, f32) {
    values.fold((f32::MAX, f32::MIN), |(least, most), value| (least.min(value), most.max(value)))
}

/// Area of a polygon in square pixels, above zero where it runs clockwise as seen in the picture.
pub(super) fn area(polygon: &[Point]) -> f32 {
    let ends = polygon.iter().cycle().skip(1);
    polygon.iter().zip(ends).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f32>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(colour: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let rgb = (0..200 * 200).flat_map(|i| colour(i % 200, i / 200)).collect();
        Picture::from_rgb(200, 200, rgb).unwrap()
    }

    fn polygon(points: &[(f32, f32)]) -> Vec<Point> {
        points.iter().map(|(x, y)| Point { x: *x, y: *y }).collect()
    }

    #[test]
    fn only_what_is_inside_counts() {
        let square = polygon(&[(40.0, 30.0), (60.0, 30.0), (60.0, 80.0), (40.0, 80.0)]);
        let covers = |x: u32, y: u32| (40..60).contains(&x) && (30..80).contains(&y);
        let picture = picture(|x, y| if covers(x, y) { [51, 102, 153] } else { [255; 3] });
        let sum = inside(&picture, &square);
        assert_eq!((sum.mean(), sum.count()), (Some([0.2, 0.4, 0.6]), 1000));
        assert!((area(&square) - 1000.0).abs() < 1e-3);
    }

    #[test]
    fn a_diamond_has_as_many_pixels_as_its_area() {
        let diamond = polygon(&[(100.0, 50.0), (150.0, 100.0), (100.0, 150.0), (50.0, 100.0)]);
        let count = inside(&picture(|_, _| [9; 3]), &diamond).count();
        assert!((count as f32 - area(&diamond)).abs() < 60.0, "{count}");
    }

    #[test]
    fn what_lies_outside_the_picture_is_left_out() {
        let picture = picture(|_, _| [51; 3]);
        let corner = polygon(&[(-50.0, -50.0), (10.0, -50.0), (10.0, 10.0), (-50.0, 10.0)]);
        let sum = inside(&picture, &corner);
        assert_eq!((sum.mean(), sum.count()), (Some([0.2; 3]), 100));
        let beyond = polygon(&[(300.0, 300.0), (310.0, 300.0), (310.0, 310.0)]);
        assert_eq!(inside(&picture, &beyond).mean(), None);
    }
}
