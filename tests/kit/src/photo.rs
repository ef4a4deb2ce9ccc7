use crate::eyelids::LIDS;
use crate::face_mesh::FaceMesh;
use crate::pose::Pose;
use crate::studio::Studio;
use crate::texture::{Texture, sample};
use crate::view::{Lamp, Lens, View};
use image::{Rgb, RgbImage, imageops};
use nalgebra::{Matrix3, Vector3};

/// White rim of a print, as a share of its width.
const RIM: f32 = 0.03;
/// What paper mirrors of a lamp at its brightest, over what white paper throws back.
const GLOSS: f32 = 0.08;
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
    /// Openings, as corners in shares of width and height.
    holes: Vec<Vec<[f32; 2]>>,
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
        Self { texture: Texture::new(print), width, height, radius: None, holes: Vec::new() }
    }

    /// A print of 15 x 20 cm of the face with some space around, as far as the picture has it.
    #[must_use]
    pub fn of_face(picture: &RgbImage, mesh: &FaceMesh) -> Self {
        let [x, y, width, height] = portrait(picture, mesh);
        Self::new(&imageops::crop_imm(picture, x, y, width, height).to_image(), 15.0)
    }

    /// The same with the eyes cut out, to be worn as a mask. The face has the size of a real one.
    #[must_use]
    pub fn mask(picture: &RgbImage, mesh: &FaceMesh) -> Self {
        let [left, top, width, height] = portrait(picture, mesh).map(|length| length as f32);
        let across = width * crate::surface::scale(mesh);
        let mask = Self { width: across, height: across * height / width, ..Self::of_face(picture, mesh) };
        // The rim is within the print's width.
        let (rim, across) = ((width * RIM).round(), width + 2.0 * (width * RIM).round());
        let along = height + 2.0 * rim;
        let place = |point: usize| {
            let [x, y, _] = mesh.points()[point];
            [(x - left + rim) / across, (y - top + rim) / along]
        };
        let holes = LIDS.iter().map(|lids| {
            let upper = lids.iter().map(|pair| pair.0);
            upper.chain(lids.iter().rev().map(|pair| pair.1)).map(place).collect()
        });
        Self { holes: holes.collect(), ..mask }
    }

    /// Between the holes for the eyes, in cm from the middle: to the right, down.
    #[must_use]
    pub fn eyes(&self) -> [f32; 2] {
        let corners = self.holes.iter().flatten();
        let count = corners.clone().count().max(1) as f32;
        let mean = |axis: usize| corners.clone().map(|corner| corner[axis]).sum::<f32>() / count - 0.5;
        [mean(0) * self.width, mean(1) * self.height]
    }

    /// The same, bent; the radius is given over the print's width, 0.6 (tight) to 0.9.
    #[must_use]
    pub fn bent(self, radius: f32) -> Self {
        Self { radius: Some(radius * self.width), ..self }
    }

    /// One frame for each pose.
    #[must_use]
    pub fn frames(&self, studio: &Studio, poses: &[Pose]) -> Vec<RgbImage> {
        let lamp = Lamp::default();
        studio.shoot(poses, |pose, wall| {
            let behind = View::of_wall(std::mem::take(wall), &lamp);
            *wall = self.view(&studio.lens(), &lamp, behind, pose).picture;
        })
    }

    /// What a camera sees of the print before what is behind it. The planes behind have a number for each pixel.
    #[must_use]
    pub fn view(&self, lens: &Lens, lamp: &Lamp, behind: View, pose: &Pose) -> View {
        let rotation = pose.rotation(1.0);
        let stand =
            Stand { back: rotation.transpose(), origin: -(rotation.transpose() * pose.place()), rotation };
        let pixel = pose.distance / lens.focal;
        let level = self.texture.level(self.texture.size().0 / self.width * pixel);
        let mut view = behind;
        let planes = view.lamp.values.iter_mut().zip(&mut view.gloss.values);
        for ((x, y, place), (added, mirrored)) in view.picture.enumerate_pixels_mut().zip(planes) {
            let ray = lens.ray(x as f32 + 0.5, y as f32 + 0.5);
            let Some(hit) = self.hit(&stand, &(stand.back * ray)) else { continue };
            let (u, v) = (hit.x / self.width + 0.5, hit.y / self.height + 0.5);
            if self.is_open(u, v) {
                continue;
            }
            let inside = ((self.width / 2.0 - hit.x.abs()).min(self.height / 2.0 - hit.y.abs()) / pixel
                + 0.5)
                .min(1.0);
            let colour = if hit.front { sample(level, u, v) } else { PAPER };
            let light = Studio::light(&hit.normal);
            for (value, seen) in place.0.iter_mut().zip(colour) {
                let lit = (seen * light).min(255.0);
                *value = (f32::from(*value) + (lit - f32::from(*value)) * inside).round() as u8;
            }
            let at = ray * hit.way;
            *added += (lamp.on(&at, &hit.normal) - *added) * inside;
            *mirrored += (GLOSS * lamp.mirrored(&at, &hit.normal) - *mirrored) * inside;
        }
        view
    }

    fn is_open(&self, u: f32, v: f32) -> bool {
        self.holes.iter().any(|corners| {
            let next = corners.iter().cycle().skip(1);
            let crossed = |([ax, ay], [bx, by]): &(&[f32; 2], &[f32; 2])| {
                (*ay > v) != (*by > v) && u < ax + (v - ay) / (by - ay) * (bx - ax)
            };
            corners.iter().zip(next).filter(crossed).count() % 2 == 1
        })
    }

    /// Where a ray, in the print's own directions, meets the print.
    fn hit(&self, stand: &Stand, ray: &Vector3<f32>) -> Option<Hit> {
        let Some(radius) = self.radius else {
            let way = -stand.origin.z / ray.z;
            let place = stand.origin + ray * way;
            let normal = stand.rotation * Vector3::new(0.0, 0.0, -1.0);
            return self.contains(place.x, place.y, way).then(|| Hit {
                x: place.x,
                y: place.y,
                way,
                front: ray.z > 0.0,
                normal: if ray.z > 0.0 { normal } else { -normal },
            });
        };
        // The axis is upright, a radius behind the print's middle.
        let from = stand.origin - Vector3::new(0.0, 0.0, radius);
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
            let normal = stand.rotation * if front { outward } else { -outward };
            self.contains(along, place.y, way).then(|| Hit { x: along, y: place.y, way, front, normal })
        })
    }

    /// Whether a place on it is before the camera.
    fn contains(&self, x: f32, y: f32, way: f32) -> bool {
        way > 0.0 && x.abs() <= self.width / 2.0 && y.abs() <= self.height / 2.0
    }
}

struct Stand {
    rotation: Matrix3<f32>,
    back: Matrix3<f32>,
    origin: Vector3<f32>,
}

/// A place on the print in cm from its middle.
struct Hit {
    x: f32,
    y: f32,
    /// From the camera, in lengths of the ray.
    way: f32,
    front: bool,
    /// To the side that is seen, as the camera sees it.
    normal: Vector3<f32>,
}

/// Left and upper edge, width and height of 3 : 4 around a face, the face being 0.56 of the width where the picture is
/// large enough.
fn portrait(picture: &RgbImage, mesh: &FaceMesh) -> [u32; 4] {
    let [left, top, right, bottom] = mesh.bounds();
    let (limit_x, limit_y) = (picture.width() as f32, picture.height() as f32);
    let width = ((right - left) / 0.56).min(limit_x).min(limit_y * 0.75);
    let height = width / 0.75;
    let x = ((left + right - width) / 2.0).clamp(0.0, limit_x - width);
    let y = ((top + bottom - height) / 2.0 - height * 0.02).clamp(0.0, limit_y - height);
    [x as u32, y as u32, width as u32, height as u32]
}
