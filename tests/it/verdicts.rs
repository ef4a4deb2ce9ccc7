//! What is judged, over many orders of turns: living people pass, and nothing else does.

use crate::bench::{Bench, Ending};
use crate::kit::{Random, built, media};
use crate::people::{
    ClipPerson, FRAME, Filmed, Follows, Loop, Person, Source, Still, Swap, Sweep, beside, print, print_of,
    printed_file, rendered, shown_file,
};
use bytes::Bytes;
use image::RgbImage;
use liveness_events::challenge::{Challenge, Way};
use liveness_kit::{FaceMesh, clip_frames, encode_jpeg};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

/// Challenges that are drawn of each way.
const DRAWN: usize = 8;
/// The same for each of many prints.
const FEW: usize = 2;

/// Some challenges of each way, at random.
fn orders(what: &str, drawn: usize) -> Vec<Challenge> {
    let mut random = Random::seeded(what);
    let mut draw = |way| Challenge::draw(way, u128::from(random.next()) << 64 | u128::from(random.next()));
    [Way::Light, Way::Motion].into_iter().flat_map(|way| vec![way; drawn]).map(&mut draw).collect()
}

/// Lets somebody try each order.
async fn endings<S: Source>(
    what: &str,
    drawn: usize,
    mut source: impl FnMut(usize) -> S,
) -> Vec<(Challenge, Ending)> {
    built();
    let mut endings = vec![];
    for (try_number, order) in orders(what, drawn).into_iter().enumerate() {
        let ending = Bench::get().attempt(order.clone(), &mut source(try_number)).await;
        endings.push((order, ending));
    }
    let mut counted = BTreeMap::new();
    for (order, ending) in &endings {
        *counted.entry(format!("{:?}: {}", order.way(), ending.summary())).or_insert(0) += 1;
    }
    eprintln!("{what}: {counted:#?}");
    endings
}

/// Somebody reacts a little sooner or later each time.
fn reacting(face: &Sweep, try_number: usize) -> Person {
    Person::new(face.clone()).reacting(FRAME * (2 + try_number as u32 % 5))
}

async fn never_passes<S: Source>(what: &str, source: impl FnMut(usize) -> S) {
    none_passes(what, DRAWN, source).await;
}

async fn none_passes<S: Source>(what: &str, drawn: usize, source: impl FnMut(usize) -> S) {
    for (order, ending) in endings(what, drawn, source).await {
        assert!(!ending.passed(), "{what} passed {:?}: {ending:?}", order.steps());
    }
}

#[tokio::test]
async fn a_rendered_head_passes_each_order() {
    for (order, ending) in endings("a head", DRAWN, |number| reacting(&rendered(), number)).await {
        assert!(ending.passed(), "{:?}: {ending:?}", order.steps());
    }
}

#[tokio::test]
async fn a_flat_photo_never_passes() {
    let photo = print(None);
    never_passes("a flat photo", |number| reacting(&photo, number)).await;
}

#[tokio::test]
async fn a_bent_photo_never_passes() {
    let photo = print(Some(0.75));
    never_passes("a bent photo", |number| reacting(&photo, number)).await;
}

#[tokio::test]
async fn a_black_picture_never_passes() {
    let black: Bytes = encode_jpeg(&RgbImage::new(640, 480)).unwrap().into();
    never_passes("a black picture", |_| Still(black.clone())).await;
}

#[tokio::test]
async fn two_faces_never_pass() {
    let faces = beside();
    never_passes("two faces", |number| reacting(&faces, number)).await;
}

#[tokio::test]
async fn a_known_print_never_passes() {
    let Some(file) = media("spoof/print_f1.jpg") else { return };
    let still = shown_file(&file);
    never_passes("a known print, held still", |_| Still(still.clone())).await;
    let moved = printed_file(&file);
    never_passes("a known print, moved", |number| reacting(&moved, number)).await;
}

/// The hardest pictures: prints of real people, held close, bent so that the mesh takes them for heads.
#[tokio::test]
async fn prints_of_real_people_never_pass() {
    for clip in ["d3", "d10", "d14", "s20"] {
        let Some(file) = media(&format!("live/{clip}.mp4")) else { return };
        let frames = clip_frames(&file, 2.0).unwrap();
        let picture = image::load_from_memory(&frames[2]).unwrap().to_rgb8();
        let mesh = FaceMesh::find(&picture, &mut Bench::get().analyser()).unwrap();
        for bend in [None, Some(0.6), Some(0.75), Some(0.9)] {
            let photo = print_of(&picture, &mesh, bend);
            none_passes(&format!("{clip}, bent {bend:?}"), FEW, |number| reacting(&photo, number)).await;
        }
    }
}

#[tokio::test]
async fn a_clip_that_follows_nothing_never_passes() {
    let Some(file) = media("live/d10.mp4") else { return };
    never_passes("a clip of somebody who talks", |_| Loop::of(&file)).await;
}

/// The turns of the clip in which both sides are turned to.
fn turner() -> Option<&'static Filmed> {
    static TURNS: OnceLock<Option<Filmed>> = OnceLock::new();
    let turns = || Some(Filmed::in_clip(&media("live/d3.mp4")?, &mut Bench::get().analyser()));
    TURNS.get_or_init(turns).as_ref()
}

#[tokio::test]
async fn turns_the_other_way_never_pass() {
    let Some(turns) = turner() else { return };
    never_passes("a real person, the other way", |_| ClipPerson::new(turns, Follows::TheOtherWay)).await;
}

#[tokio::test]
async fn turns_that_come_too_late_never_pass() {
    let Some(turns) = turner() else { return };
    let late = Follows::After(Duration::from_millis(7_100));
    never_passes("a real person, too late", |_| ClipPerson::new(turns, late)).await;
}

#[tokio::test]
async fn a_change_of_the_person_never_passes() {
    let Some(turns) = turner() else { return };
    let real = || ClipPerson::new(turns, Follows::AsAsked);
    never_passes("a real person, then a head", |_| Swap::new(real(), Person::new(rendered()))).await;
    never_passes("a head, then a real person", |_| Swap::new(Person::new(rendered()), real())).await;
}
