//! Light falls on heads as on heads, and on paper as on paper.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use image::RgbImage;
use liveness_attacks::{
    Asked, Copies, Filmed, HeadPerson, Held, Injected, Manner, Material, Motif, Portrait, Print, Scene,
    Shown, Subject, linear,
};
use liveness_kit::{Photo, Studio};
use std::path::PathBuf;
use std::time::Duration;

const RED: [u8; 3] = [255, 0, 0];
const BLACK: [u8; 3] = [0, 0, 0];
/// Squares of 30 x 30 pixels in a frame of 640 x 480 with a face in its middle, by their left upper corner.
const LEFT_CHEEK: [u32; 2] = [345, 255];
const RIGHT_CHEEK: [u32; 2] = [265, 255];
const WALL: [u32; 2] = [560, 30];

fn portrait() -> Portrait {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/built");
    let file = built.join("test/astronaut.png");
    Material::test_portrait(&file)
        .expect("the test portrait is not there: run `make models`")
        .portraits
        .remove(0)
}

fn studio() -> Studio {
    Studio { noise: 0.0, ..Studio::default() }
}

fn head(scene: &Scene) -> HeadPerson {
    let still = Manner { blinks: None, tremor: liveness_kit::Tremor::NONE, ..Manner::person(1) };
    HeadPerson::new(portrait().head(), &studio(), still, scene)
}

fn print(scene: &Scene) -> Print {
    let Portrait { picture, mesh, .. } = portrait();
    Print::new(Photo::of_face(&picture, &mesh), Held::Still, &studio(), scene)
}

/// The frame while the screen has shown a colour for so many seconds.
fn lit(subject: &mut dyn Subject, colour: [u8; 3], seconds: u64) -> RgbImage {
    let shown = Shown { asked: Asked::Light(colour), since: Duration::from_secs(1) };
    subject.frame(Duration::from_millis(900), &Shown::FRAMING);
    let frames: Vec<Vec<u8>> = (10..=10 + seconds * 10)
        .map(|tenth| subject.frame(Duration::from_millis(tenth * 100), &shown))
        .collect();
    image::load_from_memory(frames.last().unwrap()).unwrap().into_rgb8()
}

/// Mean of a channel over a square, in linear light.
fn mean(frame: &RgbImage, [left, top]: [u32; 2], channel: usize) -> f32 {
    let pixels = (0..900).map(|i| frame.get_pixel(left + i % 30, top + i / 30).0[channel]);
    pixels.map(linear).sum::<f32>() / 900.0
}

/// How much brighter a channel is in one frame than in another, as a ratio.
fn gain(after: &RgbImage, before: &RgbImage, square: [u32; 2], channel: usize) -> f32 {
    mean(after, square, channel) / mean(before, square, channel)
}

fn both(motif: impl Fn(&Scene) -> Box<dyn Motif>, scene: &Scene) -> [RgbImage; 2] {
    [BLACK, RED].map(|colour| lit(&mut Filmed::new(motif(scene), scene.clone()), colour, 1))
}

#[test]
fn red_light_reddens_the_cheeks_and_hardly_the_wall() {
    let [dark, red] = both(|scene| Box::new(head(scene)), &Scene::plain(0.2));
    for cheek in [LEFT_CHEEK, RIGHT_CHEEK] {
        let (reddened, greened) = (gain(&red, &dark, cheek, 0), gain(&red, &dark, cheek, 1));
        assert!((1.08..1.3).contains(&reddened), "{reddened}");
        assert!((0.97..1.03).contains(&greened), "{greened}");
    }
    let wall = gain(&red, &dark, WALL, 0);
    assert!((0.98..1.04).contains(&wall), "{wall}");
}

#[test]
fn paper_answers_evenly_and_a_head_by_its_shape() {
    // So weak that nothing is overexposed; the print is held nearer, and so lit as much as the head.
    let (of_head, of_print) = (Scene::plain(0.06), Scene::plain(0.02));
    let nose = [305, 235];
    let uneven = |[dark, red]: [RgbImage; 2]| {
        // A square at the nose and one at the cheek's side, which looks away.
        gain(&red, &dark, nose, 0) / gain(&red, &dark, [250, 235], 0)
    };
    let head = uneven(both(|scene| Box::new(head(scene)), &of_head));
    let paper = uneven(both(|scene| Box::new(print(scene)), &of_print));
    assert!((paper - 1.0).abs() < 0.005, "paper {paper}, head {head}");
    assert!(head > 1.01, "head {head}, paper {paper}");
}

#[test]
fn the_camera_takes_the_colour_back_in_time() {
    let steady = Scene { adapts_in: Duration::from_millis(500), ..Scene::plain(0.3) };
    let adapting = Scene { auto_white_balance: 0.6, auto_exposure: 1.0, ..steady.clone() };
    // The wall is hardly lit: what happens to it, the camera does.
    let redness = |scene: &Scene, seconds| {
        let frame = lit(&mut Filmed::new(head(scene), scene.clone()), RED, seconds);
        mean(&frame, WALL, 0) / mean(&frame, WALL, 1)
    };
    let [before, after] = [0, 4].map(|seconds| redness(&adapting, seconds));
    assert!(after < before * 0.995, "{before} {after}");
    assert!(redness(&steady, 4) > after * 1.01);
}

#[test]
fn a_stream_that_copies_no_light_is_the_same_in_any() {
    let scene = Scene::plain(0.2);
    let frame = |copies, colour| lit(&mut Injected::new(head(&scene), copies, &scene), colour, 1);
    assert_eq!(frame(Copies::Nothing, BLACK), frame(Copies::Nothing, RED));
    let [dark, red] = [BLACK, RED].map(|colour| frame(Copies::Tint, colour));
    let (cheek, wall) = (gain(&red, &dark, LEFT_CHEEK, 0), gain(&red, &dark, WALL, 0));
    assert!(cheek > 1.02 && (cheek - wall).abs() < 0.03, "a tint lies on everything: {cheek} {wall}");
    let [dark, red] = [BLACK, RED].map(|colour| frame(Copies::Light, colour));
    assert!(gain(&red, &dark, LEFT_CHEEK, 0) > gain(&red, &dark, WALL, 0) + 0.02);
}

#[test]
fn every_second_injected_stream_shows_no_picture_twice() {
    let repeats = |seed: &u64| {
        let scene = Scene::draw(*seed);
        let mut stream = Injected::new(head(&scene), Copies::Nothing, &scene);
        let mut frame = || stream.frame(Duration::from_secs(1), &Shown::FRAMING);
        frame() == frame()
    };
    let count = (0..12).filter(repeats).count();
    assert!((2..=10).contains(&count), "{count} of 12");
}
