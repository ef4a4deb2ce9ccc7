use crate::texture::sample;
use crate::view::View;
use image::RgbImage;

/// A corner of a triangle as the camera sees it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Corner {
    /// Place in the frame in pixels.
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// From the camera in cm.
    pub(crate) z: f32,
    /// Place in the skin as shares of width and height.
    pub(crate) u: f32,
    pub(crate) v: f32,
    /// Factor on the colour.
    pub(crate) light: f32,
    /// What the lamp adds, and what of it is mirrored.
    pub(crate) lamp: f32,
    pub(crate) gloss: f32,
}

/// Draws triangles; the nearer one hides the farther one.
pub(crate) struct Raster {
    depth: Vec<f32>,
}

impl Raster {
    pub(crate) fn new(frame: &RgbImage) -> Self {
        Self { depth: vec![f32::INFINITY; frame.width() as usize * frame.height() as usize] }
    }

    /// Draws one triangle, seen from either side. The view's planes have a number for each pixel.
    pub(crate) fn draw(&mut self, view: &mut View, skin: &RgbImage, [a, b, c]: [&Corner; 3]) {
        let frame = &mut view.picture;
        let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        if area.abs() < 1e-6 {
            return;
        }
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let least = |x: f32, y: f32, z: f32| (x.min(y).min(z) - 0.5).ceil().max(0.0) as usize;
        let most = |x: f32, y: f32, z: f32, limit: usize| {
            ((x.max(y).max(z) - 0.5).floor() + 1.0).clamp(0.0, limit as f32) as usize
        };
        let (left, right) = (least(a.x, b.x, c.x), most(a.x, b.x, c.x, width));
        let (top, bottom) = (least(a.y, b.y, c.y), most(a.y, b.y, c.y, height));
        // Shares of b and c at a place: linear in x and y.
        let share = 1.0 / area;
        let (b_x, b_y) = ((c.y - a.y) * share, -(c.x - a.x) * share);
        let (c_x, c_y) = (-(b.y - a.y) * share, (b.x - a.x) * share);
        let bytes: &mut [u8] = frame;
        for row in top..bottom {
            let dy = row as f32 + 0.5 - a.y;
            let mut entered = false;
            for column in left..right {
                let dx = column as f32 + 0.5 - a.x;
                let (of_b, of_c) = (dx * b_x + dy * b_y, dx * c_x + dy * c_y);
                // A hair of overlap, so that no pixel on a shared side is left out.
                if of_b < -1e-4 || of_c < -1e-4 || of_b + of_c > 1.0001 {
                    if entered {
                        break;
                    }
                    continue;
                }
                entered = true;
                let mix = |a: f32, b: f32, c: f32| a + (b - a) * of_b + (c - a) * of_c;
                let place = row * width + column;
                let depth = mix(a.z, b.z, c.z);
                if depth >= self.depth[place] {
                    continue;
                }
                self.depth[place] = depth;
                view.lamp.values[place] = mix(a.lamp, b.lamp, c.lamp);
                view.gloss.values[place] = mix(a.gloss, b.gloss, c.gloss);
                let light = mix(a.light, b.light, c.light);
                let colour = sample(skin, mix(a.u, b.u, c.u), mix(a.v, b.v, c.v));
                for (value, seen) in bytes[place * 3..place * 3 + 3].iter_mut().zip(colour) {
                    *value = (seen * light + 0.5) as u8;
                }
            }
        }
    }
}
