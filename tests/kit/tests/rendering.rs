//! What is rendered has the right shape, and the detector takes it for what it shows.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use image::{Rgb, RgbImage};
use liveness_kit::{FaceMesh, Head, Photo, Pose, Studio, encode_jpeg, read_picture};
use liveness_models::{Analyser, Likeness, Manifest, ModelSet, Picture, Request, Runtime};
use std::path::PathBuf;

/// No noise and a camera like the one that took the picture.
fn plain() -> Studio {
    Studio { noise: 0.0, ..Studio::default() }
}

fn built() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/built")
}

fn astronaut() -> (RgbImage, FaceMesh) {
    let file = built().join("test/astronaut.png");
    let picture =
        read_picture(&file).expect("run `cargo run -p liveness-model-setup -- --test-material` first");
    (picture, FaceMesh::astronaut().unwrap())
}

fn analyser() -> Analyser {
    let dirs = [built()];
    let manifest = Manifest::built_in().unwrap();
    let runtime = Runtime::load(&manifest.runtime_library(&dirs).unwrap()).unwrap();
    Analyser::load(&runtime, &ModelSet::read(&manifest, &dirs).unwrap()).unwrap()
}

/// Red on the left half, blue on the right one.
fn halves() -> RgbImage {
    RgbImage::from_fn(300, 400, |x, _| if x < 150 { Rgb([200, 30, 30]) } else { Rgb([30, 30, 200]) })
}

fn count(frame: &RgbImage, channel: usize) -> usize {
    frame.pixels().filter(|pixel| pixel.0[channel] > 90 && pixel.0[2 - channel] < 60).count()
}

#[test]
fn an_unturned_photo_is_the_picture() {
    let frame = Photo::new(&halves(), 15.0).frames(&plain(), &[Pose::AHEAD]).remove(0);
    assert_eq!(frame.dimensions(), (640, 480));
    for (x, wanted) in [(260, [200, 30, 30]), (380, [30, 30, 200])] {
        let seen = frame.get_pixel(x, 240).0;
        assert!(seen.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 3), "{seen:?}");
    }
    // 15 cm at 45 cm through a lens of 554 pixels are 185 pixels, less the rim.
    let row = (0..640).filter(|x| frame.get_pixel(*x, 240).0[1] < 60).count();
    assert!((170..=180).contains(&row), "{row}");
}

#[test]
fn the_half_that_comes_nearer_grows() {
    // Turned to the person's own left, the image's left half comes nearer.
    let photo = Photo::new(&halves(), 15.0);
    let frames = photo.frames(&plain(), &[Pose::yaw(-30.0), Pose::yaw(30.0)]);
    assert!(count(&frames[1], 0) > count(&frames[1], 2) * 11 / 10);
    assert!(count(&frames[0], 2) > count(&frames[0], 0) * 11 / 10);
    let bent = photo.bent(0.6).frames(&plain(), &[Pose::yaw(30.0)]);
    assert!(count(&bent[0], 0) > count(&bent[0], 2) * 12 / 10, "a bent one hides its far side");
}

#[test]
fn the_seed_fixes_every_pixel() {
    let photo = Photo::new(&halves(), 15.0).bent(0.75);
    let frames =
        |seed: u64| photo.frames(&Studio { seed, ..Studio::default() }, &[Pose::yaw(10.0), Pose::yaw(10.0)]);
    assert_eq!(frames(1), frames(1));
    assert_ne!(frames(1), frames(2));
    let two = frames(1);
    assert_ne!(two[0], two[1], "noise differs from frame to frame");
}

#[test]
fn an_unturned_head_is_the_picture() {
    let (picture, mesh) = astronaut();
    let head = Head::new(&picture, &mesh);
    let frames = head.frames(&plain(), &[Pose::AHEAD, Pose::AHEAD]);
    assert_eq!(frames[0], frames[1]);
    // The middle of the face comes to the middle of the frame; the scale is that of 9 cm between the eyes.
    let points = mesh.points();
    let eyes: f32 = (0..3).map(|axis| (points[33][axis] - points[263][axis]).powi(2)).sum::<f32>().sqrt();
    let scale = 9.0 / eyes * 554.26 / 45.0;
    let [left, top, right, bottom] = mesh.bounds();
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let differs = |shift_x: i32, shift_y: i32| {
        let mut sum = 0.0;
        for row in -50..50 {
            for column in -50..50 {
                let (from_x, from_y) = (x + column as f32 / scale, y + row as f32 / scale);
                let seen = frames[0].get_pixel((320 + column + shift_x) as u32, (240 + row + shift_y) as u32);
                let real = picture.get_pixel(from_x as u32, from_y as u32);
                sum += seen.0.iter().zip(real.0).map(|(a, b)| f32::from(a.abs_diff(b))).sum::<f32>();
            }
        }
        sum / 30_000.0
    };
    // The outline's middle is not quite the bounds'; the best of a few shifts is meant.
    let best = (-14..=14)
        .flat_map(|dx| (-14..=14).map(move |dy| (dx, dy)))
        .map(|(dx, dy)| differs(dx, dy))
        .fold(f32::MAX, f32::min);
    assert!(best < 8.0, "mean difference {best}");
}

#[test]
fn the_networks_see_a_head_turn_and_a_photo_stay_flat() {
    let (picture, mesh) = astronaut();
    let mut analyser = analyser();
    let mut measure = |frame: &RgbImage, reference: Option<&Likeness>| {
        let picture = Picture::decode(&encode_jpeg(frame).unwrap()).unwrap();
        analyser.measure(&picture, Request { reference, describe: false }).unwrap().face.expect("a face")
    };
    let yaws = [0.0, -30.0, -20.0, -10.0, 10.0, 20.0, 30.0];
    let poses = yaws.map(Pose::yaw);
    let heads = Head::new(&picture, &mesh).frames(&Studio::default(), &poses);
    let ahead = measure(&heads[0], None).likeness;
    for (yaw, frame) in yaws.iter().zip(&heads) {
        let face = measure(frame, Some(&ahead));
        assert!((face.pose.yaw - f64::from(*yaw)).abs() < 6.0, "{yaw} is seen as {:.1}", face.pose.yaw);
        assert!(yaw.abs() < 20.0 || face.planarity.unwrap() > 0.045, "{yaw}: {:?}", face.planarity);
    }
    let photos = Photo::of_face(&picture, &mesh).frames(&Studio::default(), &poses);
    let ahead = measure(&photos[0], None).likeness;
    for (yaw, frame) in yaws.iter().zip(&photos) {
        let face = measure(frame, Some(&ahead));
        assert!(face.pose.yaw.abs() < 9.0, "{yaw} is seen as {:.1}", face.pose.yaw);
        assert!(face.planarity.unwrap() < 0.035, "{yaw}: {:?}", face.planarity);
    }
}

#[test]
fn the_built_in_mesh_is_what_the_network_finds() {
    let (picture, built_in) = astronaut();
    let found = FaceMesh::find(&picture, &mut analyser()).unwrap();
    assert_eq!(FaceMesh::from_csv(&built_in.to_csv()).unwrap(), built_in);
    let apart =
        found.points().iter().flatten().zip(built_in.points().iter().flatten()).map(|(a, b)| (a - b).abs());
    let worst = apart.fold(0.0, f32::max);
    assert!(worst < 1.0, "{worst} pixels");
}
