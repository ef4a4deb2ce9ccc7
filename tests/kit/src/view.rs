use image::RgbImage;
use nalgebra::Vector3;

/// Softness of the edge between light and shadow: a screen is no point. Half its angle from the face, about.
const WRAP: f32 = 0.1;
/// How narrow the gloss of skin and paper is (Blinn and Phong's exponent).
const GLOSS: i32 = 24;

/// One number for each pixel of a picture, or fewer where it is coarser than that.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Numbers in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The numbers, row by row.
    pub values: Vec<f32>,
}

impl Plane {
    /// The same number everywhere.
    #[must_use]
    pub fn even(width: usize, height: usize, value: f32) -> Self {
        Self { width, height, values: vec![value; width * height] }
    }
}

/// What a camera sees in the light of the room, and how it answers a lamp near the camera.
#[derive(Debug, Clone)]
pub struct View {
    /// As it is in the light of the room.
    pub picture: RgbImage,
    /// Light that the lamp adds to a pixel, over the room's. 1 is what it adds to a matt patch that faces it where the
    /// face is.
    pub lamp: Plane,
    /// Light that the lamp adds to a pixel whatever its colour is, by gloss: 1 is what it adds to matt white.
    pub gloss: Plane,
}

impl View {
    /// A picture that no lamp reaches.
    #[must_use]
    pub fn unlit(picture: RgbImage) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Self { picture, lamp: Plane::even(width, height, 0.0), gloss: Plane::even(width, height, 0.0) }
    }

    /// A wall that the lamp reaches evenly.
    #[must_use]
    pub fn of_wall(wall: RgbImage, lamp: &Lamp) -> Self {
        let (width, height) = (wall.width() as usize, wall.height() as usize);
        let lamp = Plane::even(width, height, lamp.on_wall());
        Self { picture: wall, lamp, gloss: Plane::even(width, height, 0.0) }
    }
}

/// A screen that shines on what is before it, as a small lamp near the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamp {
    /// From the camera downwards in cm; the camera of a laptop is above its screen.
    pub below: f32,
    /// From the lamp to where a patch that faces it is lit by 1, in cm.
    pub reach: f32,
    /// From the lamp to the wall in cm.
    pub wall: f32,
}

impl Default for Lamp {
    fn default() -> Self {
        Self { below: 6.0, reach: 45.0, wall: 170.0 }
    }
}

impl Lamp {
    /// Light on a matt patch: Lambert's cosine over the square of the distance. Place and normal are as the camera
    /// sees them, in cm: right, down, away.
    pub(crate) fn on(&self, place: &Vector3<f32>, normal: &Vector3<f32>) -> f32 {
        let way = self.way(place);
        let cosine = (normal.dot(&way.normalize()) + WRAP) / (1.0 + WRAP);
        cosine.max(0.0) * self.reach.powi(2) / way.norm_squared().max(1.0)
    }

    /// Light on the wall.
    pub(crate) fn on_wall(&self) -> f32 {
        (self.reach / self.wall).powi(2)
    }

    /// How nearly a patch mirrors the lamp into the camera: 1 where it does, 0 far from it.
    pub(crate) fn mirrored(&self, place: &Vector3<f32>, normal: &Vector3<f32>) -> f32 {
        let half = self.way(place).normalize() - place.normalize();
        half.try_normalize(1e-6).map_or(0.0, |half| half.dot(normal).max(0.0).powi(GLOSS))
    }

    fn way(&self, place: &Vector3<f32>) -> Vector3<f32> {
        Vector3::new(0.0, self.below, 0.0) - place
    }
}

/// Through what a camera looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    /// Focal length in pixels.
    pub focal: f32,
    /// Where it looks at, in pixels from the left and from above.
    pub middle: [f32; 2],
}

impl Lens {
    /// What is seen at a place in the frame: right, down, away; away is 1.
    pub(crate) fn ray(&self, x: f32, y: f32) -> Vector3<f32> {
        Vector3::new((x - self.middle[0]) / self.focal, (y - self.middle[1]) / self.focal, 1.0)
    }

    /// For pictures that are so many times larger.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        Self { focal: self.focal * factor, middle: self.middle.map(|place| place * factor) }
    }
}
