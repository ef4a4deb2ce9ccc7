use super::Sweep;
use super::altered::Place;
use super::distance::{CHANGE, growth};
use super::sweep::Turned;
use crate::kit::built;
use bytes::Bytes;
use image::{GenericImage as _, RgbImage, imageops};
use liveness_kit::{FaceMesh, Head, Oval, Photo, Pose, Studio, encode_jpeg, read_picture};
use std::path::Path;
use std::sync::OnceLock;

/// Degrees from frame to frame.
const STEP: f32 = 1.0;
/// How far a head turns.
const HEAD_TURNS: f32 = 29.0;
/// Where the rendered head's face is.
const PLACE: Place = Place::Head(Oval { middle: (0.5, 0.5), half: (0.16, 0.3) });
/// How far a picture is turned by hand: further than a head, for it shows less.
const PICTURE_TURNS: f32 = 48.0;
const PICTURE_STEP: f32 = 2.0;
/// From where a picture in a hand shows a face of the size of a head's, in cm.
const HAND_DISTANCE: f32 = 26.0;
/// How far a picture is turned that is held close.
const CLOSE_TURNS: f32 = 42.0;

fn portrait() -> (RgbImage, FaceMesh) {
    let file = built().join("test/astronaut.png");
    let picture = read_picture(&file).expect("the test portrait is not there: run `make models`");
    (picture, FaceMesh::astronaut().unwrap())
}

/// The head that is rendered for all tests, once a process.
pub(crate) fn rendered() -> Sweep {
    static HEAD: OnceLock<Sweep> = OnceLock::new();
    let render = || {
        let (picture, mesh) = portrait();
        let head = Head::new(&picture, &mesh);
        let at = &|level: i32| {
            let distance = Pose::USUAL_DISTANCE / growth(level);
            let poses = Turned::yaws(HEAD_TURNS, STEP).into_iter().map(|yaw| head_pose(yaw).at(distance));
            Turned::new(encoded(&head.frames(&Studio::default(), &poses.collect::<Vec<_>>())), STEP, level)
        };
        let distances = std::thread::scope(|scope| {
            let drawn = [-CHANGE, 0, CHANGE].map(|level| scope.spawn(move || at(level)));
            drawn.map(|drawn| drawn.join().unwrap())
        });
        Sweep::new(PLACE, distances.into())
    };
    HEAD.get_or_init(render).clone()
}

/// A head nods and shifts a little as it turns.
fn head_pose(yaw: f32) -> Pose {
    Pose { pitch: (yaw * 0.7).sin(), dx: (yaw * 0.9).cos() * 0.1, ..Pose::yaw(yaw) }
}

/// A picture in a hand moves sideways and tilts as it is turned.
fn hand_pose(yaw: f32) -> Pose {
    let (sin, cos) = (yaw * 0.8).sin_cos();
    Pose {
        pitch: 1.5 * sin,
        roll: 1.5 * cos,
        dx: yaw * 0.06,
        dy: 0.3 * sin,
        ..Pose::yaw(yaw).at(HAND_DISTANCE)
    }
}

/// A print of the portrait that is moved and turned by hand: flat, or bent by this radius over its width.
pub(crate) fn print(bend: Option<f32>) -> Sweep {
    let (picture, mesh) = portrait();
    let photo = Photo::of_face(&picture, &mesh);
    turned_by_hand(&bend.map_or(photo.clone(), |radius| photo.bent(radius)))
}

/// A print of somebody else, bent or not, held close to the camera and turned as far as hands do.
pub(crate) fn print_of(picture: &RgbImage, mesh: &FaceMesh, bend: Option<f32>) -> Sweep {
    let photo = Photo::of_face(picture, mesh);
    let photo = bend.map_or(photo.clone(), |radius| photo.bent(radius));
    let poses: Vec<Pose> =
        Turned::yaws(CLOSE_TURNS, PICTURE_STEP).into_iter().map(|yaw| hand_pose(yaw).at(28.0)).collect();
    flat(&photo.frames(&Studio::default(), &poses), PICTURE_STEP)
}

/// A picture that lies on its side, upright.
fn upright(file: &Path) -> RgbImage {
    imageops::rotate90(&read_picture(file).unwrap())
}

/// A picture that lies on its side, upright, held still.
pub(crate) fn shown_file(file: &Path) -> Bytes {
    encode_jpeg(&upright(file)).unwrap().into()
}

/// A picture that lies on its side, upright, printed, and moved and turned by hand.
pub(crate) fn printed_file(file: &Path) -> Sweep {
    turned_by_hand(&Photo::new(&upright(file), 20.0))
}

fn turned_by_hand(photo: &Photo) -> Sweep {
    let poses: Vec<Pose> = Turned::yaws(PICTURE_TURNS, PICTURE_STEP).into_iter().map(hand_pose).collect();
    flat(&photo.frames(&Studio::default(), &poses), PICTURE_STEP)
}

/// Two heads side by side, turning together.
pub(crate) fn beside() -> Sweep {
    let (picture, mesh) = portrait();
    let (step, shift) = (2.0, 9.5);
    let head = Head::new(&picture, &mesh);
    let poses: Vec<Pose> = Turned::yaws(28.0, step).into_iter().map(Pose::yaw).collect();
    let left: Vec<Pose> = poses.iter().map(|pose| Pose { dx: -shift, ..*pose }).collect();
    let right: Vec<Pose> = poses.iter().map(|pose| Pose { dx: shift, ..*pose }).collect();
    let studio = Studio::default();
    let mut frames = head.frames(&studio, &left);
    for (frame, other) in frames.iter_mut().zip(head.frames(&studio, &right)) {
        let half = frame.width() / 2;
        let other = imageops::crop_imm(&other, half, 0, half, other.height()).to_image();
        frame.copy_from(&other, half, 0).unwrap();
    }
    flat(&frames, step)
}

/// What is as far away in all its parts, more or less: it grows and is lit as a whole.
fn flat(frames: &[RgbImage], step: f32) -> Sweep {
    Sweep::new(Place::Flat, vec![Turned::new(encoded(frames), step, 0)])
}

fn encoded(frames: &[RgbImage]) -> Vec<Bytes> {
    frames.iter().map(|frame| encode_jpeg(frame).unwrap().into()).collect()
}
