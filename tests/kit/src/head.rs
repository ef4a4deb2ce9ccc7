use crate::face_mesh::FaceMesh;
use crate::pose::Pose;
use crate::raster::{Corner, Raster};
use crate::skin::skin;
use crate::studio::Studio;
use crate::surface::{Surface, surface};
use crate::texture::Texture;
use image::RgbImage;
use nalgebra::{Matrix3, Vector3};

/// The axis about which a head turns, in cm behind the middle of the face, and below it for nods.
const NECK: Vector3<f32> = Vector3::new(0.0, 3.0, 6.0);
/// How far the light on the skin may change by a turn: the picture has its own light already.
const LIGHT: (f32, f32) = (0.65, 1.2);
/// Steps of the head's share of the motion for which a rotation is computed.
const STEPS: usize = 64;

/// A head with the shape that facemesh sees in a picture, and the picture as its skin.
pub struct Head {
    skin: Texture,
    surface: Surface,
    normals: Vec<Vector3<f32>>,
    /// From where the unturned head looks just like the picture, in cm.
    distance: f32,
    /// Pixels of the skin a cm.
    density: f32,
}

impl Head {
    /// Depth over what the network says with which it reports the yaw that was rendered.
    pub const RELIEF: f32 = 1.0;

    /// A head as seen from 45 cm.
    #[must_use]
    pub fn new(picture: &RgbImage, mesh: &FaceMesh) -> Self {
        Self::with(picture, mesh, Pose::USUAL_DISTANCE, Self::RELIEF)
    }

    /// A head whose picture was taken from so many cm, and whose depths are multiplied by `relief` (0 is flat).
    #[must_use]
    pub fn with(picture: &RgbImage, mesh: &FaceMesh, distance: f32, relief: f32) -> Self {
        let (skin, mesh) = skin(picture, mesh);
        let size = (skin.width() as f32, skin.height() as f32);
        let surface = surface(&mesh, size, distance, relief);
        let normals = normals(&surface);
        let far = surface.vertices.iter().fold((0.0_f32, 0.0_f32), |far, vertex| {
            (far.0.max(vertex.pixel.x), far.1.max(vertex.place.x * distance / (distance + vertex.place.z)))
        });
        let near = surface
            .vertices
            .iter()
            .fold(0.0_f32, |near, vertex| near.min(vertex.place.x * distance / (distance + vertex.place.z)));
        Self { skin: Texture::new(skin), surface, normals, distance, density: far.0 / (far.1 - near) }
    }

    /// One frame for each pose.
    #[must_use]
    pub fn frames(&self, studio: &Studio, poses: &[Pose]) -> Vec<RgbImage> {
        studio.shoot(poses, |pose, frame| self.draw(studio, pose, frame))
    }

    fn draw(&self, studio: &Studio, pose: &Pose, frame: &mut RgbImage) {
        let rotations: Vec<Matrix3<f32>> =
            (0..=STEPS).map(|step| pose.rotation(step as f32 / STEPS as f32)).collect();
        let rest = Vector3::new(0.0, 0.0, self.distance);
        let focal = studio.focal();
        let (middle_x, middle_y) = (frame.width() as f32 / 2.0, frame.height() as f32 / 2.0);
        let (width, height) = self.skin.size();
        let corners: Vec<Corner> = self
            .surface
            .vertices
            .iter()
            .zip(&self.normals)
            .map(|(vertex, normal)| {
                let rotation = &rotations[(vertex.share * STEPS as f32).round() as usize];
                let place =
                    rotation * (vertex.place - NECK) + NECK + rest + (pose.place() - rest) * vertex.share;
                let depth = place.z.max(1.0);
                let light =
                    (Studio::light(&(rotation * normal)) / Studio::light(normal)).clamp(LIGHT.0, LIGHT.1);
                Corner {
                    x: middle_x + place.x * focal / depth,
                    y: middle_y + place.y * focal / depth,
                    z: depth,
                    u: vertex.pixel.x / width,
                    v: vertex.pixel.y / height,
                    light: 1.0 + (light - 1.0) * vertex.shade,
                }
            })
            .collect();
        let skin = self.skin.level(self.density * pose.distance / focal);
        let mut raster = Raster::new(frame);
        for [a, b, c] in &self.surface.triangles {
            raster.draw(frame, skin, [&corners[*a], &corners[*b], &corners[*c]]);
        }
    }
}

/// The direction in which the surface looks at each vertex.
fn normals(surface: &Surface) -> Vec<Vector3<f32>> {
    let mut sums = vec![Vector3::zeros(); surface.vertices.len()];
    for corners in &surface.triangles {
        let [a, b, c] = corners.map(|corner| surface.vertices[corner].place);
        let across = (b - a).cross(&(c - a));
        let towards = if across.z > 0.0 { -across } else { across };
        for corner in corners {
            sums[*corner] += towards;
        }
    }
    sums.into_iter().map(|sum| sum.try_normalize(1e-9).unwrap_or(-Vector3::z())).collect()
}
