use super::way_code;
use liveness_attacks::{Material, Species};
use liveness_events::challenge::Way;
use sha2::{Digest as _, Sha256};

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which species.
    pub species: Vec<Species>,
    /// By which ways.
    pub ways: Vec<Way>,
    /// How many of each species by each way.
    pub count: u64,
    /// What fixes all that is drawn.
    pub seed: u64,
}

/// A presentation to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is shown.
    pub species: Species,
    /// With light or without.
    pub way: Way,
    /// Its number among those of its species and way, from 0; also the number of the person.
    pub number: u64,
    /// What fixes its scene and its manner.
    pub seed: u64,
    /// Who is shown, or whose likeness is.
    pub subject: String,
}

impl Planned {
    /// Its name, from which it can be played again with the same material.
    #[must_use]
    pub fn id(&self) -> String {
        let Self { species, way, number, seed, subject } = self;
        format!("{} {number} of {subject}, {}, seed {seed}", species.code(), way_code(*way))
    }
}

/// Who comes, in order: one of each species by each way, then the next one, so that a run that is broken off has some of
/// everything. A species that the material has nothing for is left out.
#[must_use]
pub fn plan(wanted: &Wanted, material: &Material) -> Vec<Planned> {
    let mut planned = Vec::new();
    for number in 0..wanted.count {
        for species in &wanted.species {
            let Some(subject) = species.shows(material, number) else { continue };
            planned.extend(wanted.ways.iter().map(|way| Planned {
                species: *species,
                way: *way,
                number,
                seed: mixed(wanted.seed, *species, *way, number),
                subject: subject.to_owned(),
            }));
        }
    }
    planned
}

/// Another seed for each presentation, whatever else is played beside it.
fn mixed(seed: u64, species: Species, way: Way, number: u64) -> u64 {
    let hash = Sha256::digest(format!("{seed} {} {} {number}", species.code(), way_code(way)));
    hash.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::path::Path;

    fn wanted(species: &[Species], count: u64) -> Wanted {
        Wanted { species: species.to_vec(), ways: vec![Way::Light, Way::Motion], count, seed: 1 }
    }

    fn material() -> Material {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/built/test/astronaut.png");
        Material::test_portrait(&file).expect("the test portrait is not there: run `make models`")
    }

    #[test]
    fn each_species_comes_by_each_way_before_one_comes_again() {
        let species = [Species::StillPhoto, Species::InjectedHead];
        let planned = plan(&wanted(&species, 2), &material());
        assert_eq!(planned.len(), 8);
        let first: HashSet<_> = planned[..4].iter().map(|one| (one.species, way_code(one.way))).collect();
        assert_eq!(first.len(), 4);
        assert!(planned[..4].iter().all(|one| one.number == 0 && one.subject == "astronaut"));
        let seeds: HashSet<_> = planned.iter().map(|one| one.seed).collect();
        let ids: HashSet<_> = planned.iter().map(Planned::id).collect();
        assert_eq!((seeds.len(), ids.len()), (8, 8));
    }

    #[test]
    fn more_of_them_are_the_same_ones_and_others() {
        let [few, many] = [1, 3].map(|count| plan(&wanted(&[Species::StillPhoto], count), &material()));
        assert_eq!(few, many[..few.len()]);
        let alone =
            plan(&Wanted { ways: vec![Way::Motion], ..wanted(&[Species::StillPhoto], 1) }, &material());
        assert_eq!(alone[0], few[1]);
        let other = plan(&Wanted { seed: 2, ..wanted(&[Species::StillPhoto], 1) }, &material());
        assert_ne!(other[0].seed, few[0].seed);
    }

    #[test]
    fn what_needs_a_clip_is_left_out_where_there_is_none() {
        assert_eq!(plan(&wanted(&[Species::ScreenLoop, Species::SwappedFace], 1), &material()), []);
    }
}
