use image::RgbImage;
use image::imageops::{FilterType, resize};

/// A picture with ever smaller copies of itself, so that a far look at it does not flicker.
#[derive(Debug, Clone)]
pub(crate) struct Texture {
    levels: Vec<RgbImage>,
}

impl Texture {
    pub(crate) fn new(picture: RgbImage) -> Self {
        let mut levels = vec![picture];
        while let Some(last) = levels.last().filter(|last| last.width().min(last.height()) > 64) {
            let half = resize(last, last.width() / 2, last.height() / 2, FilterType::Triangle);
            levels.push(half);
        }
        Self { levels }
    }

    /// One that is only looked at from near.
    pub(crate) fn near(picture: RgbImage) -> Self {
        Self { levels: vec![picture] }
    }

    /// Width and height of the whole in pixels.
    pub(crate) fn size(&self) -> (f32, f32) {
        let whole = &self.levels[0];
        (whole.width() as f32, whole.height() as f32)
    }

    /// The copy to read where so many pixels of the whole fall on one of the frame.
    pub(crate) fn level(&self, pixels: f32) -> &RgbImage {
        let level = (pixels.max(1.0).log2() - 0.4).ceil().max(0.0) as usize;
        &self.levels[level.min(self.levels.len() - 1)]
    }
}

/// The colour at a place given by shares of width and height, between the four nearest pixels; the edge goes on
/// outside. The picture must be at least 2 x 2.
#[inline]
pub(crate) fn sample(picture: &RgbImage, u: f32, v: f32) -> [f32; 3] {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    // A little off the last pixel, so that there is always one to the right and one below.
    let x = (u * width as f32 - 0.5).min((width - 1) as f32 - 0.001).max(0.0);
    let y = (v * height as f32 - 0.5).min((height - 1) as f32 - 0.001).max(0.0);
    let (left, top) = (x as usize, y as usize);
    let (fx, fy) = (x - left as f32, y - top as f32);
    let bytes = picture.as_raw();
    let place = (top * width + left) * 3;
    let (upper, lower) = (&bytes[place..place + 6], &bytes[place + width * 3..place + width * 3 + 6]);
    let across = |row: &[u8], i: usize| f32::from(row[i]) + (f32::from(row[i + 3]) - f32::from(row[i])) * fx;
    std::array::from_fn(|i| {
        let (above, below) = (across(upper, i), across(lower, i));
        above + (below - above) * fy
    })
}
