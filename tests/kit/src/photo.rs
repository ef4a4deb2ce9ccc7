use crate::face_mesh::FaceMesh;
use crate::pose::Pose;
use crate::studio::Studio;
use crate::texture::{Texture, sample};
use image::{Rgb, RgbImage, imageops};
use nalgebra::{Matrix3, Vector3};

/// White rim of a print, as a share of its width.
const RIM: f32 = 0.03;
/// Back of a print.
const PAPER: [f32; 3] = [225.0, 223.0, 216.0];

/// A print, or a screen, that is held before the camera.
#[derive(Debug, Clone)]
pub struct Photo {
    texture: Texture,
    width: f32,
    height: f32,
    /// Radius in cm of the upright cylinder around which it is bent, bulging to the camera.
    radius: Option<f32>,
}

impl Photo {
    /// A print of this picture, so many cm wide, with a white rim.
    #[must_use]
    pub fn new(picture: &RgbImage, width: f32) -> Self {
        let rim = (picture.width() as f32 * RIM).round() as u32;
        let mut print = RgbImage::from_pixel(
            picture.width() + 2 * rim,
            picture.height() + 2 * rim,
            Rgb(PAPER.map(|value| value as u8)),
        );
        imageops::replace(&mut print, picture, i64::from(rim), i64::from(rim));
        let height = width * print.height() as f32 / print.width() as f32;
        Self { texture: Texture::new(print), width, height, radius: None }
    }

    /// A print of 15 x 20 cm of the face with some space around, as far as the picture has it.
    #[must_use]
    pub fn of_face(picture: &RgbImage, mesh: &FaceMesh) -> Self {
        Self::new(&portrait(picture, mesh), 15.0)
    }

    /// The same, bent; the radius is given over the print's width, 0.6 (tight) to 0.9.
    #[must_use]
    pub fn bent(self, radius: f32) -> Self {
        Self { radius: Some(radius * self.width), ..self }
    }

    /// One frame for each pose.
    #[must_use]
    pub fn frames(&self, studio: &Studio, poses: &[Pose]) -> Vec<RgbImage> {
        studio.shoot(poses, |pose, frame| self.draw(studio, pose, frame))
    }

    fn draw(&self, studio: &Studio, pose: &Pose, frame: &mut RgbImage) {
        let rotation = pose.rotation(1.0);
        let view =
            View { back: rotation.transpose(), origin: -(rotation.transpose() * pose.place()), rotation };
        let focal = studio.focal();
        let pixel = pose.distance / focal;
        let level = self.texture.level(self.texture.size().0 / self.width * pixel);
        let (middle_x, middle_y) = (frame.width() as f32 / 2.0, frame.height() as f32 / 2.0);
        for (x, y, place) in frame.enumerate_pixels_mut() {
            let ray =
                Vector3::new((x as f32 + 0.5 - middle_x) / focal, (y as f32 + 0.5 - middle_y) / focal, 1.0);
            let Some(hit) = self.hit(&view, &(view.back * ray)) else { continue };
            let inside = ((self.width / 2.0 - hit.x.abs()).min(self.height / 2.0 - hit.y.abs()) / pixel
                + 0.5)
                .min(1.0);
            let colour = if hit.front {
                sample(level, hit.x / self.width + 0.5, hit.y / self.height + 0.5)
            } else {
                PAPER
            };
            for (value, seen) in place.0.iter_mut().zip(colour) {
                let lit = (seen * hit.light).min(255.0);
                *value = (f32::from(*value) + (lit - f32::from(*value)) * inside).round() as u8;
            }
        }
    }

    /// Where a ray, in the print's own directions, meets the print.
    fn hit(&self, view: &View, ray: &Vector3<f32>) -> Option<Hit> {
        let Some(radius) = self.radius else {
            let way = -view.origin.z / ray.z;
            let place = view.origin + ray * way;
            let normal = view.rotation * Vector3::new(0.0, 0.0, -1.0);
            return self.contains(place.x, place.y, way).then(|| Hit {
                x: place.x,
                y: place.y,
                front: ray.z > 0.0,
                light: Studio::light(&if ray.z > 0.0 { normal } else { -normal }),
            });
        };
        // The axis is upright, a radius behind the print's middle.
        let from = view.origin - Vector3::new(0.0, 0.0, radius);
        let a = ray.x * ray.x + ray.z * ray.z;
        let b = from.x * ray.x + from.z * ray.z;
        let c = from.x * from.x + from.z * from.z - radius * radius;
        let root = b * b - a * c;
        if root < 0.0 {
            return None;
        }
        [-root.sqrt(), root.sqrt()].into_iter().find_map(|root| {
            let way = (root - b) / a;
            let place = from + ray * way;
            let along = radius * place.x.atan2(-place.z);
            let outward = Vector3::new(place.x / radius, 0.0, place.z / radius);
            let front = outward.dot(ray) < 0.0;
            let normal = view.rotation * if front { outward } else { -outward };
            self.contains(along, place.y, way).then(|| Hit {
                x: along,
                y: place.y,
                front,
                light: Studio::light(&normal),
            })
        })
    }

    fn contains(&self, x: f32, y: f32, way: f32) -> bool {
        way > 0.0 && x.abs() <= self.width / 2.0 && y.abs() <= self.height / 2.0
    }
}

struct View {
    rotation: Matrix3<f32>,
    back: Matrix3<f32>,
    origin: Vector3<f32>,
}

/// A place on the print in cm from its middle.
struct Hit {
    x: f32,
    y: f32,
    front: bool,
    light: f32,
}

/// Cuts 3 : 4 around a face, the face being 0.56 of the width where the picture is large enough.
fn portrait(picture: &RgbImage, mesh: &FaceMesh) -> RgbImage {
    let [left, top, right, bottom] = mesh.bounds();
    let (limit_x, limit_y) = (picture.width() as f32, picture.height() as f32);
    let width = ((right - left) / 0.56).min(limit_x).min(limit_y * 0.75);
    let height = width / 0.75;
    let x = ((left + right - width) / 2.0).clamp(0.0, limit_x - width);
    let y = ((top + bottom - height) / 2.0 - height * 0.02).clamp(0.0, limit_y - height);
    imageops::crop_imm(picture, x as u32, y as u32, width as u32, height as u32).to_image()
}
