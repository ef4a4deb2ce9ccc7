use super::{Entry, PartError, Parts, may_name};
use crate::crop::Point;
use crate::detector::Detection;
use crate::manifest::{Manifest, Model, ModelState, SetUpError, sha256};
use crate::network::{ModelError, Runtime};
use crate::picture::Picture;
use crate::texture::PassiveNetwork;
use std::fs;
use std::path::{Path, PathBuf};

/// A network whose hash is right, and which is not yet in the folder.
pub struct Candidate {
    model: Model,
    bytes: Vec<u8>,
    /// The text of its entry, where that is to be written too.
    entry: Option<String>,
}

impl Parts {
    /// The network in `file`: one that the manifest pins, known by its hash, or another that is described by the `.toml`
    /// file beside it. `name` is the name that it is to bear; by default the one in the manifest, or the file's.
    ///
    /// # Errors
    /// When the file cannot be read, has not the hash pinned for `name`, or is neither pinned nor described.
    pub fn candidate(&self, file: &Path, name: Option<&str>) -> Result<Candidate, PartError> {
        let bytes = read(file)?;
        let (found, shown) = (sha256(&bytes), file.display().to_string());
        let manifest = Manifest::built_in()?;
        let asked = name.and_then(|name| manifest.named(name));
        if let Some(model) = asked.or_else(|| manifest.models.iter().find(|model| model.sha256 == found)) {
            if asked.is_none() && name.is_some() {
                return Err(PartError::Known { file: shown, model: model.name.clone() });
            }
            return Candidate::pinned(model.clone(), bytes, &shown);
        }
        let beside = file.with_extension("toml");
        let Ok(text) = fs::read_to_string(&beside) else {
            return Err(PartError::NoEntry {
                file: shown,
                sha256: found,
                entry: beside.display().to_string(),
            });
        };
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
        let name = name.unwrap_or(&stem);
        if !may_name(&manifest, name) {
            return Err(PartError::Name(name.into()));
        }
        let broken = |why: String| SetUpError::Entry { path: beside.clone(), why };
        let mut entry = Entry::parse(&text).map_err(broken)?;
        // Keys of a TOML file's root come before its tables.
        let text = match &entry.sha256 {
            Some(_) => text,
            None => format!("sha256 = \"{found}\"\n{text}"),
        };
        entry.sha256.get_or_insert(found);
        let model = entry.into_model(name).map_err(broken)?;
        Ok(Candidate { entry: Some(text), ..Candidate::pinned(model, bytes, &shown)? })
    }
}

impl Candidate {
    /// What came from `origin` and is to be `model`.
    ///
    /// # Errors
    /// When it has another hash than is pinned.
    pub fn pinned(model: Model, bytes: Vec<u8>, origin: &str) -> Result<Self, PartError> {
        let found = sha256(&bytes);
        if found == model.sha256 {
            return Ok(Self { model, bytes, entry: None });
        }
        let (file, model, pinned) = (origin.to_owned(), model.name, model.sha256);
        Err(PartError::Differs { file, model, found, pinned })
    }

    /// What it is.
    #[must_use]
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Runs a network that the operator describes on a grey picture, so that a wrong description shows now.
    ///
    /// # Errors
    /// When the runtime refuses it, or it does not give a probability where its description says so.
    pub fn try_out(&self, runtime: &Runtime) -> Result<(), ModelError> {
        const SIDE: u32 = 256;
        let grey = vec![128; (SIDE * SIDE * 3) as usize];
        let no_picture = || ModelError::new(&self.model.name, "was not tried");
        let picture = Picture::from_rgb(SIDE, SIDE, grey).ok_or_else(no_picture)?;
        let centre = Point { x: 128.0, y: 128.0 };
        let face = Detection { score: 1.0, centre, width: 64.0, height: 64.0, points: [centre; 6] };
        PassiveNetwork::load(runtime, &self.model, &self.bytes)?.live(&picture, &face).map(drop)
    }

    /// Puts it into the folder. A network that the operator describes is in the shadow then, whatever bore its name.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn install(&self, parts: &Parts) -> Result<PathBuf, PartError> {
        let path = parts.write(&self.model.file, &self.bytes)?;
        if let Some(entry) = &self.entry {
            parts.write(&format!("{}.toml", self.model.name), entry.as_bytes())?;
            let mut states = parts.states()?;
            states.insert(self.model.name.clone(), ModelState::Shadow);
            parts.write_states(&states)?;
        }
        Ok(path)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PartError> {
    fs::read(path).map_err(|why| PartError::File { path: path.into(), why })
}
