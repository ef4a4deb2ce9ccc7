//! Cues: what one picture shows beyond where the face is and how it is turned. Numbers, no opinions.
//!
//! A new cue is a file in `cues/` and a line in `CUES`.
//!
//! No policy reads `exposure`, `eyes`, `parallax` and `shape`. They are recorded so that a later one can be tried on the sessions of before.

mod background;
mod colour;
mod dark;
mod exposure;
mod eyes;
mod fourier;
mod gaze;
mod halftone;
mod parallax;
mod polygon;
mod shape;
mod skin;

use crate::face_mesh::{POINTS, Point3};
use crate::picture::Picture;
use std::collections::BTreeMap;

/// Cues by name. One that cannot be measured on a picture is absent; all numbers are finite.
pub type Cues = BTreeMap<&'static str, Vec<f64>>;

type Measure = fn(&View<'_>) -> Option<Vec<f64>>;

/// All cues. Those that read the mesh are absent where there is no face.
const CUES: &[(&str, Measure)] = &[
    ("background", background::background),
    ("chin", skin::chin),
    ("dark", dark::dark),
    ("exposure", exposure::exposure),
    ("eyes", eyes::eyes),
    ("forehead", skin::forehead),
    ("gaze", gaze::gaze),
    ("halftone", halftone::halftone),
    ("left_cheek", skin::left_cheek),
    ("nose", skin::nose),
    ("parallax", parallax::parallax),
    ("right_cheek", skin::right_cheek),
    ("shape", shape::shape),
    ("surround", background::surround),
];

/// Names of all cues of a picture alone. What a network in the shadow says is `PART_shadow`; `backdrop` needs a reference.
pub const NAMES: &[&str] = &{
    let mut names = [""; CUES.len()];
    let mut place = 0;
    while place < CUES.len() {
        names[place] = CUES[place].0;
        place += 1;
    }
    names
};

/// What cues are measured on.
pub(crate) struct View<'a> {
    picture: &'a Picture,
    /// The 468 points of the largest face.
    mesh: Option<&'a [Point3]>,
}

impl<'a> View<'a> {
    fn of(picture: &'a Picture, mesh: Option<&'a [Point3]>) -> Self {
        Self { picture, mesh: mesh.filter(|points| points.len() >= POINTS) }
    }
}

/// Measures all cues; those of a face only where there is a mesh of one. `done` is told the name of each after its turn.
pub(crate) fn measure_each(
    picture: &Picture,
    mesh: Option<&[Point3]>,
    done: &mut dyn FnMut(&'static str),
) -> Cues {
    let view = View::of(picture, mesh);
    let mut cues = Cues::new();
    for (name, measure) in CUES {
        let numbers = measure(&view).filter(|numbers| numbers.iter().all(|number| number.is_finite()));
        cues.extend(numbers.map(|numbers| (*name, numbers)));
        done(name);
    }
    cues
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A mesh with these landmarks at these places and all others in one place.
    pub(crate) fn mesh(places: &[(usize, [f32; 3])]) -> Vec<Point3> {
        let mut points = vec![Point3 { x: 0.0, y: 0.0, z: 0.0 }; POINTS];
        for (landmark, [x, y, z]) in places {
            points[*landmark] = Point3 { x: *x, y: *y, z: *z };
        }
        points
    }

    pub(crate) fn measure(picture: &Picture, mesh: Option<&[Point3]>) -> Cues {
        measure_each(picture, mesh, &mut |_| {})
    }

    #[test]
    fn the_name_of_each_is_told_also_of_one_that_is_absent() {
        let picture = Picture::from_rgb(200, 200, vec![90; 200 * 200 * 3]).unwrap();
        let mut told = Vec::new();
        measure_each(&picture, None, &mut |name| told.push(name));
        assert_eq!(told, NAMES);
    }

    /// A face about a place: its regions of skin are round, and all other landmarks lie in two corners of its box.
    pub(crate) fn face([x, y]: [f32; 2], width: f32) -> Vec<Point3> {
        let regions: [(&[usize], f32, f32); 5] = [
            (skin::FOREHEAD, 0.0, -0.35),
            (skin::LEFT_CHEEK, 0.3, 0.15),
            (skin::RIGHT_CHEEK, -0.3, 0.15),
            (skin::NOSE, 0.0, 0.0),
            (skin::CHIN, 0.0, 0.45),
        ];
        let corner = |landmark: usize| if landmark.is_multiple_of(2) { -width } else { width };
        let mut places: Vec<(usize, [f32; 3])> = (0..POINTS)
            .map(|landmark| (landmark, [x + 0.5 * corner(landmark), y + 0.6 * corner(landmark), 0.0]))
            .collect();
        for (region, across, down) in regions {
            let step = std::f32::consts::TAU / region.len() as f32;
            places.extend(region.iter().enumerate().map(|(place, landmark)| {
                let (sin, cos) = (place as f32 * step).sin_cos();
                (*landmark, [x + (across + 0.15 * cos) * width, y + (down + 0.15 * sin) * width, 0.0])
            }));
        }
        mesh(&places)
    }

    /// Numbers of a normal distribution with deviation 1: sums of twelve even ones.
    pub(crate) fn normal(mut state: u64) -> impl Iterator<Item = f32> {
        let mut even = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1_u64 << 24) as f32
        };
        std::iter::repeat_with(move || (0..12).map(|_| even()).sum::<f32>() - 6.0)
    }

    #[test]
    fn names_are_sorted_and_no_two_alike() {
        assert!(NAMES.windows(2).all(|pair| pair[0] < pair[1]), "{NAMES:?}");
    }

    #[test]
    fn what_is_not_finite_is_absent() {
        let picture = Picture::from_rgb(200, 200, vec![90; 200 * 200 * 3]).unwrap();
        // All landmarks in one place: every ratio is 0 over 0.
        let cues = measure(&picture, Some(&mesh(&[])));
        assert!(!cues.contains_key("eyes") && !cues.contains_key("shape") && !cues.contains_key("parallax"));
        assert!(cues.contains_key("exposure"));
        assert!(cues.keys().all(|name| NAMES.contains(name)));
    }

    #[test]
    fn without_a_face_the_picture_is_measured_still() {
        let picture = Picture::from_rgb(200, 200, vec![90; 200 * 200 * 3]).unwrap();
        assert_eq!(measure(&picture, None).into_keys().collect::<Vec<_>>(), ["exposure"]);
    }
}
