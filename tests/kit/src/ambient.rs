//! The light of the room on a face, read off the picture.

use crate::texture::sample;
use image::RgbImage;
use nalgebra::{Matrix4, Vector2, Vector3, Vector4};

/// The room's light on a patch is taken to be within this range of its mean.
const RANGE: (f32, f32) = (0.4, 2.5);
/// Weight of the wish that light comes evenly from everywhere, over that of the picture.
const EVEN: f32 = 0.02;

/// For each vertex of a face: the mean of the room's light on the face over the light there. So what is dark in the
/// picture because the room's light does not reach it still answers a lamp.
///
/// The light is the best sum of a constant and the three components of the normal: the first two bands of spherical
/// harmonics (Ramamoorthi and Hanrahan, 2001), for a skin that is one colour.
pub(crate) fn mean_over_light(
    picture: &RgbImage,
    pixels: impl Iterator<Item = Vector2<f32>>,
    normals: &[Vector3<f32>],
) -> Vec<f32> {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (mut squares, mut products) = (Matrix4::identity() * EVEN, Vector4::zeros());
    squares[(0, 0)] = 0.0;
    let weight = 1.0 / normals.len().max(1) as f32;
    for (pixel, normal) in pixels.zip(normals) {
        let [red, green, blue] = sample(picture, pixel.x / width, pixel.y / height).map(linear);
        let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        let terms = Vector4::new(1.0, normal.x, normal.y, normal.z + 1.0);
        squares += terms * terms.transpose() * weight;
        products += terms * luma * weight;
    }
    let Some(light) = squares.try_inverse().map(|inverse| inverse * products) else {
        return vec![1.0; normals.len()];
    };
    let lights: Vec<f32> = normals
        .iter()
        .map(|normal| light.dot(&Vector4::new(1.0, normal.x, normal.y, normal.z + 1.0)))
        .collect();
    let mean = lights.iter().sum::<f32>() * weight;
    lights.iter().map(|light| 1.0 / (light / mean.max(1e-3)).clamp(RANGE.0, RANGE.1)).collect()
}

/// Linear light of a value from 0 to 255, by a plain gamma.
fn linear(value: f32) -> f32 {
    (value / 255.0).powf(2.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn light_from_one_side_is_found() {
        // Half a cylinder before the camera; the lamp is to the right.
        let normals: Vec<Vector3<f32>> =
            (-9..=9).map(|i| Vector3::new((i as f32 / 6.0).sin(), 0.0, -(i as f32 / 6.0).cos())).collect();
        let light = |normal: &Vector3<f32>| 0.3 + 0.2 * normal.x;
        let picture = RgbImage::from_fn(19, 2, |x, _| {
            Rgb([(light(&normals[x as usize]).powf(1.0 / 2.2) * 255.0) as u8; 3])
        });
        let pixels = (0..19).map(|x| Vector2::new(x as f32 + 0.5, 1.0));
        let found = mean_over_light(&picture, pixels, &normals);
        assert!(found[2] > 1.4 && found[16] < 0.8, "{found:?}");
    }
}
