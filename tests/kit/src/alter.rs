//! What may become of a picture that was taken already, where nothing is there to be rendered again: head or camera comes
//! nearer, or is tilted, or a screen shines. Both are sketches: no perspective, no shape, no camera that adapts.

use crate::FaceMesh;
use image::{Rgb, RgbImage};

/// What the full screen adds to the light that falls on a face at arm's length, in each channel that it shows, over the
/// light of the room.
const ON_FACE: f32 = 0.25;
/// The same on what is far behind the face.
const BEHIND: f32 = 0.02;
/// From how far within the ellipse to how far without the light goes from one to the other, as radii.
const RIM: (f32, f32) = (0.9, 1.3);

/// Where the face is: an upright ellipse, in shares of the picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oval {
    /// Across and down to its middle.
    pub middle: (f32, f32),
    /// Half its width and half its height.
    pub half: (f32, f32),
}

/// The picture as a camera takes it that sees everything larger by this factor; what lies beyond the edge is like the
/// edge.
#[must_use]
pub fn zoomed(picture: &RgbImage, middle: (f32, f32), factor: f32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let about = [middle.0 * width as f32, middle.1 * height as f32];
    Placing { from: about, to: about, scale: factor, size: (width, height) }.picture(picture)
}

/// How a picture is set into another one's frame: enlarged, and one place laid on another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placing {
    /// The place in the picture, in pixels from its upper left corner.
    pub from: [f32; 2],
    /// Where it comes to lie.
    pub to: [f32; 2],
    /// By how much everything is larger there.
    pub scale: f32,
    /// Width and height of the other one.
    pub size: (u32, u32),
}

impl Placing {
    /// The picture in its new frame; what lies beyond its edge is like the edge.
    #[must_use]
    pub fn picture(&self, picture: &RgbImage) -> RgbImage {
        let Self { from, to, scale, size } = *self;
        let source = |place: u32, axis: usize| from[axis] + (place as f32 + 0.5 - to[axis]) / scale;
        RgbImage::from_fn(size.0, size.1, |x, y| sampled(picture, [source(x, 0), source(y, 1)]))
    }

    /// The face in it.
    #[must_use]
    pub fn face(&self, face: &FaceMesh) -> FaceMesh {
        let Self { from, to, scale, .. } = *self;
        face.moved(to[0] / scale - from[0], to[1] / scale - from[1], scale)
    }
}

/// The picture as a camera takes it that was tilted: all turns clockwise about the middle, by so many degrees. What lies
/// beyond the edge is like the edge.
#[must_use]
pub fn tilted(picture: &RgbImage, degrees: f32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let tilt = Tilt::of(picture, -degrees);
    RgbImage::from_fn(width, height, |x, y| sampled(picture, tilt.place([x as f32 + 0.5, y as f32 + 0.5])))
}

/// The colour at a place between pixels; beyond the edge it is the edge's.
fn sampled(picture: &RgbImage, [x, y]: [f32; 2]) -> Rgb<u8> {
    let (width, height) = picture.dimensions();
    let near = |place: f32, side: u32| {
        let place = (place - 0.5).clamp(0.0, (side - 1) as f32);
        let first = place as u32;
        (first, (first + 1).min(side - 1), place - first as f32)
    };
    let ((left, right, across), (upper, lower, down)) = (near(x, width), near(y, height));
    let corner = |x: u32, y: u32| picture.get_pixel(x, y).0.map(f32::from);
    let [a, b, c, d] = [corner(left, upper), corner(right, upper), corner(left, lower), corner(right, lower)];
    Rgb([0, 1, 2].map(|channel| {
        let upper = a[channel] + (b[channel] - a[channel]) * across;
        let lower = c[channel] + (d[channel] - c[channel]) * across;
        (upper + (lower - upper) * down).round() as u8
    }))
}

/// Where a tilt takes what is in a picture.
#[derive(Debug, Clone, Copy)]
pub struct Tilt {
    middle: [f32; 2],
    sin_cos: (f32, f32),
}

impl Tilt {
    /// Clockwise about the middle of the picture, by so many degrees.
    #[must_use]
    pub fn of(picture: &RgbImage, degrees: f32) -> Self {
        let middle = [picture.width() as f32 / 2.0, picture.height() as f32 / 2.0];
        Self { middle, sin_cos: degrees.to_radians().sin_cos() }
    }

    /// A place, in pixels from the upper left corner.
    #[must_use]
    pub fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let ((sin, cos), [middle_x, middle_y]) = (self.sin_cos, self.middle);
        let (x, y) = (x - middle_x, y - middle_y);
        [middle_x + x * cos - y * sin, middle_y + x * sin + y * cos]
    }
}

/// The picture as a camera takes it when the head has come nearer, so that it is larger by this factor: what is behind it
/// stays where it is.
#[must_use]
pub fn nearer(picture: &RgbImage, head: &Oval, factor: f32) -> RgbImage {
    let mut nearer = zoomed(picture, head.middle, factor);
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    // Where it was is where it hides something, also when it moves away.
    let reach = head.grown(factor.max(1.0));
    for ((x, y, pixel), before) in nearer.enumerate_pixels_mut().zip(picture.pixels()) {
        let share = reach.share((x as f32 + 0.5) / width, (y as f32 + 0.5) / height);
        for (value, behind) in pixel.0.iter_mut().zip(before.0) {
            *value = (f32::from(*value) * share + f32::from(behind) * (1.0 - share)).round() as u8;
        }
    }
    nearer
}

/// The picture as a camera takes it while a screen beside the camera shines in a colour (each channel 0 or 1). Without a
/// face, all of it is as near as a face is: a print, or another screen.
#[must_use]
pub fn lit(picture: &RgbImage, face: Option<&Oval>, colour: [u8; 3]) -> RgbImage {
    let tones = Tones::new();
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let mut lit = picture.clone();
    for (x, y, pixel) in lit.enumerate_pixels_mut() {
        let (across, down) = ((x as f32 + 0.5) / width, (y as f32 + 0.5) / height);
        let added = face.map_or(ON_FACE, |face| BEHIND + (ON_FACE - BEHIND) * face.share(across, down));
        for (value, shown) in pixel.0.iter_mut().zip(colour) {
            *value = tones.lit(*value, 1.0 + added * f32::from(shown));
        }
    }
    lit
}

impl Oval {
    /// The same place, larger by a factor.
    #[must_use]
    pub fn grown(&self, factor: f32) -> Self {
        Self { middle: self.middle, half: (self.half.0 * factor, self.half.1 * factor) }
    }

    /// 1 within, 0 without, and between them at the rim.
    fn share(&self, across: f32, down: f32) -> f32 {
        let (x, y) = ((across - self.middle.0) / self.half.0, (down - self.middle.1) / self.half.1);
        ((RIM.1 - x.hypot(y)) / (RIM.1 - RIM.0)).clamp(0.0, 1.0)
    }
}

/// Steps of linear light for which the encoded value is kept.
const STEPS: usize = 4096;

/// Between values from 0 to 255 and linear light (IEC 61966-2-1).
struct Tones {
    linear: Vec<f32>,
    encoded: Vec<u8>,
}

impl Tones {
    fn new() -> Self {
        let linear = |value: u8| {
            let value = f32::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let encoded = |step: usize| {
            let light = step as f32 / STEPS as f32;
            let value =
                if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            (value * 255.0).round() as u8
        };
        Self { linear: (0..=255).map(linear).collect(), encoded: (0..=STEPS).map(encoded).collect() }
    }

    fn lit(&self, value: u8, by: f32) -> u8 {
        let light = self.linear[usize::from(value)] * by;
        self.encoded[((light * STEPS as f32).round() as usize).min(STEPS)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: Oval = Oval { middle: (0.5, 0.5), half: (0.2, 0.3) };

    /// Grey, with a white square of this many pixels in the middle.
    fn square(side: u32) -> RgbImage {
        let within = |place: u32, length: u32| place.abs_diff(length / 2) < side / 2;
        RgbImage::from_fn(160, 120, |x, y| Rgb([if within(x, 160) && within(y, 120) { 255 } else { 100 }; 3]))
    }

    #[test]
    fn what_is_tilted_is_where_the_tilt_says() {
        let mut picture = RgbImage::new(160, 120);
        (0..9).for_each(|i| picture.put_pixel(119 + i % 3, 59 + i / 3, Rgb([255; 3])));
        let tilted = tilted(&picture, 90.0);
        let [x, y] = Tilt::of(&picture, 90.0).place([120.5, 60.5]);
        assert!((x - 79.5).abs() < 0.01 && (y - 100.5).abs() < 0.01, "{x} {y}");
        assert!(tilted.get_pixel(79, 100).0[0] > 250 && tilted.get_pixel(120, 60).0[0] == 0);
    }

    #[test]
    fn what_is_placed_lies_where_its_face_says() {
        let face = FaceMesh::astronaut().unwrap();
        let [x, y, _] = face.points()[1];
        let mut picture = RgbImage::new(512, 512);
        picture.put_pixel(x as u32, y as u32, Rgb([255; 3]));
        let placing = Placing { from: [100.0, 50.0], to: [40.0, 90.0], scale: 2.0, size: (640, 480) };
        let (placed, face) = (placing.picture(&picture), placing.face(&face));
        let [x, y, _] = face.points()[1];
        assert_eq!(placed.dimensions(), (640, 480));
        assert!(placed.get_pixel(x as u32, y as u32).0[0] > 100);
    }

    #[test]
    fn behind_a_head_that_comes_nearer_all_stays_where_it_is() {
        let mut picture = square(20);
        picture.put_pixel(3, 3, Rgb([9; 3]));
        let after = nearer(&picture, &Oval { middle: (0.5, 0.5), half: (0.1, 0.14) }, 1.5);
        assert_eq!(*after.get_pixel(3, 3), Rgb([9; 3]));
        assert!(white(&after) > 2 * white(&picture));
    }

    fn white(picture: &RgbImage) -> usize {
        picture.pixels().filter(|pixel| pixel.0[0] > 177).count()
    }

    #[test]
    fn a_zoom_changes_areas_by_its_square() {
        let picture = square(40);
        for factor in [0.8, 1.25] {
            let ratio = white(&zoomed(&picture, (0.5, 0.5), factor)) as f32 / white(&picture) as f32;
            assert!((ratio / (factor * factor) - 1.0).abs() < 0.08, "{factor}: {ratio}");
        }
        assert_eq!(zoomed(&picture, (0.3, 0.9), 1.0), picture);
    }

    #[test]
    fn the_screen_lights_the_face_in_its_colour_and_hardly_what_is_behind() {
        let picture = RgbImage::from_pixel(160, 120, Rgb([120, 100, 80]));
        let lit = lit(&picture, Some(&FACE), [1, 0, 0]);
        let (face, wall) = (lit.get_pixel(80, 60).0, lit.get_pixel(2, 2).0);
        // A quarter more light is 1.25^(1/2.4) of the value, above the straight part.
        assert!((130..=134).contains(&face[0]), "{face:?}");
        assert_eq!(face[1..], [100, 80]);
        assert!((120..=122).contains(&wall[0]), "{wall:?}");
    }

    #[test]
    fn what_is_flat_is_lit_all_over() {
        let lit = lit(&RgbImage::from_pixel(16, 16, Rgb([100; 3])), None, [0, 1, 1]);
        let [red, green, blue] = lit.get_pixel(0, 0).0;
        assert!(red == 100 && green > 105 && green == blue);
        assert!(lit.pixels().all(|pixel| pixel.0 == [red, green, blue]));
    }
}
