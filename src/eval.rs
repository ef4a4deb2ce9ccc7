//! How well verdicts hold: labelled presentations, scored, counted as ISO/IEC 30107-3 counts them, and drawn.
//!
//! [`Manifest`] says what was shown, [`Recorded`] what came of it, [`Summary`] counts, and [`page`] and [`fn@print`] show it.
//! But for what reads recorded sessions, all of it is pure.

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
pub use html::{PictureOf, page};
pub use manifest::{Entry, FILE as MANIFEST, Manifest, WrongManifest};
pub use proportion::Proportion;
pub use rates::{BonaFideRates, Rates, SpeciesRates};
pub use recorded::{FILE as RECORDED, Recorded};
pub use summary::{Context, Failures, SignalPower, Summary};
pub use terminal::print;
pub use trial::{Kind, Outcome, Scored, Signal, Split, Trial};

use anyhow::Context as _;

/// Folder, beside the manifest, of a small picture of each session: `<session>.jpg`.
pub const PICTURES: &str = "pictures";

/// Scores the sessions of these trials, in their order.
///
/// # Errors
/// With the first one that was not recorded: rates over what is left would be of another set.
pub fn score<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    recorded: &mut Recorded,
) -> anyhow::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for entry in entries {
        let outcome = recorded
            .judge(entry.session)
            .with_context(|| format!("trial {:?}, line {}", entry.id, entry.line))?;
        let Entry { id, subject, kind, condition, split, session, .. } = entry.clone();
        trials.push(Trial { id, subject, kind, condition, split, session, outcome });
    }
    Ok(trials)
}
