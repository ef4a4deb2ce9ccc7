use crate::asked::{Asked, Shown};
use crate::grain::Grain;
use crate::light::{Screen, Tones};
use crate::scene::Scene;
use crate::subject::{Motif, Subject};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use liveness_kit::{Plane, Random, View};
use liveness_models::MIN_SIDE;
use std::time::Duration;

/// Of how many pixels to each side one is metered.
const METERED: usize = 4;
/// How far exposure and white balance go.
const GAINS: (f32, f32) = (0.4, 2.5);

/// A camera and the page behind it.
#[derive(Debug, Clone)]
pub struct Camera {
    scene: Scene,
    tones: Tones,
    grain: Grain,
    resizer: Resizer,
    /// What the channels are multiplied by, once something was metered.
    gains: Option<[f32; 3]>,
    taken: Option<Duration>,
}

/// Means of the channels in linear light.
#[derive(Debug, Clone, Copy, Default)]
struct Metered {
    /// In the light of the room.
    room: [f32; 3],
    /// With the screen.
    lit: [f32; 3],
}

impl Camera {
    /// A camera that has not looked yet.
    #[must_use]
    pub fn new(scene: Scene) -> Self {
        let mut random = Random::new(scene.seed ^ 0x4341_4D45_5241);
        let grain = Grain::new(&mut random, scene.noise);
        Self { scene, tones: Tones::new(), grain, resizer: Resizer::new(), gains: None, taken: None }
    }

    /// What surrounds it.
    #[must_use]
    pub const fn scene(&self) -> &Scene {
        &self.scene
    }

    /// When the newest frame was taken.
    #[must_use]
    pub fn newest(&self, now: Duration) -> Duration {
        let frames = (now.as_secs_f64() * self.scene.frame_rate + 1e-6).floor();
        Duration::from_secs_f64(frames / self.scene.frame_rate).min(now)
    }

    /// Takes a frame; times never go back.
    pub(crate) fn shoot(&mut self, view: View, at: Duration, screen: &Screen) -> Vec<u8> {
        encode(&self.develop(view, at, screen), self.scene.jpeg_quality)
    }

    /// The same, not encoded.
    pub(crate) fn develop(&mut self, view: View, at: Duration, screen: &Screen) -> RgbImage {
        let View { picture, lamp, gloss } = view;
        let mut picture = self.scaled(picture);
        let rows = self.rows(picture.height() as usize, at, screen);
        self.adapt(at, &self.metered(&picture, &lamp, &gloss, &rows));
        self.expose(&mut picture, &lamp, &gloss, &rows, at);
        picture
    }

    /// The screen's light on each row, over the room's: the last row is read at `at`.
    fn rows(&self, height: usize, at: Duration, screen: &Screen) -> Vec<[f32; 3]> {
        let share = self.scene.screen_share as f32;
        (0..height)
            .map(|row| {
                let before = self.scene.readout.mul_f64(1.0 - (row + 1) as f64 / height as f64);
                let end = at.saturating_sub(before);
                let light = screen.light(&self.scene, end.saturating_sub(self.scene.exposure), end);
                light.map(|light| light * share)
            })
            .collect()
    }

    fn metered(&self, picture: &RgbImage, lamp: &Plane, gloss: &Plane, rows: &[[f32; 3]]) -> Metered {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut metered = Metered::default();
        let mut count = 0.0;
        for y in (METERED / 2..height).step_by(METERED) {
            for x in (METERED / 2..width).step_by(METERED) {
                let place = (y * width + x) * 3;
                let (lamp, gloss) = (nearest(lamp, x, y, width, height), nearest(gloss, x, y, width, height));
                for (channel, row) in rows[y].iter().enumerate() {
                    let room = self.tones.linear(picture.as_raw()[place + channel]);
                    metered.room[channel] += room;
                    metered.lit[channel] += (room + row * (room * lamp + gloss)).min(1.0);
                }
                count += 1.0;
            }
        }
        for channel in 0..3 {
            metered.room[channel] /= count;
            metered.lit[channel] /= count;
        }
        metered
    }

    /// Moves the gains towards what would make the picture look as it does in the room's light.
    fn adapt(&mut self, at: Duration, metered: &Metered) {
        let changes: [f32; 3] = std::array::from_fn(|i| metered.room[i].max(1e-4) / metered.lit[i].max(1e-4));
        let luma = |of: &[f32; 3]| 0.2126 * of[0] + 0.7152 * of[1] + 0.0722 * of[2];
        let whole = luma(&metered.room).max(1e-4) / luma(&metered.lit).max(1e-4);
        let (exposure, balance) = (self.scene.auto_exposure as f32, self.scene.auto_white_balance as f32);
        let goal = changes
            .map(|change| (whole.powf(exposure) * (change / whole).powf(balance)).clamp(GAINS.0, GAINS.1));
        let since = self.taken.map_or(Duration::ZERO, |taken| at.saturating_sub(taken));
        let share = 1.0 - (-since.as_secs_f32() / self.scene.adapts_in.as_secs_f32().max(1e-3)).exp();
        let before = self.gains.unwrap_or(goal);
        self.gains = Some(std::array::from_fn(|i| before[i] + (goal[i] - before[i]) * share));
        self.taken = Some(at);
    }

    fn expose(&self, picture: &mut RgbImage, lamp: &Plane, gloss: &Plane, rows: &[[f32; 3]], at: Duration) {
        let gains = self.gains.unwrap_or([1.0; 3]);
        let width = picture.width() as usize;
        let height = rows.len();
        let frame = (at.as_secs_f64() * self.scene.frame_rate).round() as u64;
        let mut noise = self.grain.of(self.scene.seed.wrapping_add(frame));
        let (mut lamp_row, mut gloss_row) = (vec![0.0; width], vec![0.0; width]);
        for (y, (bytes, light)) in picture.chunks_exact_mut(width * 3).zip(rows).enumerate() {
            stretch(lamp, y, height, &mut lamp_row);
            stretch(gloss, y, height, &mut gloss_row);
            for (pixel, (lamp, gloss)) in bytes.chunks_exact_mut(3).zip(lamp_row.iter().zip(&gloss_row)) {
                for (channel, noise) in (0..3).zip(&mut noise) {
                    let room = self.tones.linear(pixel[channel]);
                    let seen = (room + light[channel] * (room * lamp + gloss)) * gains[channel];
                    pixel[channel] = (self.tones.encoded(seen) + noise) as u8;
                }
            }
        }
    }

    fn scaled(&mut self, picture: RgbImage) -> RgbImage {
        let shorter = picture.width().min(picture.height());
        let scale = self.scene.scale.max(f64::from(MIN_SIDE) / f64::from(shorter));
        if scale >= 1.0 {
            return picture;
        }
        let side = |side: u32| (f64::from(side) * scale).round().max(1.0) as u32;
        let (width, height) = (side(picture.width()), side(picture.height()));
        let mut smaller = Image::new(width, height, PixelType::U8x3);
        let resized = ImageRef::new(picture.width(), picture.height(), picture.as_raw(), PixelType::U8x3)
            .map(|source| {
                let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
                self.resizer.resize(&source, &mut smaller, &options)
            });
        match resized {
            Ok(Ok(())) => RgbImage::from_raw(width, height, smaller.into_vec()).unwrap_or(picture),
            _ => picture,
        }
    }
}

/// The number of a coarser plane at a pixel.
fn nearest(plane: &Plane, x: usize, y: usize, width: usize, height: usize) -> f32 {
    plane.values[y * plane.height / height * plane.width + x * plane.width / width]
}

/// A row of a coarser plane for a row of a picture, between its numbers.
fn stretch(plane: &Plane, y: usize, height: usize, row: &mut [f32]) {
    let place = |pixel: usize, pixels: usize, numbers: usize| {
        let at =
            ((pixel as f32 + 0.5) * numbers as f32 / pixels as f32 - 0.5).clamp(0.0, numbers as f32 - 1.0);
        (at as usize, (at as usize + 1).min(numbers - 1), at.fract())
    };
    let (above, below, down) = place(y, height, plane.height);
    let line = |line: usize| &plane.values[line * plane.width..(line + 1) * plane.width];
    let (above, below) = (line(above), line(below));
    let width = row.len();
    for (x, value) in row.iter_mut().enumerate() {
        let (left, right, across) = place(x, width, plane.width);
        let upper = above[left] + (above[right] - above[left]) * across;
        let lower = below[left] + (below[right] - below[left]) * across;
        *value = upper + (lower - upper) * down;
    }
}

/// A frame as the page sends it. A picture of no size gives no bytes.
pub(crate) fn encode(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    match picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// A motif before a camera: the usual way to a frame.
pub struct Filmed<M> {
    motif: M,
    camera: Camera,
    screen: Screen,
    last: Option<(Duration, Vec<u8>)>,
}

impl<M: Motif> Filmed<M> {
    /// Puts a motif before a camera in this scene.
    #[must_use]
    pub fn new(motif: M, scene: Scene) -> Self {
        Self { motif, camera: Camera::new(scene), screen: Screen::default(), last: None }
    }
}

impl<M: Motif> Subject for Filmed<M> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        self.screen.note(shown);
        let at = self.camera.newest(now);
        if let Some((_, frame)) = self.last.as_ref().filter(|(taken, _)| *taken == at) {
            return frame.clone();
        }
        let view = self.motif.view(at, &self.screen.past().at(at));
        let frame = self.camera.shoot(view, at, &self.screen);
        self.last = Some((at, frame.clone()));
        frame
    }

    fn can(&self, asked: Asked) -> bool {
        self.motif.can(asked)
    }
}
