use crate::backdrop::Backdrop;
use crate::crop::Point;
use crate::cues::{self, Cues};
use crate::descriptor::{Describer, cosine};
use crate::detector::{Detection, Detector};
use crate::face_mesh::{Mesh, MeshFitter, POINTS, Point3};
use crate::manifest::ModelSet;
use crate::network::{ModelError, Runtime};
use crate::picture::Picture;
use crate::planarity::homography_residual;
use crate::pose::Pose;
use crate::proportions::Proportions;
use crate::quality::Quality;
use crate::texture::TextureScorer;
use std::collections::HashSet;

/// Below this the mesh is of no face.
const LEAST_PRESENCE: f32 = 0.5;

/// Landmarks of the lips, which talk and smile: they are left out where a rigid head is meant.
const LIPS: [usize; 40] = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95, 185, 40,
    39, 37, 0, 267, 269, 270, 409, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78,
];

/// What is wanted of one frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// Compare the face with this one.
    pub reference: Option<&'a Likeness>,
    /// Compute the descriptor, which costs as much as all the rest.
    pub describe: bool,
}

/// What was measured on one picture. Lengths are ratios of the picture, angles degrees.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Faces in view.
    pub faces: u32,
    /// The largest.
    pub face: Option<Face>,
    /// What else the picture shows, by name.
    pub cues: Cues,
}

/// What was measured on the largest face.
#[derive(Debug, Clone)]
pub struct Face {
    /// Left edge, upper edge, width and height of the face from forehead to chin.
    pub bounds: [f64; 4],
    /// Width of the face over the picture's shorter side.
    pub size: f64,
    /// How sure the mesh network is, 0 to 1.
    pub presence: f64,
    /// How the head is turned.
    pub pose: Pose,
    /// Variance of the Laplacian of the luma at 128 pixels a face.
    pub sharpness: f64,
    /// Mean luma, 0 to 1.
    pub brightness: f64,
    /// Standard deviation of the luma, 0 to 1.
    pub contrast: f64,
    /// Proportions as they appear in the picture.
    pub proportions: Proportions,
    /// Homography residual against the reference, in distances between the eyes.
    pub planarity: Option<f64>,
    /// Cosine of the descriptors of this face and the reference, where both have one.
    pub similarity: Option<f64>,
    /// Live probability by the enabled passive networks; what those in the shadow say is a cue.
    pub texture: Option<f64>,
    /// What later frames can be compared with.
    pub likeness: Likeness,
}

/// A face as other frames are compared with it. It stays in memory and is never recorded.
#[derive(Debug, Clone)]
pub struct Likeness {
    rigid: Vec<Point>,
    descriptor: Option<Vec<f32>>,
    backdrop: Backdrop,
}

/// All networks of one worker thread.
pub struct Analyser {
    detector: Detector,
    fitter: MeshFitter,
    describer: Describer,
    texture: TextureScorer,
    rigid: Vec<usize>,
}

impl Analyser {
    /// Loads one ONNX session of each network.
    ///
    /// # Errors
    /// When the runtime refuses a network.
    pub fn load(runtime: &Runtime, models: &ModelSet) -> Result<Self, ModelError> {
        let lips: HashSet<usize> = LIPS.into();
        Ok(Self {
            detector: Detector::load(runtime, &models.blazeface)?,
            fitter: MeshFitter::load(runtime, &models.facemesh)?,
            describer: Describer::load(runtime, &models.faceres)?,
            texture: TextureScorer::load(runtime, &models.passive)?,
            rigid: (0..POINTS).filter(|point| !lips.contains(point)).collect(),
        })
    }

    /// Measures one picture.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn measure(&mut self, picture: &Picture, request: Request<'_>) -> Result<Measured, ModelError> {
        self.measure_by_parts(picture, request, &mut |_| {})
    }

    /// The same, for those who want to know what costs the time: `done` is told the name of each part as soon as that is
    /// measured. These are `detector`, `mesh`, each of [`cues::NAMES`], and of a face `descriptor` where it is asked for,
    /// `texture`, `backdrop`, `quality`, `planarity` where there is a reference, and `pose`.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn measure_by_parts(
        &mut self,
        picture: &Picture,
        request: Request<'_>,
        done: &mut dyn FnMut(&'static str),
    ) -> Result<Measured, ModelError> {
        let detections = self.detector.find(picture)?;
        done("detector");
        let mesh = match detections.first() {
            Some(largest) => self.fit(picture, largest)?,
            None => None,
        };
        done("mesh");
        let mut cues = cues::measure_each(picture, mesh.as_ref().map(|mesh| &*mesh.points), done);
        let face = match detections.first().zip(mesh) {
            Some((found, mesh)) => Some(self.measure_face(picture, found, &mesh, request, &mut cues, done)?),
            None => None,
        };
        let faces = u32::try_from(detections.len()).unwrap_or(u32::MAX);
        Ok(Measured { faces, face, cues })
    }

    /// The mesh of the largest face: 468 points, x and y in pixels of the picture, z towards the back in the same unit.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn landmarks(&mut self, picture: &Picture) -> Result<Option<Vec<[f32; 3]>>, ModelError> {
        let detections = self.detector.find(picture)?;
        let Some(largest) = detections.first() else { return Ok(None) };
        let mesh = self.fit(picture, largest)?;
        Ok(mesh.map(|mesh| mesh.points.iter().map(|point| [point.x, point.y, point.z]).collect()))
    }

    /// The mesh of a face; None where it is of no face.
    fn fit(&mut self, picture: &Picture, found: &Detection) -> Result<Option<Mesh>, ModelError> {
        let mesh = self.fitter.fit(picture, found)?;
        Ok((mesh.presence >= LEAST_PRESENCE && mesh.points.len() >= POINTS).then_some(mesh))
    }

    fn measure_face(
        &mut self,
        picture: &Picture,
        found: &Detection,
        mesh: &Mesh,
        request: Request<'_>,
        cues: &mut Cues,
        done: &mut dyn FnMut(&'static str),
    ) -> Result<Face, ModelError> {
        let mut descriptor = None;
        if request.describe {
            descriptor = Some(self.describer.describe(picture, &mesh.points)?);
            done("descriptor");
        }
        let live = self.texture.score(picture, found)?;
        cues.extend(live.shadow.into_iter().map(|(name, live)| (name, vec![live])));
        done("texture");
        let likeness = Likeness {
            rigid: self.rigid.iter().map(|point| mesh.points[*point].flat()).collect(),
            descriptor,
            backdrop: Backdrop::of(picture, &mesh.points),
        };
        let grown = request.reference.and_then(|reference| likeness.backdrop.since(&reference.backdrop));
        cues.extend(grown.map(|numbers| ("backdrop", numbers)));
        done("backdrop");
        let quality = Quality::of(&mesh.crop);
        done("quality");
        let eyes = mesh.points[33].distance(mesh.points[263]).max(1.0);
        let mut planarity = None;
        if let Some(reference) = request.reference {
            let residual = homography_residual(&reference.rigid, &likeness.rigid);
            planarity = residual.map(|pixels| pixels / eyes);
            done("planarity");
        }
        let bounds = bounds(mesh, picture);
        let face = Face {
            bounds,
            size: bounds[2] * f64::from(picture.width()) / f64::from(picture.width().min(picture.height())),
            presence: mesh.presence.into(),
            pose: Pose::of(&mesh.points),
            sharpness: quality.sharpness,
            brightness: quality.brightness,
            contrast: quality.contrast,
            proportions: Proportions::of(&mesh.points),
            planarity,
            similarity: request.reference.and_then(|reference| {
                Some(cosine(reference.descriptor.as_deref()?, likeness.descriptor.as_deref()?))
            }),
            texture: live.weighed,
            likeness,
        };
        done("pose");
        Ok(face)
    }
}

/// The mesh's extent, as ratios of the picture.
fn bounds(mesh: &Mesh, picture: &Picture) -> [f64; 4] {
    let extent = |of: fn(&Point3) -> f32| {
        mesh.points
            .iter()
            .map(of)
            .fold((f32::MAX, f32::MIN), |(least, most), value| (least.min(value), most.max(value)))
    };
    let (left, right) = extent(|point| point.x);
    let (top, bottom) = extent(|point| point.y);
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    [left / width, top / height, (right - left) / width, (bottom - top) / height].map(f64::from)
}
