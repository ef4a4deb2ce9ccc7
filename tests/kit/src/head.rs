use crate::ambient::mean_over_light;
use crate::eyelids::{closed, is_lid};
use crate::face_mesh::{EYES, FaceMesh, POINTS};
use crate::gaze::eyeballs;
use crate::pose::Pose;
use crate::raster::{Corner, Raster};
use crate::skin::skin;
use crate::studio::Studio;
use crate::surface::{Surface, Vertex, surface};
use crate::texture::Texture;
use crate::view::{Lamp, Lens, View};
use image::RgbImage;
use nalgebra::{Matrix3, Vector3};

/// The axis about which a head turns, in cm behind the middle of the face, and below it for nods.
const NECK: Vector3<f32> = Vector3::new(0.0, 3.0, 6.0);
/// How far the light on the skin may change by a turn: the picture has its own light already.
const LIGHT: (f32, f32) = (0.65, 1.2);
/// Steps of the head's share of the motion for which a rotation is computed.
const STEPS: usize = 64;
/// Focal length over the longer side of a picture whose camera is not known: 64 degrees.
const FOCAL: f32 = 0.8;
/// Nearer and farther nobody sits, in cm: a picture that says so was cut out of a larger one, or zoomed.
const SITS: (f32, f32) = (36.0, 60.0);
/// By how much what moves less is sorted behind what moves with the head, in cm.
const BEHIND: f32 = 40.0;
/// A lamp's light on neck and shoulders, which lean away from it, over that on a face.
const BODY: f32 = 0.5;
/// What skin mirrors of a lamp at its brightest, over what white paper throws back.
const GLOSS: f32 = 0.05;

/// How a head is held, and what its eyes do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Where it is and how it is turned.
    pub pose: Pose,
    /// How far the lids are closed, 0 to 1.
    pub shut: f32,
    /// How far the eyes look to the person's own left of where the face looks, in degrees.
    pub gaze: f32,
}

impl From<Pose> for Look {
    fn from(pose: Pose) -> Self {
        Self { pose, shut: 0.0, gaze: 0.0 }
    }
}

/// A head with the shape that facemesh sees in a picture, and the picture as its skin.
pub struct Head {
    skin: Texture,
    surface: Surface,
    normals: Vec<Vector3<f32>>,
    /// The room's mean light on the face over its light on each vertex.
    evened: Vec<f32>,
    /// From where the unturned head looks just like the picture, in cm.
    distance: f32,
    /// Pixels of the skin a cm.
    density: f32,
    room: Room,
}

/// From where the light comes that the skin was pictured in.
enum Room {
    /// From the studio's lamp: the shades change as the head turns.
    Studio,
    /// From anywhere: the shades stay on the skin.
    Unknown,
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
        let surface = surface(&mesh, (skin.width() as f32, skin.height() as f32), distance, relief);
        let far = surface.vertices.iter().fold((0.0_f32, 0.0_f32), |far, vertex| {
            (far.0.max(vertex.pixel.x), far.1.max(vertex.place.x * distance / (distance + vertex.place.z)))
        });
        let near = surface
            .vertices
            .iter()
            .fold(0.0_f32, |near, vertex| near.min(vertex.place.x * distance / (distance + vertex.place.z)));
        Self::assemble(Texture::new(skin), surface, distance, far.0 / (far.1 - near), Room::Studio)
    }

    /// A head that stays where it is in its picture: seen through [`Head::lens`] in [`Head::rest`], it is the
    /// picture. The distance follows from the size of the face.
    #[must_use]
    pub fn in_place(picture: RgbImage, mesh: &FaceMesh) -> Self {
        let size = (picture.width() as f32, picture.height() as f32);
        let distance = size.0.max(size.1) * FOCAL * crate::surface::scale(mesh);
        let distance = distance.clamp(SITS.0, SITS.1);
        let surface = surface(mesh, size, distance, Self::RELIEF);
        let density = 1.0 / surface.scale;
        Self::assemble(Texture::near(picture), surface, distance, density, Room::Unknown)
    }

    fn assemble(skin: Texture, surface: Surface, distance: f32, density: f32, room: Room) -> Self {
        let normals = normals(&surface);
        let pixels = surface.vertices.iter().take(POINTS).map(|vertex| vertex.pixel);
        let mut evened = mean_over_light(skin.level(1.0), pixels, &normals[..POINTS]);
        evened.resize(surface.vertices.len(), 1.0);
        Self { skin, surface, normals, evened, distance, density, room }
    }

    /// Through what the head is seen as it is in its picture, in the picture's pixels.
    #[must_use]
    pub fn lens(&self) -> Lens {
        Lens { focal: self.distance / self.surface.scale, middle: self.surface.middle.into() }
    }

    /// Unturned, at the distance of its picture.
    #[must_use]
    pub fn rest(&self) -> Look {
        Pose::AHEAD.at(self.distance).into()
    }

    /// From the camera to the face in its picture, in cm.
    #[must_use]
    pub const fn distance(&self) -> f32 {
        self.distance
    }

    /// Between the eyes, in cm from the middle of the face: to the right, down.
    #[must_use]
    pub fn eyes(&self) -> [f32; 2] {
        let [a, b] = EYES.map(|eye| self.surface.vertices[eye].place);
        [(a.x + b.x) / 2.0, (a.y + b.y) / 2.0]
    }

    /// The pose of something worn on a head in this pose, so many cm to the right of the face's middle, below it and
    /// before it.
    #[must_use]
    pub fn carried(pose: &Pose, [right, below, before]: [f32; 3]) -> Pose {
        let place = pose.rotation(1.0) * (Vector3::new(right, below, -before) - NECK) + NECK + pose.place();
        Pose { dx: place.x, dy: place.y, distance: place.z, ..*pose }
    }

    /// One frame for each pose; the eyes stay on the camera.
    #[must_use]
    pub fn frames(&self, studio: &Studio, poses: &[Pose]) -> Vec<RgbImage> {
        let lamp = Lamp::default();
        studio.shoot(poses, |pose, wall| {
            let look = Look { gaze: -pose.yaw, ..(*pose).into() };
            *wall = self.view(&studio.lens(), &lamp, std::mem::take(wall), &look).picture;
        })
    }

    /// What a camera sees of the head before a wall.
    #[must_use]
    pub fn view(&self, lens: &Lens, lamp: &Lamp, wall: RgbImage, look: &Look) -> View {
        let mut view = View::of_wall(wall, lamp);
        let corners = self.corners(lens, lamp, look);
        let (width, height) = self.skin.size();
        debug_assert!(width >= 2.0 && height >= 2.0, "a skin of a pixel cannot be sampled");
        let skin = self.skin.level(self.density * look.pose.distance / lens.focal);
        let mut raster = Raster::new(&view.picture);
        for [a, b, c] in &self.surface.triangles {
            raster.draw(&mut view, skin, [&corners[*a], &corners[*b], &corners[*c]]);
        }
        if look.gaze != 0.0 {
            for [a, b, c] in eyeballs(&self.surface, &corners, look.gaze, width) {
                raster.draw(&mut view, skin, [&a, &b, &c]);
            }
        }
        view
    }

    fn corners(&self, lens: &Lens, lamp: &Lamp, Look { pose, shut, .. }: &Look) -> Vec<Corner> {
        let rotations: Vec<Matrix3<f32>> =
            (0..=STEPS).map(|step| pose.rotation(step as f32 / STEPS as f32)).collect();
        let rest = Vector3::new(0.0, 0.0, self.distance);
        let (width, height) = self.skin.size();
        let lids = closed(&self.surface.vertices, *shut);
        let mut corners: Vec<Corner> = Vec::with_capacity(self.surface.vertices.len());
        for (index, (vertex, normal)) in self.surface.vertices.iter().zip(&self.normals).enumerate() {
            let rotation = &rotations[(vertex.share * STEPS as f32).round() as usize];
            let own = lids.get(&index).unwrap_or(&vertex.place);
            let place = rotation * (own - NECK) + NECK + rest + (pose.place() - rest) * vertex.share;
            let turned = rotation * normal;
            let depth = place.z.max(1.0);
            let light = match self.room {
                Room::Studio => (Studio::light(&turned) / Studio::light(normal)).clamp(LIGHT.0, LIGHT.1),
                Room::Unknown => 1.0,
            };
            corners.push(Corner {
                x: lens.middle[0] + place.x * lens.focal / depth,
                y: lens.middle[1] + place.y * lens.focal / depth,
                z: depth + (1.0 - vertex.share) * BEHIND,
                u: vertex.pixel.x / width,
                v: vertex.pixel.y / height,
                light: 1.0 + (light - 1.0) * vertex.shade,
                lamp: lit(vertex, lamp, lamp.on(&place, &turned) * self.evened[index]),
                gloss: if is_lid(index) {
                    0.0
                } else {
                    GLOSS * lamp.mirrored(&place, &turned) * vertex.shade
                },
            });
        }
        corners
    }
}

/// The lamp's light where head, body and wall pass into one another.
fn lit(vertex: &Vertex, lamp: &Lamp, on_head: f32) -> f32 {
    let wall = 1.0 - vertex.head - vertex.body;
    on_head * vertex.head + BODY * vertex.body + lamp.on_wall() * wall
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
