//! The networks find the faces, and see them do what is asked; filmed people move without a cut.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use image::RgbImage;
use liveness_attacks::{
    Asked, Clip, ClipPerson, Filmed, Manner, Material, Scene, Script, Sent, Species, Subject, Warped,
};
use liveness_events::challenge::Way;
use liveness_models::{Analyser, Face, Manifest, ModelSet, Picture, Request, Runtime};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

fn built() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/built")
}

/// One for all tests: a process has one runtime.
fn analyser() -> &'static Mutex<Analyser> {
    static ANALYSER: OnceLock<Mutex<Analyser>> = OnceLock::new();
    ANALYSER.get_or_init(|| {
        let dirs = [built()];
        let manifest = Manifest::built_in().unwrap();
        let runtime = Runtime::load(&manifest.runtime_library(&dirs).unwrap()).unwrap();
        Mutex::new(Analyser::load(&runtime, &ModelSet::read(&manifest, &dirs).unwrap()).unwrap())
    })
}

fn face(sent: &Sent) -> Face {
    let picture = Picture::decode(&sent.jpeg).unwrap();
    let measured = analyser().lock().unwrap().measure(&picture, Request::default()).unwrap();
    measured.face.unwrap_or_else(|| panic!("no face at {:?}, {:?}", sent.at, sent.shown))
}

/// The face at the end of each step.
fn ends(subject: &mut dyn Subject, steps: &[Asked]) -> Vec<Face> {
    let script = Script::new(steps.iter().map(|asked| (*asked, Duration::from_secs(4))).collect());
    let sent = script.run(subject);
    let last = |chunk: &[Sent]| face(chunk.last().unwrap());
    sent.chunk_by(|a, b| a.shown == b.shown).map(last).collect()
}

/// A file of the shared media; none, said aloud, where they are absent.
fn clip(name: &str) -> Option<Arc<Clip>> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media/live").join(name);
    if !file.is_file() {
        eprintln!("passed over: needs {}, which is not here", file.display());
        return None;
    }
    Some(Arc::new(Clip::read(&file, &mut analyser().lock().unwrap()).unwrap()))
}

/// Asks for everything, and looks whether it is done.
fn does_all(subject: &mut dyn Subject) {
    let asked = [
        Asked::Framing,
        Asked::TurnLeft,
        Asked::TurnRight,
        Asked::TurnUp,
        Asked::TurnDown,
        Asked::Nearer,
        Asked::Light([255, 0, 0]),
        Asked::Farther,
    ];
    let ends = ends(subject, &asked);
    let [ahead, left, right, up, down, near, lit, far] = ends.as_slice() else { panic!("{}", ends.len()) };
    assert!(left.pose.yaw - ahead.pose.yaw > 14.0, "left {:?}", left.pose);
    assert!(right.pose.yaw - ahead.pose.yaw < -14.0, "right {:?}", right.pose);
    assert!(up.pose.pitch - ahead.pose.pitch > 9.0, "up {:?}", up.pose);
    assert!(down.pose.pitch - ahead.pose.pitch < -9.0, "down {:?}", down.pose);
    assert!(near.size > ahead.size * 1.18, "near {} after {}", near.size, ahead.size);
    assert!((lit.size / near.size - 1.0).abs() < 0.05, "stays: {} after {}", lit.size, near.size);
    assert!(far.size < near.size * 0.85, "far {} after {}", far.size, near.size);
}

#[test]
fn a_rendered_head_does_what_is_asked() {
    let material = Material::test_portrait(&built().join("test/astronaut.png")).unwrap();
    for seed in [1, 2] {
        does_all(&mut *Species::RenderedHead.subject(&material, 0, seed, Way::Light).unwrap());
    }
}

#[test]
fn filmed_people_do_what_is_asked() {
    for name in ["d3.mp4", "a1_turns.mp4"] {
        let Some(clip) = clip(name) else { return };
        let scene = Scene::draw(4);
        does_all(&mut Filmed::new(
            ClipPerson::new(clip, Warped::AsNeeded, Manner::person(4), &scene),
            scene.clone(),
        ));
    }
}

/// Mean difference of two frames, in steps of 255.
fn apart(a: &Sent, b: &Sent) -> f64 {
    let [a, b]: [RgbImage; 2] = [a, b].map(|sent| image::load_from_memory(&sent.jpeg).unwrap().into_rgb8());
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

#[test]
fn an_honest_clip_has_no_cut_and_a_puppet_has() {
    let Some(clip) = clip("d3.mp4") else { return };
    let steps = [Asked::Framing, Asked::TurnLeft, Asked::Hold, Asked::TurnRight, Asked::Hold];
    let script = Script::new(steps.map(|asked| (asked, Duration::from_millis(2500))).to_vec());
    let widest = |subject: &mut dyn Subject| {
        let sent = script.run(subject);
        sent.windows(2).map(|pair| apart(&pair[0], &pair[1])).fold(0.0, f64::max)
    };
    let scene = Scene::plain(0.0);
    let honest = widest(&mut Filmed::new(
        ClipPerson::new(Arc::clone(&clip), Warped::Never, Manner::person(1), &scene),
        scene.clone(),
    ));
    let puppet = widest(&mut Filmed::new(
        liveness_attacks::Puppet::new(clip, Manner::person(1), &scene),
        scene.clone(),
    ));
    assert!(puppet > honest * 1.5, "{puppet} {honest}");
}

#[test]
fn who_takes_over_is_where_the_other_one_was() {
    let (Some(one), Some(other)) = (clip("d3.mp4"), clip("a1_turns.mp4")) else { return };
    let scene = Scene::plain(0.0);
    let [(size, face), (other_size, other_face)] =
        [Arc::clone(&one), Arc::new(other.in_place_of(&one))].map(|clip| {
            let person = ClipPerson::new(clip, Warped::AsNeeded, Manner::person(5), &scene);
            let steps = vec![(Asked::Framing, Duration::from_secs(1))];
            // The first frame: people move while they look ahead.
            let sent = Script::new(steps).run(&mut Filmed::new(person, scene.clone())).swap_remove(0);
            (image::load_from_memory(&sent.jpeg).unwrap().into_rgb8().dimensions(), face(&sent))
        });
    assert_eq!(size, other_size);
    assert!((other_face.size / face.size - 1.0).abs() < 0.1, "{} and {}", other_face.size, face.size);
    let [[left, top, width, _], there] = [face.bounds, other_face.bounds];
    for moved in [there[0] - left, there[1] - top] {
        assert!(moved.abs() < 0.2 * width, "{moved} of {width}");
    }
}
