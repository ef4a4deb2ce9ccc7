use image::RgbImage;
use liveness_kit::Random;

/// Numbers in the table: a prime, so that rows do not line up.
const NUMBERS: usize = 65_521;

/// Normally distributed noise, by a table that is entered elsewhere for each picture.
#[derive(Debug, Clone)]
pub(crate) struct Grain(Vec<f32>);

impl Grain {
    /// Of this standard deviation, in steps of 0 to 255, and half a step above 0: whole numbers are made by cutting off.
    pub(crate) fn new(random: &mut Random, deviation: f64) -> Self {
        Self((0..NUMBERS).map(|_| random.normal() * deviation as f32 + 0.5).collect())
    }

    /// The noise of a picture, without end; the same for the same number.
    pub(crate) fn of(&self, picture: u64) -> impl Iterator<Item = f32> {
        let place = (Random::new(picture).next() % NUMBERS as u64) as usize;
        self.0[place..].iter().chain(self.0.iter().cycle()).copied()
    }

    /// Lays the noise of that number on a picture.
    pub(crate) fn lay_on(&self, picture: &mut RgbImage, number: u64) {
        for (value, noise) in picture.iter_mut().zip(self.of(number)) {
            *value = (f32::from(*value) + noise) as u8;
        }
    }
}
