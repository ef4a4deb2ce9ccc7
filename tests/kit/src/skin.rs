use crate::face_mesh::FaceMesh;
use image::imageops::{FilterType, replace, resize};
use image::{Rgb, RgbImage};

/// Largest width of the face in the skin, in pixels: more than a frame shows of it.
const MOST: f32 = 360.0;
/// How far the skin must reach from the face's middle to each side, in widths of the face.
const REACH: f32 = 2.6;

/// The picture, shrunk where it is large, and continued beyond its edges, with the mesh in its pixels.
pub(crate) fn skin(picture: &RgbImage, mesh: &FaceMesh) -> (RgbImage, FaceMesh) {
    let [left, _, right, _] = mesh.bounds();
    let scale = (MOST / (right - left)).min(1.0);
    let size = |side: u32| ((side as f32 * scale).round() as u32).max(2);
    let small = match scale < 1.0 {
        true => resize(picture, size(picture.width()), size(picture.height()), FilterType::Triangle),
        false => picture.clone(),
    };
    let mesh = mesh.moved(0.0, 0.0, scale);
    let [left, top, right, bottom] = mesh.bounds();
    let reach = (right - left) * REACH;
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let beyond = |length: f32| length.max(0.0).ceil() as u32;
    let before = [beyond(reach - x), beyond(reach - y)];
    let after = [beyond(x + reach - small.width() as f32), beyond(y + reach - small.height() as f32)];
    (continued(&small, before, after), mesh.moved(before[0] as f32, before[1] as f32, 1.0))
}

/// Adds so many pixels before and after: the edge goes on, ever more blurred along it.
fn continued(picture: &RgbImage, before: [u32; 2], after: [u32; 2]) -> RgbImage {
    let (width, height) = picture.dimensions();
    let wide = {
        let left = Edge::new((0..height).map(|row| picture.get_pixel(0, row)));
        let right = Edge::new((0..height).map(|row| picture.get_pixel(width - 1, row)));
        let mut wide = RgbImage::from_fn(before[0] + width + after[0], height, |x, y| match x {
            x if x < before[0] => left.at(y, before[0] - x),
            x => right.at(y, (x + 1).saturating_sub(before[0] + width)),
        });
        replace(&mut wide, picture, before[0].into(), 0);
        wide
    };
    let width = wide.width();
    let top = Edge::new((0..width).map(|column| wide.get_pixel(column, 0)));
    let bottom = Edge::new((0..width).map(|column| wide.get_pixel(column, height - 1)));
    let mut whole = RgbImage::from_fn(width, before[1] + height + after[1], |x, y| match y {
        y if y < before[1] => top.at(x, before[1] - y),
        y => bottom.at(x, (y + 1).saturating_sub(before[1] + height)),
    });
    replace(&mut whole, &wide, 0, before[1].into());
    whole
}

/// The sums of the colours along an edge, so that the mean of any stretch is quick.
struct Edge(Vec<[u32; 3]>);

impl Edge {
    fn new<'a>(pixels: impl Iterator<Item = &'a Rgb<u8>>) -> Self {
        let mut sums = vec![[0; 3]];
        let mut sum = [0; 3];
        for pixel in pixels {
            for (total, value) in sum.iter_mut().zip(pixel.0) {
                *total += u32::from(value);
            }
            sums.push(sum);
        }
        Self(sums)
    }

    /// The colour so many pixels beyond the edge.
    fn at(&self, place: u32, beyond: u32) -> Rgb<u8> {
        let last = self.0.len() - 1;
        let half = beyond as usize / 3;
        let from = (place as usize).saturating_sub(half).min(last - 1);
        let to = (place as usize + half + 1).min(last);
        Rgb(std::array::from_fn(|i| ((self.0[to][i] - self.0[from][i]) / (to - from) as u32) as u8))
    }
}
