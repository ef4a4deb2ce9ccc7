//! The networks on real pictures: the test portrait, and what lies in `../shared` where that is there.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "helpers of tests")]

use liveness_models::manifest::ModelState;
use liveness_models::parts::Parts;
use liveness_models::{Analyser, Face, Manifest, ModelSet, Picture, Request, Runtime, cues};
use std::path::{Path, PathBuf};

/// The mesh leans, and not in mirror images: degrees by which a pose and its mirror image may differ.
const LEAN: f64 = 8.0;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn analyser(further: Option<PathBuf>) -> Analyser {
    let dirs: Vec<PathBuf> = further.into_iter().chain([root().join("models/built")]).collect();
    analyser_of(&Manifest::built_in().unwrap(), &dirs)
}

fn analyser_of(manifest: &Manifest, dirs: &[PathBuf]) -> Analyser {
    let library = manifest.runtime_library(dirs).expect("the networks are missing: run `make models`");
    Analyser::load(&Runtime::load(&library).unwrap(), &ModelSet::read(manifest, dirs).unwrap()).unwrap()
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if !path.exists() {
        eprintln!("not tested: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// A photo of any kind, as its pixels lie in the file: photographers turn theirs, pages do not.
fn read(file: &Path) -> Picture {
    let rgb = image::open(file).unwrap().into_rgb8();
    Picture::from_rgb(rgb.width(), rgb.height(), rgb.into_raw()).unwrap()
}

fn face(analyser: &mut Analyser, picture: &Picture) -> Face {
    let measured = analyser.measure(picture, Request { reference: None, describe: true }).unwrap();
    assert_eq!(measured.faces, 1);
    measured.face.expect("the mesh fits")
}

/// The picture mirrored left to right.
fn mirrored(picture: &Picture) -> Picture {
    let rows = picture.rgb().chunks_exact(picture.width() as usize * 3);
    let rgb = rows.flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect();
    Picture::from_rgb(picture.width(), picture.height(), rgb).unwrap()
}

#[test]
fn a_live_face_is_measured_and_its_mirror_image_turns_the_other_way() {
    let Some(file) = shared("media/live/t1.jpg") else { return };
    let picture = read(&file);
    let mut analyser = analyser(None);
    let (seen, mirror) = (face(&mut analyser, &picture), face(&mut analyser, &mirrored(&picture)));
    assert!(seen.presence > 0.9 && seen.size > 0.2 && seen.sharpness > 1.0, "{seen:?}");
    assert!((seen.pose.yaw + mirror.pose.yaw).abs() < LEAN, "{} and {}", seen.pose.yaw, mirror.pose.yaw);
    assert!((seen.pose.roll + mirror.pose.roll).abs() < LEAN, "{} and {}", seen.pose.roll, mirror.pose.roll);
    assert!(
        (seen.pose.pitch - mirror.pose.pitch).abs() < LEAN,
        "{} and {}",
        seen.pose.pitch,
        mirror.pose.pitch
    );
}

#[test]
fn a_frame_compared_with_itself_is_flat_and_the_same() {
    let Some(file) = shared("media/live/t1.jpg") else { return };
    let picture = read(&file);
    let mut analyser = analyser(None);
    let reference = face(&mut analyser, &picture).likeness;
    let request = Request { reference: Some(&reference), describe: true };
    let again = analyser.measure(&picture, request).unwrap().face.unwrap();
    assert!(again.planarity.unwrap() < 1e-3, "{:?}", again.planarity);
    assert!(again.similarity.unwrap() > 0.999, "{:?}", again.similarity);
}

#[test]
fn all_cues_are_measured_on_a_face_and_bear_names_that_are_listed() {
    let Some(file) = shared("media/live/t1.jpg") else { return };
    let picture = read(&file);
    let cues = analyser(None).measure(&picture, Request::default()).unwrap().cues;
    assert_eq!(cues.keys().copied().collect::<Vec<_>>(), cues::NAMES);
    assert!(cues.values().flatten().all(|number| number.is_finite()), "{cues:?}");
    // Skin is redder than it is blue, in whatever light people sit.
    for name in ["forehead", "left_cheek", "right_cheek", "nose", "chin"] {
        assert!(cues[name][0] > cues[name][2], "{name}: {:?}", cues[name]);
    }
}

#[test]
fn each_part_is_told_once_and_it_changes_nothing() {
    let Some(file) = shared("media/live/t1.jpg") else { return };
    let picture = read(&file);
    let mut analyser = analyser(None);
    let reference = face(&mut analyser, &picture).likeness;
    let request = Request { reference: Some(&reference), describe: true };
    let mut told = Vec::new();
    let by_parts = analyser.measure_by_parts(&picture, request, &mut |part| told.push(part)).unwrap();
    let of_a_face = ["descriptor", "texture", "backdrop", "quality", "planarity", "pose"];
    assert_eq!(told, [&["detector", "mesh"], cues::NAMES, &of_a_face].concat());
    let plain = analyser.measure(&picture, request).unwrap();
    assert_eq!((by_parts.cues, by_parts.face.unwrap().pose), (plain.cues, plain.face.unwrap().pose));
}

#[test]
fn nobody_is_nobody() {
    let grey = Picture::from_rgb(640, 480, vec![90; 640 * 480 * 3]).unwrap();
    let measured = analyser(None).measure(&grey, Request::default()).unwrap();
    assert_eq!((measured.faces, measured.face.is_none()), (0, true));
    assert!(measured.cues.contains_key("exposure") && !measured.cues.contains_key("eyes"));
}

#[test]
fn the_optional_pair_tells_a_live_face_from_a_print() {
    let (Some(models), Some(live), Some(print)) =
        (shared("models"), shared("media/live/t1.jpg"), shared("media/spoof/print_f1.jpg"))
    else {
        return;
    };
    let mut analyser = analyser(Some(models));
    let mut texture = |file: PathBuf| {
        let picture = read(&file);
        face(&mut analyser, &picture).texture.unwrap()
    };
    let (live, print) = (texture(live), texture(print));
    assert!(live > 0.9 && print < 0.5, "live {live}, print {print}");
}

#[test]
fn what_is_in_the_shadow_is_told_apart() {
    let (Some(models), Some(live)) = (shared("models"), shared("media/live/t1.jpg")) else { return };
    let picture = read(&live);
    let enabled = analyser(Some(models.clone())).measure(&picture, Request::default()).unwrap();
    assert!(!enabled.cues.keys().any(|cue| cue.ends_with("_shadow")), "{:?}", enabled.cues);

    let folder = tempfile::tempdir().unwrap();
    let (parts, dirs) = (Parts::at(folder.path()), [models, root().join("models/built")]);
    for part in ["texture", "antispoof", "liveness"] {
        parts.set(part, ModelState::Shadow, &dirs).unwrap();
    }
    let mut analyser = analyser_of(&parts.manifest().unwrap(), &dirs);
    let shadow = analyser.measure(&picture, Request::default()).unwrap();
    assert_eq!(shadow.face.unwrap().texture, None);
    assert_eq!(shadow.cues["texture_shadow"], [enabled.face.unwrap().texture.unwrap()]);
    for weak in ["antispoof_shadow", "liveness_shadow"] {
        assert!((0.0..=1.0).contains(&shadow.cues[weak][0]), "{:?}", shadow.cues);
    }
}
