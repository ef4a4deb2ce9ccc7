use crate::pose::Pose;
use crate::texture::sample;
use crate::view::{Lamp, Lens, View};
use image::RgbImage;
use nalgebra::Vector3;
use std::f32::consts::{PI, TAU};

/// A bezel's colour.
const BEZEL: [f32; 3] = [22.0, 22.0, 24.0];
/// How much narrower the mirror image of a lamp in glass is than the gloss of skin.
const MIRROR: i32 = 6;
/// Share of a sensor's pixel that takes light, along a side.
const APERTURE: f32 = 0.7;

/// A screen that is held before the camera and shows pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Panel {
    /// Width and height of what shines, in cm.
    pub size: [f32; 2],
    /// Width of the frame around it, in cm.
    pub bezel: f32,
    /// Pixels in a row.
    pub pixels: f32,
    /// Exponent on the picture's values: 1 shows them as they are, above it darkens the middle tones.
    pub gamma: f32,
    /// The brightest white and the darkest black that the camera sees, over the picture's range (0 to 1).
    pub white: f32,
    /// The darkest black.
    pub black: f32,
    /// How strongly the stripes of its pixels show, 0 to 1, before the camera blurs them.
    pub grid: f32,
    /// Depth of the bands that the refresh draws across the frame, their number in a frame, and how many pass a second.
    pub bands: [f32; 3],
    /// Share of a lamp's light that the glass throws back as matt paper would, and as a mirror would.
    pub glass: [f32; 2],
}

impl Panel {
    /// A phone of 6.9 x 14.9 cm, held upright.
    pub const PHONE: Self = Self {
        size: [6.9, 14.9],
        bezel: 0.4,
        pixels: 1080.0,
        gamma: 1.05,
        white: 0.96,
        black: 0.03,
        grid: 0.5,
        bands: [0.03, 1.3, 0.7],
        glass: [0.03, 0.25],
    };
    /// A laptop's screen of 34.5 x 19.4 cm.
    pub const LAPTOP: Self = Self {
        size: [34.5, 19.4],
        bezel: 0.8,
        pixels: 1920.0,
        gamma: 1.1,
        white: 0.93,
        black: 0.05,
        grid: 0.6,
        bands: [0.02, 0.8, 0.4],
        glass: [0.05, 0.06],
    };

    /// What a camera sees of it, before what is behind it, so many seconds after the start. The picture fills the
    /// screen and is cut where its sides are in another ratio. The planes behind have a number for each pixel.
    #[must_use]
    pub fn view(
        &self,
        shown: &RgbImage,
        lens: &Lens,
        lamp: &Lamp,
        behind: View,
        pose: &Pose,
        seconds: f32,
    ) -> View {
        let rotation = pose.rotation(1.0);
        let back = rotation.transpose();
        let (origin, normal) = (-(back * pose.place()), rotation * Vector3::new(0.0, 0.0, -1.0));
        let [width, height] = self.size;
        let pixel = pose.distance / lens.focal;
        let pitch = self.pixels / width;
        let blur = self.grid * sinc(pitch * pixel * APERTURE);
        let tones = self.tones();
        let shares = shares(shown, width / height);
        let mut view = behind;
        let tall = view.picture.height() as f32;
        let planes = view.lamp.values.iter_mut().zip(&mut view.gloss.values);
        for ((x, y, place), (added, mirrored)) in view.picture.enumerate_pixels_mut().zip(planes) {
            let seen = lens.ray(x as f32 + 0.5, y as f32 + 0.5);
            let ray = back * seen;
            let way = -origin.z / ray.z;
            let at = origin + ray * way;
            let beyond = (at.x.abs() - width / 2.0).max(at.y.abs() - height / 2.0);
            if way <= 0.0 || ray.z <= 0.0 || beyond > self.bezel {
                continue;
            }
            let point = seen * way;
            *added = 0.0;
            let glass = lamp.mirrored(&point, &normal).powi(MIRROR) * self.glass[1];
            *mirrored = glass + self.glass[0] * lamp.on(&point, &normal);
            if beyond > 0.0 {
                place.0 = BEZEL.map(|value| value as u8);
                continue;
            }
            let (u, v) = (at.x / width + 0.5, at.y / height + 0.5);
            let colour = sample(shown, 0.5 + (u - 0.5) * shares[0], 0.5 + (v - 0.5) * shares[1]);
            let band = 1.0
                + self.bands[0] * (TAU * (y as f32 / tall * self.bands[1] + seconds * self.bands[2])).sin();
            let row = 1.0 + 0.5 * blur * (TAU * at.y * pitch).cos();
            for (channel, (value, shown)) in place.0.iter_mut().zip(colour).enumerate() {
                let stripe = 1.0 + blur * (TAU * (at.x * pitch - channel as f32 / 3.0)).cos();
                *value = (tones[shown as usize & 255] * band * row * stripe) as u8;
            }
        }
        view
    }

    fn tones(&self) -> Vec<f32> {
        (0..256)
            .map(|value| {
                let shown = (value as f32 / 255.0).powf(self.gamma);
                255.0 * (self.black + (self.white - self.black) * shown)
            })
            .collect()
    }
}

/// Shares of a picture's width and height that fill a screen of this ratio.
fn shares(shown: &RgbImage, ratio: f32) -> [f32; 2] {
    let own = shown.width() as f32 / shown.height() as f32;
    if own > ratio { [ratio / own, 1.0] } else { [1.0, own / ratio] }
}

/// What remains of stripes when so many of them fall on what is averaged.
fn sinc(stripes: f32) -> f32 {
    let angle = PI * stripes;
    if angle < 1e-3 { 1.0 } else { angle.sin() / angle }
}
