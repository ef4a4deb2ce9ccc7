use crate::clip::Clip;
use crate::person::Portrait;
use anyhow::{Context as _, Result, ensure};
use liveness_kit::{FaceMesh, read_picture};
use liveness_models::Analyser;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Endings of what is taken for a clip, and for a picture.
const CLIPS: [&str; 4] = ["mp4", "mov", "webm", "mkv"];
const PICTURES: [&str; 3] = ["jpg", "jpeg", "png"];

/// The real people that subjects are made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// Clips that can be played, by name.
    pub clips: Vec<Arc<Clip>>,
    /// A portrait of each clip, then the pictures of the folder.
    pub portraits: Vec<Portrait>,
    /// Files of the folder that cannot be used, and why.
    pub left_out: Vec<(PathBuf, String)>,
}

impl Material {
    /// Reads and measures all clips and pictures of a folder, in the order of their names.
    ///
    /// # Errors
    /// When the folder cannot be read, or nothing in it can be used.
    pub fn read(folder: &Path, analyser: &mut Analyser) -> Result<Self> {
        let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
        files.sort();
        let mut material = Self::default();
        let mut pictures = Vec::new();
        for file in files {
            let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            let read = if CLIPS.contains(&ending.as_str()) {
                Clip::read(&file, analyser).map(|clip| material.clips.push(Arc::new(clip)))
            } else if PICTURES.contains(&ending.as_str()) {
                Portrait::read(&file, analyser).map(|portrait| pictures.push(portrait))
            } else {
                Ok(())
            };
            if let Err(error) = read {
                material.left_out.push((file, format!("{error:#}")));
            }
        }
        material.portraits = material.clips.iter().map(|clip| Portrait::of_clip(clip)).collect();
        material.portraits.append(&mut pictures);
        ensure!(!material.portraits.is_empty(), "no face in {}", folder.display());
        Ok(material)
    }

    /// The set-up's test portrait alone, which needs no folder of clips: `models/built/test/astronaut.png`.
    ///
    /// # Errors
    /// When the file is missing.
    pub fn test_portrait(file: &Path) -> Result<Self> {
        let portrait =
            Portrait { name: "astronaut".into(), picture: read_picture(file)?, mesh: FaceMesh::astronaut()? };
        Ok(Self { portraits: vec![portrait], ..Self::default() })
    }

    /// A clip of somebody who turns to both sides, in turn; of anybody where nobody does.
    pub(crate) fn turner(&self, number: u64) -> Option<&Arc<Clip>> {
        let turners: Vec<&Arc<Clip>> = self.clips.iter().filter(|clip| clip.turns()).collect();
        match turners.len() {
            0 => self.clip(number),
            count => turners.get((number % count as u64) as usize).copied(),
        }
    }

    /// A clip, in turn.
    pub(crate) fn clip(&self, number: u64) -> Option<&Arc<Clip>> {
        self.clips.get((number % self.clips.len().max(1) as u64) as usize)
    }

    /// A portrait, likewise.
    pub(crate) fn portrait(&self, number: u64) -> Option<&Portrait> {
        self.portraits.get((number % self.portraits.len().max(1) as u64) as usize)
    }
}

impl Portrait {
    /// Reads a picture and finds the largest face in it.
    ///
    /// # Errors
    /// When it is no picture, or has no face.
    pub fn read(file: &Path, analyser: &mut Analyser) -> Result<Self> {
        let picture = read_picture(file)?;
        let mesh = FaceMesh::find(&picture, analyser)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, picture, mesh })
    }
}
