//! How well verdicts hold: labelled presentations, scored, counted as ISO/IEC 30107-3 counts them, and drawn.
//!
//! [`Manifest`] says what was shown, a [`Player`] says what came of it, [`Summary`] counts, and [`page`] and [`fn@print`]
//! show it. But for what plays and what reads recorded sessions, all of it is pure.

mod ablation;
mod auc;
mod html;
mod manifest;
mod proportion;
mod rates;
mod recorded;
mod summary;
mod terminal;
mod trial;
mod words;

#[cfg(test)]
mod sample;

pub use ablation::Ablation;
pub use auc::Auc;
pub use html::page;
pub use manifest::{Entry, FILE as MANIFEST, Manifest, Source, WrongManifest};
pub use proportion::Proportion;
pub use rates::{BonaFideRates, Rates, SpeciesRates};
pub use recorded::{FILE as RECORDED, Recorded};
pub use summary::{Context, Failures, SignalPower, Summary};
pub use terminal::print;
pub use trial::{Kind, Outcome, Scored, Signal, Split, Trial};

use anyhow::Context as _;

/// Lets a trial happen.
pub trait Player {
    /// Plays one trial.
    ///
    /// # Errors
    /// When it cannot be played; a trial that was played and came to no score is no error.
    fn play(&mut self, entry: &Entry) -> anyhow::Result<Played>;

    /// What a reader of the report must know of all that was played, a sentence each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a trial came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// A score, or why there is none.
    pub outcome: Outcome,
    /// A few small pictures of what was shown, as JPEG.
    pub thumbnails: Vec<Vec<u8>>,
}

/// Plays these trials in their order.
///
/// # Errors
/// With the first one that cannot be played: rates over what is left would be of another set.
pub fn play<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    player: &mut dyn Player,
) -> anyhow::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for entry in entries {
        let Played { outcome, thumbnails } =
            player.play(entry).with_context(|| format!("trial {:?}, line {}", entry.id, entry.line))?;
        let Entry { id, subject, kind, condition, split, .. } = entry.clone();
        trials.push(Trial { id, subject, kind, condition, split, outcome, thumbnails });
    }
    Ok(trials)
}
