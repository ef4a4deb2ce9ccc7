//! Cuts a turned square out of a picture, as the planes that a network takes.

use crate::Picture;

/// A place in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f32,
    /// From the upper edge.
    pub y: f32,
}

/// A square in a picture: its middle, the length of its side in pixels, and the angle by which it is turned clockwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Square {
    pub(crate) centre: Point,
    pub(crate) side: f32,
    pub(crate) angle: f32,
}

impl Square {
    /// Where a place of the cut square, in pixels of `size`, lies in the picture.
    pub(crate) fn to_picture(self, x: f32, y: f32, size: usize) -> Point {
        let scale = self.side / size as f32;
        let (u, v) = ((x - size as f32 / 2.0) * scale, (y - size as f32 / 2.0) * scale);
        let (sin, cos) = self.angle.sin_cos();
        Point { x: self.centre.x + u * cos - v * sin, y: self.centre.y + u * sin + v * cos }
    }

    /// Cuts the square out, `size` x `size`, bilinear; black outside. Three planes, R, G, B, 0 to 255.
    pub(crate) fn cut(self, picture: &Picture, size: usize) -> Vec<f32> {
        let plane = size * size;
        let mut planes = vec![0.0; 3 * plane];
        let origin = self.to_picture(0.5, 0.5, size);
        let scale = self.side / size as f32;
        let (sin, cos) = self.angle.sin_cos();
        for row in 0..size {
            for column in 0..size {
                let (u, v) = (column as f32 * scale, row as f32 * scale);
                let x = origin.x + u * cos - v * sin - 0.5;
                let y = origin.y + u * sin + v * cos - 0.5;
                if let Some(rgb) = sample(picture, x, y) {
                    let place = row * size + column;
                    planes[place] = rgb[0];
                    planes[plane + place] = rgb[1];
                    planes[2 * plane + place] = rgb[2];
                }
            }
        }
        planes
    }
}

/// The colour between four pixels; pixels outside count as the edge's, and nothing is there a pixel beyond it.
fn sample(picture: &Picture, x: f32, y: f32) -> Option<[f32; 3]> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if x < -1.0 || y < -1.0 || x > width as f32 || y > height as f32 {
        return None;
    }
    let (x, y) = (x.clamp(0.0, (width - 1) as f32), y.clamp(0.0, (height - 1) as f32));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let rgb = picture.rgb();
    let pixel = |column: usize, row: usize| -> &[u8] { &rgb[(row * width + column) * 3..][..3] };
    let (a, b, c, d) = (pixel(left, top), pixel(right, top), pixel(left, bottom), pixel(right, bottom));
    Some(std::array::from_fn(|i| {
        let upper = f32::from(a[i]) * (1.0 - fx) + f32::from(b[i]) * fx;
        let lower = f32::from(c[i]) * (1.0 - fx) + f32::from(d[i]) * fx;
        upper * (1.0 - fy) + lower * fy
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unturned_square_of_the_same_size_is_the_picture_itself() {
        let rgb: Vec<u8> = (0..8 * 8 * 3).map(|i| i as u8).collect();
        let picture = Picture::from_rgb(8, 8, rgb.clone()).unwrap();
        let whole = Square { centre: Point { x: 4.0, y: 4.0 }, side: 8.0, angle: 0.0 };
        let planes = whole.cut(&picture, 8);
        for place in 0..64 {
            for channel in 0..3 {
                assert!((planes[channel * 64 + place] - f32::from(rgb[place * 3 + channel])).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn a_quarter_turn_brings_the_right_edge_to_the_bottom() {
        let square =
            Square { centre: Point { x: 50.0, y: 50.0 }, side: 20.0, angle: std::f32::consts::FRAC_PI_2 };
        let place = square.to_picture(100.0, 50.0, 100);
        assert!((place.x - 50.0).abs() < 1e-3 && (place.y - 60.0).abs() < 1e-3, "{place:?}");
    }
}
