use super::rounded;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Named numbers that were measured on one picture beyond the pose of the face: colours of the skin, the openness of the
/// eyes, traces of print. Who measures them documents each by its name; a signal of a policy reads those that it knows.
///
/// A cue that could not be measured is absent. A new cue needs no new version of the stored event.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cues(BTreeMap<String, Vec<f64>>);

impl Cues {
    /// Adds a cue, to the digits that the log keeps. One that has a number which is not finite is left out.
    pub fn insert(&mut self, name: &str, numbers: &[f64]) {
        if numbers.iter().all(|number| number.is_finite()) {
            self.0.insert(name.to_owned(), numbers.iter().copied().map(rounded).collect());
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of a cue, where it has so many.
    #[must_use]
    pub fn get<const N: usize>(&self, name: &str) -> Option<[f64; N]> {
        self.0.get(name)?.as_slice().try_into().ok()
    }

    /// The only number of a cue.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get::<1>(name).map(|[number]| number)
    }
}

impl<'a> FromIterator<(&'a str, Vec<f64>)> for Cues {
    fn from_iter<I: IntoIterator<Item = (&'a str, Vec<f64>)>>(cues: I) -> Self {
        let mut all = Self::default();
        for (name, numbers) in cues {
            all.insert(name, &numbers);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_to_four_decimals_and_only_finite_ones() {
        let cues: Cues =
            [("nose", vec![0.123_456, 0.5, 1.0]), ("noise", vec![f64::NAN])].into_iter().collect();
        assert_eq!(cues.get("nose"), Some([0.1235, 0.5, 1.0]));
        assert_eq!(cues.get::<2>("nose"), None);
        assert_eq!(cues.number("noise"), None);
        let json = serde_json::to_string(&cues).unwrap();
        assert_eq!(json, r#"{"nose":[0.1235,0.5,1.0]}"#);
    }
}
