//! The labels of an evaluation: `manifest.toml`.
//!
//! ```toml
//! title = "Phones and laptops, autumn"    # what the report is called; the folder's name where it is left out
//!
//! [[trial]]
//! id = "anna, first"                      # must be unique; the session where it is left out
//! subject = "anna"                        # who is shown, or whose likeness is
//! kind = "bona_fide"                      # or "attack"
//! condition = "indoors, lamp"
//! split = "report"                        # or "tune": all trials of a subject are in the same
//! session = "6fc0b5a1-39f5-4f0c-8d0b-0d1f2f6f2c11"    # one of sessions.ndjson
//!
//! [[trial]]
//! subject = "anna"
//! kind = "attack"
//! species = "phone_screen"                # of an attack: its PAI species
//! condition = "indoors, lamp"
//! split = "report"
//! session = "0349cab3-7710-4f99-b9ac-16a42724bc7d"
//! ```

mod fields;

#[cfg(test)]
mod tests;

use super::trial::{Kind, Split};
use fields::Fields;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fmt;
use thiserror::Error;
use toml::de::DeTable;
use uuid::Uuid;

/// Its name in the folder.
pub const FILE: &str = "manifest.toml";
/// Problems that are told; where a file has more, the first ones are enough to begin with.
const TOLD: usize = 10;

/// What is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What the report is called.
    pub title: Option<String>,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// The trials, in the file's order.
    pub entries: Vec<Entry>,
}

/// One labelled presentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is called.
    pub id: String,
    /// Who is shown, or whose likeness is.
    pub subject: String,
    /// What is shown.
    #[serde(flatten)]
    pub kind: Kind,
    /// Under which circumstances.
    pub condition: String,
    /// What it may be used for.
    pub split: Split,
    /// The session that was recorded.
    pub session: Uuid,
    /// Line of the manifest, from 1.
    #[serde(skip)]
    pub line: usize,
}

impl Entry {
    /// As a manifest holds it.
    ///
    /// # Errors
    /// Never, for all of it are texts.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        #[derive(Serialize)]
        struct One<'a> {
            trial: [&'a Entry; 1],
        }
        toml::to_string(&One { trial: [self] })
    }
}

/// All that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct WrongManifest(Vec<Problem>);

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    line: usize,
    what: String,
}

impl fmt::Display for WrongManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, what }) in self.0.iter().take(TOLD).enumerate() {
            write!(f, "{}line {line}: {what}", if index == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// With all that is wrong, each by its line and field.
    pub fn parse(text: &str) -> Result<Self, WrongManifest> {
        let table = DeTable::parse(text).map_err(|error| {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            WrongManifest(vec![Problem { line, what: error.message().trim().replace('\n', ", ") }])
        })?;
        let mut problems = Vec::new();
        let mut fields = Fields::new(text, (0, table.get_ref()), &mut problems);
        let title = fields.optional_text("title");
        let trials = fields.tables("trial");
        fields.finish();
        let mut entries = Vec::new();
        for table in trials {
            entries.extend(entry(Fields::new(text, table, &mut problems)));
        }
        if entries.is_empty() && problems.is_empty() {
            problems.push(Problem { line: 1, what: "there is no [[trial]]".to_owned() });
        }
        problems.extend(contradictions(&entries));
        problems.sort();
        if problems.is_empty() {
            let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
            Ok(Self { title, sha256, entries })
        } else {
            Err(WrongManifest(problems))
        }
    }
}

fn entry(mut fields: Fields<'_, '_, '_>) -> Option<Entry> {
    let line = fields.line();
    let subject = fields.text("subject");
    let condition = fields.text("condition");
    let split = fields.one_of("split", &[("tune", Split::Tune), ("report", Split::Report)]);
    let species = fields.optional_text("species");
    let kind = match (fields.one_of("kind", &[("bona_fide", true), ("attack", false)]), species) {
        (Some(true), None) => Some(Kind::BonaFide),
        (Some(false), Some(species)) => Some(Kind::Attack(species)),
        (Some(true), Some(_)) => fields.wrong("species", "is of attacks alone"),
        (Some(false), None) => fields.wrong("species", "is missing: an attack is of a PAI species"),
        (None, _) => None,
    };
    let session = fields.uuid("session");
    let id = fields.optional_text("id");
    fields.finish();
    let session = session?;
    Some(Entry {
        id: id.unwrap_or_else(|| session.to_string()),
        subject: subject?,
        kind: kind?,
        condition: condition?,
        split: split?,
        session,
        line,
    })
}

/// What does not go together in several trials.
fn contradictions(entries: &[Entry]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut ids, mut sessions, mut splits) = (HashMap::new(), HashMap::new(), HashMap::new());
    for entry in entries {
        let line = entry.line;
        let mut wrong = |what| problems.push(Problem { line, what });
        if let Some(first) = ids.insert(&entry.id, line) {
            wrong(format!("`id`: {:?} is that of the trial of line {first} too", entry.id));
        }
        if let Some(first) = sessions.insert(entry.session, line) {
            let session = entry.session;
            wrong(format!("`session`: {session} is that of the trial of line {first} too"));
        }
        match splits.entry(&entry.subject) {
            Slot::Vacant(slot) => _ = slot.insert((entry.split, line)),
            Slot::Occupied(slot) if slot.get().0 != entry.split => {
                let (split, first) = slot.get();
                let (subject, split) = (&entry.subject, split.code());
                wrong(format!(
                    "`split`: {subject:?} is in split {split} by line {first}: a subject is in one alone"
                ));
            }
            Slot::Occupied(_) => {}
        }
    }
    problems
}

/// The line, from 1, in which a place of the text lies.
fn line_of(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1
}
