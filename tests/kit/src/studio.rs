use crate::pose::Pose;
use crate::random::Random;
use crate::view::Lens;
use image::{Rgb, RgbImage};
use nalgebra::Vector3;

/// Numbers in the table of sensor noise: a prime, so that rows do not line up.
const NOISE: usize = 65_521;
/// Share of the light that comes from everywhere.
const AMBIENT: f32 = 0.5;

/// The camera, the light and the wall behind.
#[derive(Debug, Clone)]
pub struct Studio {
    /// Width of a frame in pixels.
    pub width: u32,
    /// Height of a frame in pixels.
    pub height: u32,
    /// Horizontal field of view in degrees.
    pub field_of_view: f32,
    /// Standard deviation of the sensor's noise, in steps of 0 to 255.
    pub noise: f32,
    /// What fixes the wall's texture and the noise.
    pub seed: u64,
}

impl Default for Studio {
    /// A webcam: 640 x 480, 60 degrees, a little noise.
    fn default() -> Self {
        Self { width: 640, height: 480, field_of_view: 60.0, noise: 2.0, seed: 1 }
    }
}

impl Studio {
    /// Takes one frame for each pose of what `draw` puts before the wall.
    pub(crate) fn shoot(&self, poses: &[Pose], draw: impl Fn(&Pose, &mut RgbImage)) -> Vec<RgbImage> {
        let (wall, sensor) = (self.wall(), self.sensor());
        poses
            .iter()
            .enumerate()
            .map(|(index, pose)| {
                let mut frame = wall.clone();
                draw(pose, &mut frame);
                sensor.expose(&mut frame, index);
                frame
            })
            .collect()
    }

    /// Focal length in pixels.
    pub(crate) fn focal(&self) -> f32 {
        self.width as f32 / 2.0 / (self.field_of_view / 2.0).to_radians().tan()
    }

    /// Through what it looks.
    #[must_use]
    pub fn lens(&self) -> Lens {
        Lens { focal: self.focal(), middle: [self.width as f32 / 2.0, self.height as f32 / 2.0] }
    }

    /// How much light a surface sends to the camera, over what it sends when it faces the camera.
    pub(crate) fn light(normal: &Vector3<f32>) -> f32 {
        // The lamp is above and a little to the image's right, behind the camera.
        let lamp = Vector3::new(0.14, -0.33, -0.933);
        AMBIENT + (1.0 - AMBIENT) * normal.dot(&lamp).max(0.0) / -lamp.z
    }

    /// The wall: off-white, uneven, darker towards the corners.
    #[must_use]
    pub fn wall(&self) -> RgbImage {
        let mut random = Random::new(self.seed ^ 0x5741_4C4C);
        let coarse = Lattice::new(&mut random, 9);
        let fine = Lattice::new(&mut random, 80);
        let (width, height) = (self.width as f32, self.height as f32);
        RgbImage::from_fn(self.width, self.height, |x, y| {
            let (u, v) = (x as f32 / width, y as f32 / height);
            let corner = (u - 0.5).powi(2) + (v - 0.5).powi(2);
            let light = 168.0 + 16.0 * coarse.at(u, v) + 7.0 * fine.at(u, v) - 45.0 * corner + 12.0 * (u - v);
            Rgb([light + 4.0, light, light - 8.0].map(|value| value as u8))
        })
    }

    /// The sensor, whose noise is drawn once.
    pub(crate) fn sensor(&self) -> Sensor {
        let mut random = Random::new(self.seed ^ 0x4E4F_4953);
        let noise = (0..NOISE).map(|_| (random.normal() * self.noise).round() as i16).collect();
        Sensor { noise, seed: self.seed }
    }
}

/// What adds noise to a frame.
pub(crate) struct Sensor {
    noise: Vec<i16>,
    seed: u64,
}

impl Sensor {
    /// Adds the noise of one frame; each has its own.
    pub(crate) fn expose(&self, image: &mut RgbImage, frame: usize) {
        let mut place = (Random::new(self.seed.wrapping_add(frame as u64)).next() % NOISE as u64) as usize;
        for value in image.iter_mut() {
            *value = (i16::from(*value) + self.noise[place]).clamp(0, 255) as u8;
            place = if place + 1 == NOISE { 0 } else { place + 1 };
        }
    }
}

/// Random values on a square lattice, blended between its points.
struct Lattice {
    side: usize,
    values: Vec<f32>,
}

impl Lattice {
    fn new(random: &mut Random, side: usize) -> Self {
        Self { side, values: (0..(side + 1) * (side + 1)).map(|_| random.unit() - 0.5).collect() }
    }

    fn at(&self, u: f32, v: f32) -> f32 {
        let (x, y) = (u * self.side as f32, v * self.side as f32);
        let (column, row) = ((x as usize).min(self.side - 1), (y as usize).min(self.side - 1));
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (fx, fy) = (ease(x - column as f32), ease(y - row as f32));
        let value = |column: usize, row: usize| self.values[row * (self.side + 1) + column];
        let upper = value(column, row) * (1.0 - fx) + value(column + 1, row) * fx;
        let lower = value(column, row + 1) * (1.0 - fx) + value(column + 1, row + 1) * fx;
        upper * (1.0 - fy) + lower * fy
    }
}
