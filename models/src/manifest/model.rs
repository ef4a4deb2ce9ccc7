use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Networks that [`ModelSet`](super::ModelSet) reads by name: without them nothing is measured.
pub(super) const REQUIRED: [&str; 3] = ["blazeface", "facemesh", "faceres"];

/// What becomes of what a network measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// It is recorded, and a verdict may rest on it.
    Enabled,
    /// It is recorded under another name, and no verdict rests on it.
    Shadow,
    /// The network is not loaded.
    Disabled,
}

impl fmt::Display for ModelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enabled => "enabled",
            Self::Shadow => "shadow",
            Self::Disabled => "disabled",
        })
    }
}

/// One network.
#[derive(Debug, Clone, Deserialize)]
pub struct Model {
    /// Name.
    pub name: String,
    /// The part that it belongs to: networks that give one number together. None: it is a part of its own.
    #[serde(default)]
    pub(crate) part: Option<String>,
    /// File name.
    pub file: String,
    /// Hash of the file, in hex.
    pub sha256: String,
    /// What it is for.
    pub purpose: String,
    /// Whose it is.
    pub author: String,
    /// Licence of its weights.
    pub licence: String,
    /// Whether a verdict may rest on it.
    pub decides: bool,
    /// Whether the service runs without it.
    pub optional: bool,
    /// What becomes of what it measures: the manifest's word, or the operator's.
    pub state: ModelState,
    /// Whether the state is the operator's.
    #[serde(skip)]
    pub chosen: bool,
    /// What goes in.
    pub input: Input,
    /// How the live probability is read from it, where it is a passive network.
    pub passive: Option<Passive>,
    /// Where it comes from.
    pub source: Source,
}

/// What goes into a network.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// Batch, channels, height, width.
    pub shape: Vec<u32>,
    /// Order of the planes.
    pub channels: Channels,
    /// Factor of a pixel's value (0 to 255).
    pub scale: f32,
    /// What is added after that.
    pub offset: f32,
}

/// Order of the planes of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(clippy::upper_case_acronyms, reason = "they are written so")]
pub enum Channels {
    /// Red first.
    RGB,
    /// Blue first.
    BGR,
}

/// How a live probability is read from a network that looks at one picture of a face.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passive {
    /// Side of the square that it sees, over the larger side of the face's box from forehead to chin.
    pub crop: f32,
    /// Output that is read.
    pub output: String,
    /// Which number of the output belongs to live faces.
    pub class: usize,
    /// Whether the output is logits, of which the softmax is the probability.
    pub softmax: bool,
}

/// Where a network comes from: a package of a registry, a repository at one commit, or the operator.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Source {
    /// Name of the npm package.
    pub package: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Name of the repository.
    pub repository: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
    /// Web address of the file, where it can be fetched as it is.
    pub address: Option<String>,
    /// Whether the operator added it.
    #[serde(skip)]
    pub added: bool,
}

/// Why a network cannot have a state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotPermitted {
    /// Nothing goes without it.
    #[error("`{0}` is required: no face is measured without it, so it is always enabled")]
    Required(String),
    /// It may not decide.
    #[error("`{0}` may decide nothing (`decides = false`): it can be `shadow` or `disabled`")]
    DecidesNothing(String),
    /// There is no code that runs it.
    #[error("nothing in this version measures with `{0}`: it is always disabled")]
    Unused(String),
}

impl Model {
    /// Name of the part that it belongs to.
    #[must_use]
    pub fn part(&self) -> &str {
        self.part.as_deref().unwrap_or(&self.name)
    }

    /// Height and width of the picture that goes in, in pixels.
    #[must_use]
    pub fn size(&self) -> Option<(u32, u32)> {
        let [.., height, width] = self.input.shape[..] else { return None };
        Some((height, width))
    }

    /// Whether nothing is measured without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        REQUIRED.contains(&self.name.as_str())
    }

    /// Whether it can have this state.
    ///
    /// # Errors
    /// When it cannot, with the reason.
    pub fn permits(&self, state: ModelState) -> Result<(), NotPermitted> {
        let name = || self.part().to_owned();
        match state {
            ModelState::Enabled if self.is_required() => Ok(()),
            _ if self.is_required() => Err(NotPermitted::Required(name())),
            ModelState::Disabled => Ok(()),
            _ if self.passive.is_none() => Err(NotPermitted::Unused(name())),
            ModelState::Enabled if !self.decides => Err(NotPermitted::DecidesNothing(name())),
            ModelState::Enabled | ModelState::Shadow => Ok(()),
        }
    }

    /// Whether what is said of a passive network can be.
    pub(crate) fn check(&self, passive: &Passive) -> Result<(), String> {
        let Input { shape, scale, offset, .. } = &self.input;
        match shape[..] {
            [1, 3, height, width] if height == width && (8..=1024).contains(&width) => {}
            _ => return Err("input.shape: must be [1, 3, N, N] with N from 8 to 1024".into()),
        }
        if !scale.is_finite() || !offset.is_finite() {
            return Err("input.scale and input.offset: must be finite".into());
        }
        if !(0.5..=8.0).contains(&passive.crop) {
            return Err("passive.crop: must be 0.5 to 8".into());
        }
        Ok(())
    }
}

impl Source {
    /// Package and version, or repository and commit, or the operator's word.
    #[must_use]
    pub fn label(&self) -> String {
        let place = self.package.as_deref().or(self.repository.as_deref());
        let place = place.unwrap_or(if self.added { "added" } else { "unknown" });
        let version = self.version.as_deref().or(self.commit.as_deref()).unwrap_or("unknown");
        format!("{place}@{version}")
    }
}
