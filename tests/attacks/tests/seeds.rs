//! The same seed gives the same frames, and another one gives others.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use liveness_attacks::{Asked, Material, Script, Sent, Species};
use liveness_events::challenge::Way;
use std::path::PathBuf;
use std::time::Duration;

fn material() -> Material {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/built");
    Material::test_portrait(&built.join("test/astronaut.png"))
        .expect("the test portrait is not there: run `make models`")
}

fn sent(species: Species, seed: u64) -> Vec<Sent> {
    let half = Duration::from_millis(500);
    let steps = [Asked::Framing, Asked::TurnLeft, Asked::Nearer, Asked::Light([0, 255, 0])];
    let script = Script::new(steps.map(|asked| (asked, half)).to_vec());
    script.run(&mut *species.subject(&material(), 0, seed, Way::Light).unwrap())
}

#[test]
fn the_seed_fixes_every_byte() {
    let of_portraits = [
        Species::RenderedHead,
        Species::MovedPrint,
        Species::BentPrint,
        Species::EyeHolePrint,
        Species::ScreenAvatar,
        Species::InjectedHeadTinted,
    ];
    for species in of_portraits {
        let once = sent(species, 5);
        assert_eq!(once, sent(species, 5), "{species:?}");
        assert_ne!(once, sent(species, 6), "{species:?}");
        assert!(once.windows(2).any(|pair| pair[0].jpeg != pair[1].jpeg), "{species:?} moves");
    }
}

#[test]
fn what_needs_clips_is_not_made_without() {
    for species in Species::ALL {
        let made = species.subject(&material(), 0, 1, Way::Motion).is_some();
        let clips = format!("{species:?}");
        let needs = ["Filmed", "Loop", "Splice", "Puppet", "Swapped", "Delayed", "Replayed"];
        assert_eq!(made, !needs.iter().any(|word| clips.contains(word)), "{species:?}");
        assert_eq!(made, species.shows(&material(), 0) == Some("astronaut"), "{species:?}");
    }
}
