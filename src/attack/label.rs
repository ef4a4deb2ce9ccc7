//! What a manifest says of a presentation.

use super::plan::Planned;
use super::way_code;
use crate::eval::{Entry, Kind, Split};
use liveness_attacks::Scene;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Shares of the screen's light, in per cent, of which the nearest one is told.
const SHARES: [f64; 5] = [2.0, 5.0, 10.0, 20.0, 30.0];

/// In which split a person is: `report` where the first byte of SHA-256 of the name is even, else `tune`. So whoever plays
/// the same people has them in the same split, and nobody is in both.
#[must_use]
pub fn split(subject: &str) -> Split {
    if Sha256::digest(subject).first().is_some_and(|byte| byte % 2 == 0) {
        Split::Report
    } else {
        Split::Tune
    }
}

/// The label of a session in which somebody was presented.
pub(super) fn entry(planned: &Planned, session: Uuid) -> Entry {
    let species = planned.species;
    Entry {
        id: planned.id(),
        subject: planned.subject.clone(),
        kind: if species.is_bona_fide() { Kind::BonaFide } else { Kind::Attack(species.code().to_owned()) },
        condition: condition(planned, &Scene::draw(planned.seed)),
        split: split(&planned.subject),
        session,
        line: 0,
    }
}

/// The way and what is drawn, so roughly that many presentations share a condition. A stream that is injected has no
/// camera and no screen's light.
fn condition(planned: &Planned, scene: &Scene) -> String {
    let way = way_code(planned.way);
    let quality = (f64::from(scene.jpeg_quality) / 10.0).round() * 10.0;
    if planned.species.is_injected() {
        return format!("{way}, JPEG {quality}");
    }
    let rate = (scene.frame_rate / 10.0).round() * 10.0;
    let light = scene.screen_share * 100.0;
    let away = |share: &f64| (share / light).ln().abs();
    let share = SHARES.into_iter().min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(light);
    format!("{way}, {rate} frames/s, JPEG {quality}, screen {share} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness_attacks::Species;
    use liveness_events::challenge::Way;

    fn planned(species: Species) -> Planned {
        Planned { species, way: Way::Light, number: 0, seed: 3, subject: "anna".into() }
    }

    #[test]
    fn the_name_alone_says_the_split() {
        // Their hashes begin with 55, 0d and 78.
        assert_eq!(["anna", "boris", "clara"].map(split), [Split::Tune, Split::Tune, Split::Report]);
        let report = (0..1000).filter(|number| split(&format!("person {number}")) == Split::Report).count();
        assert!((450..550).contains(&report), "{report}");
    }

    #[test]
    fn a_condition_is_rough() {
        let scene = Scene { frame_rate: 13.0, jpeg_quality: 78, screen_share: 0.038, ..Scene::plain(0.0) };
        assert_eq!(
            condition(&planned(Species::StillPhoto), &scene),
            "light, 10 frames/s, JPEG 80, screen 5 %"
        );
        assert_eq!(condition(&planned(Species::InjectedHead), &scene), "light, JPEG 80");
    }

    #[test]
    fn living_persons_have_no_species() {
        let session = Uuid::from_u128(7);
        assert_eq!(entry(&planned(Species::Filmed), session).kind, Kind::BonaFide);
        let attack = entry(&planned(Species::ScreenLoop), session);
        assert_eq!((attack.kind.species(), attack.session), (Some("screen-loop"), session));
        assert_eq!(attack.id, "screen-loop 0 of anna, light, seed 3");
    }
}
