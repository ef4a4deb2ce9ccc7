use bytes::Bytes;
use liveness_events::Digest;
use liveness_events::challenge::Colour;
use liveness_kit::{Oval, encode_jpeg, lit, nearer, zoomed};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// Where the face is in a picture, and whether it alone answers the screen's light.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// A head before a wall.
    Head(Oval),
    /// Something flat that is as near as a face, in the middle of the picture.
    Flat,
}

/// A picture that was altered, and how: by so many thousandths of its size, in this light.
type Known = HashMap<(Digest, i32, Option<Colour>), Bytes>;

/// The picture with a head that is larger by a factor, or all of it where it is flat, and in the light of the screen. Each
/// is made once a process.
pub(crate) fn altered(jpeg: &Bytes, face: &Place, factor: f32, colour: Option<Colour>) -> Bytes {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    if factor == 1.0 && colour.is_none() {
        return jpeg.clone();
    }
    let asked = (Digest::of(jpeg), (factor * 1e3).round() as i32, colour);
    if let Some(known) = KNOWN.lock().unwrap().get(&asked) {
        return known.clone();
    }
    let picture = image::load_from_memory(jpeg).unwrap().into_rgb8();
    let picture = match face {
        _ if factor == 1.0 => picture,
        Place::Head(oval) => nearer(&picture, oval, factor),
        Place::Flat => zoomed(&picture, (0.5, 0.5), factor),
    };
    let oval = match face {
        Place::Head(oval) => Some(oval.grown(factor)),
        Place::Flat => None,
    };
    let picture = match colour {
        Some(colour) => lit(&picture, oval.as_ref(), colour.rgb()),
        None => picture,
    };
    let made = Bytes::from(encode_jpeg(&picture).unwrap());
    KNOWN.lock().unwrap().insert(asked, made.clone());
    made
}
