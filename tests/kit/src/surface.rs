//! The head's surface: the mesh of the face, and around it what the network does not see.

use crate::face_mesh::{EYES, FaceMesh};
use delaunator::{Point, triangulate};
use liveness_models::OVAL;
use nalgebra::{Vector2, Vector3};

/// Distance of the outer corners of the eyes in cm, from which the scale follows.
const EYE_DISTANCE: f32 = 9.0;
/// Directions around the face in which the surface goes on.
const SPOKES: usize = 96;
/// Points along a spoke from the face's outline to the head's, as shares of the way.
const INNER: [f32; 8] = [0.12, 0.28, 0.45, 0.6, 0.75, 0.87, 0.96, 1.0];
/// Points along a spoke beyond the head, in half widths of the face.
const OUTER: [f32; 13] = [0.08, 0.18, 0.3, 0.45, 0.6, 0.8, 1.0, 1.25, 1.6, 2.1, 2.8, 3.8, 5.0];
/// Way from the head's outline, in half widths of the face, on which the turn fades out: neck, shoulders and what is behind.
const FADE: f32 = 1.3;
/// On how many half widths of the face the light on the head passes into the light on what is behind.
const EDGE: f32 = 0.15;

/// A place on the surface.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vertex {
    /// In the skin, in pixels.
    pub(crate) pixel: Vector2<f32>,
    /// In cm from the middle of the face: to the right, down, back.
    pub(crate) place: Vector3<f32>,
    /// Share of the head's motion that it makes: 1 on the head, 0 on the wall behind.
    pub(crate) share: f32,
    /// Share of the change of light by the turn: 1 on the face, 0 from the head's outline on.
    pub(crate) shade: f32,
    /// Share of the head, of the body and, for the rest, of the wall: who is lit by a lamp there.
    pub(crate) head: f32,
    pub(crate) body: f32,
}

/// Vertices, and the triangles as triples of their numbers.
pub(crate) struct Surface {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) triangles: Vec<[usize; 3]>,
    /// The middle of the face in the skin, in pixels.
    pub(crate) middle: Vector2<f32>,
    /// Centimetres a pixel of the skin, at the face's distance.
    pub(crate) scale: f32,
}

/// Centimetres a pixel at the face's distance.
pub(crate) fn scale(mesh: &FaceMesh) -> f32 {
    let [a, b] = EYES.map(|eye| Vector3::from(mesh.points()[eye]));
    EYE_DISTANCE / (a - b).norm().max(1.0)
}

/// Builds the surface over a skin of so many pixels, as seen from so many cm; depths are multiplied by `relief`.
pub(crate) fn surface(mesh: &FaceMesh, size: (f32, f32), distance: f32, relief: f32) -> Surface {
    let outline = Outline::new(mesh);
    let scale = scale(mesh);
    // A pixel's place so that the unturned head looks just like the picture.
    let place = |pixel: Vector2<f32>, depth: f32| {
        let back = depth * scale * relief;
        let across = (pixel - outline.middle) * scale * (distance + back) / distance;
        Vector3::new(across.x, across.y, back)
    };
    let on_face = |[x, y, z]: &[f32; 3]| {
        let pixel = Vector2::new(*x, *y);
        Vertex { pixel, place: place(pixel, *z), share: 1.0, shade: 1.0, head: 1.0, body: 0.0 }
    };
    let beyond = |pixel: Vector2<f32>, spoke: &Spoke, way: f32| {
        let head = outline.head(spoke, way);
        Vertex {
            pixel,
            place: place(pixel, spoke.depth(way)),
            share: outline.share(spoke, way),
            shade: spoke.shade(way),
            head,
            body: outline.body(pixel) * (1.0 - head),
        }
    };
    let mut vertices: Vec<Vertex> = mesh.points().iter().map(on_face).collect();
    for spoke in 0..SPOKES {
        let direction = outline.spoke(spoke as f32 / SPOKES as f32 * std::f32::consts::TAU);
        let inner = INNER.map(|share| share * direction.rim);
        let outer = OUTER.map(|way| direction.rim + way * outline.half_width);
        for way in inner.into_iter().chain(outer) {
            let pixel = outline.middle + direction.unit * (direction.radius + way);
            if (0.0..=size.0).contains(&pixel.x) && (0.0..=size.1).contains(&pixel.y) {
                vertices.push(beyond(pixel, &direction, way));
            }
        }
    }
    // The picture's edge.
    let steps = 40;
    for step in 0..steps {
        let (x, y) = (size.0 * step as f32 / steps as f32, size.1 * step as f32 / steps as f32);
        for pixel in [[x, 0.0], [size.0, y], [size.0 - x, size.1], [0.0, size.1 - y]] {
            let from = Vector2::from(pixel) - outline.middle;
            let direction = outline.spoke(from.y.atan2(from.x));
            let way = (from.norm() - direction.radius).max(0.0);
            // Pinned: nothing is known of what would come in from outside.
            vertices.push(Vertex { share: 0.0, ..beyond(pixel.into(), &direction, way) });
        }
    }
    let points: Vec<Point> =
        vertices.iter().map(|vertex| Point { x: vertex.pixel.x.into(), y: vertex.pixel.y.into() }).collect();
    let triangles = triangulate(&points)
        .triangles
        .chunks_exact(3)
        .map(|corners| [corners[0], corners[1], corners[2]])
        .collect();
    Surface { vertices, triangles, middle: outline.middle, scale }
}

/// The outline of the face.
struct Outline {
    middle: Vector2<f32>,
    half_width: f32,
    points: Vec<Vector3<f32>>,
}

/// What lies in one direction from the middle of the face.
struct Spoke {
    unit: Vector2<f32>,
    /// To the face's outline in pixels, and how far back that is.
    radius: f32,
    back: f32,
    /// From the face's outline to the head's, and how much farther back that is.
    rim: f32,
    fall: f32,
    /// How much of this direction is down: the neck.
    down: f32,
}

impl Outline {
    fn new(mesh: &FaceMesh) -> Self {
        let points: Vec<Vector3<f32>> = OVAL.iter().map(|i| Vector3::from(mesh.points()[*i])).collect();
        let middle = points.iter().map(|point| point.xy()).sum::<Vector2<f32>>() / points.len() as f32;
        let [left, _, right, _] = mesh.bounds();
        Self { middle, half_width: (right - left) / 2.0, points }
    }

    /// The direction at an angle in radians, clockwise in the image from its right.
    fn spoke(&self, angle: f32) -> Spoke {
        let unit = Vector2::new(angle.cos(), angle.sin());
        let count = self.points.len();
        let crossing = (0..count).find_map(|i| {
            let (a, b) = (self.points[i], self.points[(i + 1) % count]);
            let (from, to) = (a.xy() - self.middle, b.xy() - self.middle);
            let (start, end) = (unit.perp(&from), unit.perp(&to));
            let share = start / (start - end);
            let radius = unit.dot(&(from + (to - from) * share));
            (start * end <= 0.0 && start != end && radius > 0.0).then(|| (radius, a.z + (b.z - a.z) * share))
        });
        let (radius, back) = crossing.unwrap_or((self.half_width, 0.0));
        let up = (-unit.y).max(0.0).powi(2);
        let down = unit.y.max(0.0).powi(2);
        // Hair above, hair and ears at the sides, jaw below.
        let rim = self.half_width * (0.34 + 0.16 * up - 0.20 * down);
        let fall = self.half_width * (0.85 + 0.15 * up - 0.35 * down);
        Spoke { unit, radius, back, rim, fall, down }
    }

    /// Share of the head's motion so many pixels beyond the face's outline. The neck lets it fade later.
    fn share(&self, spoke: &Spoke, way: f32) -> f32 {
        let fade = (way - spoke.rim) / (self.half_width * FADE * (1.0 + 0.3 * spoke.down));
        let left = 1.0 - fade.clamp(0.0, 1.0);
        left * left * (3.0 - 2.0 * left)
    }
}

impl Outline {
    /// Share of the head in what is so many pixels beyond the face's outline.
    fn head(&self, spoke: &Spoke, way: f32) -> f32 {
        1.0 - ((way - spoke.rim) / (self.half_width * EDGE)).clamp(0.0, 1.0)
    }

    /// Share of neck and shoulders at a pixel: below the chin, ever wider.
    fn body(&self, pixel: Vector2<f32>) -> f32 {
        let chin = self.points.iter().fold(f32::MIN, |lowest, point| lowest.max(point.y));
        let down = (pixel.y - chin) / self.half_width;
        let aside = (pixel.x - self.middle.x).abs() / self.half_width;
        let inside = 0.7 + 1.3 * down.max(0.0) - aside;
        (inside / EDGE).clamp(0.0, 1.0) * (down / EDGE + 1.0).clamp(0.0, 1.0)
    }
}

impl Spoke {
    fn shade(&self, way: f32) -> f32 {
        1.0 - (way / (self.rim * 0.8)).clamp(0.0, 1.0)
    }

    /// How far back the surface is so many pixels beyond the face's outline: an ellipse's quarter, then level.
    fn depth(&self, way: f32) -> f32 {
        let share = (way / self.rim).clamp(0.0, 1.0);
        self.back + self.fall * (1.0 - (1.0 - share * share).max(0.0).sqrt())
    }
}
