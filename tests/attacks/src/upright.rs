use anyhow::Result;
use image::RgbImage;
use liveness_kit::{FaceMesh, Tilt, tilted};

/// Degrees from upright up to which material is taken as it is: the page asks for an upright head, and who leans further is
/// tilted.
const LEANING: f32 = 15.0;
/// Landmarks of the outer corners of the eyes.
const EYES: [usize; 2] = [33, 263];

/// By how many degrees faces must be tilted to be upright, by the median of theirs; none where they are.
pub(crate) fn needs_tilt<'a>(faces: impl Iterator<Item = &'a FaceMesh>) -> Option<f32> {
    let mut rolls: Vec<f32> = faces.map(roll).collect();
    rolls.sort_by(f32::total_cmp);
    rolls.get(rolls.len() / 2).filter(|roll| roll.abs() > LEANING).map(|roll| -roll)
}

/// Degrees clockwise in the picture.
fn roll(face: &FaceMesh) -> f32 {
    let [right, left] = EYES.map(|point| face.points()[point]);
    (left[1] - right[1]).atan2(left[0] - right[0]).to_degrees()
}

/// A picture and the face in it, tilted clockwise.
pub(crate) fn tilt(picture: &RgbImage, face: &FaceMesh, degrees: f32) -> Result<(RgbImage, FaceMesh)> {
    let tilt = Tilt::of(picture, degrees);
    let place = |[x, y, z]: [f32; 3]| {
        let [x, y] = tilt.place([x, y]);
        [x, y, z]
    };
    let face = FaceMesh::new(face.points().iter().copied().map(place).collect())?;
    Ok((tilted(picture, degrees), face))
}
