use super::label::entry;
use super::present::Presented;
use crate::eval::{MANIFEST, Manifest, PICTURES};
use anyhow::Context as _;
use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The folder of what was presented, as `liveness eval` reads it. Each presentation is written down when it is over, so
/// that a run that is broken off loses none. The pictures show faces: they are their owner's alone.
#[derive(Debug)]
pub struct Ledger {
    pictures: PathBuf,
    manifest: File,
    known: HashSet<String>,
}

impl Ledger {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    /// When it cannot be written to, or has a manifest that is wrong.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let (path, pictures) = (folder.join(MANIFEST), folder.join(PICTURES));
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&pictures).with_context(|| pictures.display().to_string())?;
        let open = || -> anyhow::Result<(HashSet<String>, File)> {
            let known = match std::fs::read_to_string(&path) {
                Ok(text) if text.trim().is_empty() => HashSet::new(),
                Ok(text) => Manifest::parse(&text)?.entries.into_iter().map(|entry| entry.id).collect(),
                Err(error) if error.kind() == ErrorKind::NotFound => HashSet::new(),
                Err(error) => return Err(error.into()),
            };
            Ok((known, OpenOptions::new().create(true).append(true).open(&path)?))
        };
        let (known, manifest) = open().with_context(|| path.display().to_string())?;
        Ok(Self { pictures, manifest, known })
    }

    /// Whether a presentation of this name was written down, by this run or an earlier one.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// Writes a presentation down.
    ///
    /// # Errors
    /// When that fails; of the picture and the label the latter comes last.
    pub fn record(&mut self, presented: &Presented) -> anyhow::Result<()> {
        if let Some(jpeg) = &presented.picture {
            let path = self.pictures.join(format!("{}.jpg", presented.session));
            let write = || -> std::io::Result<()> {
                let mut options = OpenOptions::new();
                options.create(true).truncate(true).write(true).mode(0o600).open(&path)?.write_all(jpeg)
            };
            write().with_context(|| path.display().to_string())?;
        }
        let entry = entry(&presented.planned, presented.session);
        // In one piece, so that nothing half written is left.
        self.manifest.write_all(format!("{}\n", entry.to_toml()?).as_bytes()).context(MANIFEST)?;
        self.known.insert(entry.id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Outcome, Planned};
    use liveness_attacks::Species;
    use liveness_events::challenge::Way;
    use std::os::unix::fs::PermissionsExt as _;
    use uuid::Uuid;

    fn presented(number: u64, picture: Option<Vec<u8>>) -> Presented {
        let species = Species::StillPhoto;
        Presented {
            planned: Planned { species, way: Way::Motion, number, seed: 5, subject: "anna".into() },
            session: Uuid::from_u128(number.into()),
            outcome: Outcome::Failed("time_out".into()),
            frames: 9,
            per_second: 8.0,
            picture,
        }
    }

    #[test]
    fn what_was_written_down_is_known_to_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new/out");
        let mut ledger = Ledger::open(&out).unwrap();
        ledger.record(&presented(1, Some(vec![0xff, 0xd8]))).unwrap();
        ledger.record(&presented(2, None)).unwrap();
        assert!(ledger.knows("still-photo 2 of anna, motion, seed 5"));

        let ledger = Ledger::open(&out).unwrap();
        assert!(
            ledger.knows("still-photo 1 of anna, motion, seed 5")
                && !ledger.knows("still-photo 3 of anna, motion, seed 5")
        );
        let manifest = Manifest::parse(&std::fs::read_to_string(out.join(MANIFEST)).unwrap()).unwrap();
        assert_eq!(manifest.entries.len(), 2);
        let picture = out.join(PICTURES).join(format!("{}.jpg", Uuid::from_u128(1)));
        assert_eq!(picture.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(picture).unwrap(), [0xff, 0xd8]);
    }

    #[test]
    fn a_wrong_manifest_is_not_added_to() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MANIFEST), "[[trial]]\n").unwrap();
        assert!(Ledger::open(folder.path()).unwrap_err().to_string().ends_with(MANIFEST));
    }
}
