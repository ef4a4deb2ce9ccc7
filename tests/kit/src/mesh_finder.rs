use crate::face_mesh::FaceMesh;
use crate::texture::sample;
use anyhow::{Context as _, Result, anyhow, ensure};
use image::RgbImage;
use liveness_models::Manifest;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use std::path::PathBuf;

/// Side of the network's input in pixels.
const SIDE: usize = 192;
/// How sure the network must be that a crop shows a face.
const LEAST_PRESENCE: f32 = 0.8;
/// Crops that are looked at more closely.
const CANDIDATES: usize = 12;
/// Times that the crop follows the mesh.
const REFINEMENTS: usize = 4;
/// Crop over the face, as the network was trained.
const MARGIN: f32 = 1.5;

/// Finds the mesh of the face in a still, by trying crops: slow, and for frontal pictures.
///
/// The ONNX runtime allows one environment a process, and `liveness_models::Runtime` is one: a process has either. What
/// measures and renders other pictures than the built-in one reads meshes that `liveness-kit mesh` wrote.
pub struct MeshFinder {
    session: Session,
    _environment: Environment,
}

impl MeshFinder {
    /// Loads the runtime and the network from the first folder that has them.
    ///
    /// # Errors
    /// When a file is missing or differs from its pin, or the process has a runtime already.
    pub fn load(dirs: &[PathBuf]) -> Result<Self> {
        let manifest = Manifest::built_in()?;
        let model =
            manifest.models.iter().find(|model| model.name == "facemesh").context("no facemesh is pinned")?;
        let onnx = manifest.read(model, dirs)?;
        let library = manifest.runtime_library(dirs)?;
        let environment =
            ort::init_from(library)?.with_telemetry(false).build().context("the ONNX runtime")?;
        let failed = |error: &dyn std::fmt::Display| anyhow!("facemesh cannot be loaded: {error}");
        let session = Session::builder(&environment)
            .map_err(|error| failed(&error))?
            .with_optimization_level(GraphOptimizationLevel::Level3)
            .map_err(|error| failed(&error))?
            .with_intra_threads(1)
            .map_err(|error| failed(&error))?
            .commit_from_memory(&onnx)
            .map_err(|error| failed(&error))?;
        Ok(Self { session, _environment: environment })
    }

    /// The mesh of the clearest face that is found.
    ///
    /// # Errors
    /// When there is no face, or the network fails.
    pub fn find(&mut self, picture: &RgbImage) -> Result<FaceMesh> {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let mut crops = Vec::new();
        for share in [1.0, 0.75, 0.55, 0.4, 0.3] {
            let side = width.min(height) * share;
            let steps = |length: f32| (((length - side) / (side * 0.3)).ceil() as usize).max(1);
            let (columns, rows) = (steps(width), steps(height));
            for (row, column) in (0..=rows).flat_map(|row| (0..=columns).map(move |column| (row, column))) {
                let x = side / 2.0 + (width - side) * column as f32 / columns as f32;
                let y = side / 2.0 + (height - side) * row as f32 / rows as f32;
                crops.push(self.run(picture, &Square { x, y, side, angle: 0.0 })?);
            }
        }
        crops.sort_by(|a, b| b.1.total_cmp(&a.1));
        // What is no face loses its presence when the crop follows the mesh.
        let mut best: (Vec<[f32; 3]>, f32) = (Vec::new(), LEAST_PRESENCE);
        for first in crops.into_iter().take(CANDIDATES) {
            let last = (0..REFINEMENTS)
                .try_fold(first, |(points, _), _| self.run(picture, &square_around(&points)))?;
            if last.1 > best.1 {
                best = last;
            }
        }
        ensure!(!best.0.is_empty(), "no face is found in the picture");
        Ok(FaceMesh::new(best.0)?)
    }

    fn run(&mut self, picture: &RgbImage, square: &Square) -> Result<(Vec<[f32; 3]>, f32)> {
        let mut planes = vec![0.0; 3 * SIDE * SIDE];
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        for place in 0..SIDE * SIDE {
            let [x, y] = square.to_picture((place % SIDE) as f32 + 0.5, (place / SIDE) as f32 + 0.5);
            if (0.0..width).contains(&x) && (0.0..height).contains(&y) {
                for (channel, value) in sample(picture, x / width, y / height).into_iter().enumerate() {
                    planes[channel * SIDE * SIDE + place] = value / 255.0;
                }
            }
        }
        let input = TensorRef::from_array_view(([1, 3, SIDE, SIDE], planes.as_slice()))?;
        let found = self.session.run(ort::inputs!["input" => input])?;
        let (_, mesh) = found.get("mesh").context("no output `mesh`")?.try_extract_tensor::<f32>()?;
        let (_, flag) =
            found.get("face_flag").context("no output `face_flag`")?.try_extract_tensor::<f32>()?;
        let scale = square.side / SIDE as f32;
        let points = mesh.chunks_exact(3).map(|point| {
            let [x, y] = square.to_picture(point[0], point[1]);
            [x, y, point[2] * scale]
        });
        Ok((points.collect(), flag.first().copied().unwrap_or(0.0)))
    }
}

/// A square of the picture, turned clockwise by an angle in radians.
struct Square {
    x: f32,
    y: f32,
    side: f32,
    angle: f32,
}

impl Square {
    fn to_picture(&self, x: f32, y: f32) -> [f32; 2] {
        let scale = self.side / SIDE as f32;
        let (u, v) = ((x - SIDE as f32 / 2.0) * scale, (y - SIDE as f32 / 2.0) * scale);
        let (sin, cos) = self.angle.sin_cos();
        [self.x + u * cos - v * sin, self.y + u * sin + v * cos]
    }
}

/// The crop that the network was trained on, with the eyes level.
fn square_around(points: &[[f32; 3]]) -> Square {
    let extent = |axis: usize| {
        points
            .iter()
            .map(|point| point[axis])
            .fold((f32::MAX, f32::MIN), |(least, most), value| (least.min(value), most.max(value)))
    };
    let ((left, right), (top, bottom)) = (extent(0), extent(1));
    let [a, b] = crate::face_mesh::EYES.map(|eye| points.get(eye).copied().unwrap_or_default());
    // The detector's box is somewhat smaller than the mesh, which reaches up to the hairline.
    let side = (right - left).max(bottom - top) * MARGIN * 0.9;
    Square { x: (left + right) / 2.0, y: (top + bottom) / 2.0, side, angle: (b[1] - a[1]).atan2(b[0] - a[0]) }
}
