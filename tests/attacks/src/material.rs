use crate::clip::Clip;
use crate::person::Portrait;
use crate::upright::{needs_tilt, tilt};
use anyhow::{Context as _, Result, bail, ensure};
use liveness_kit::{FaceMesh, read_picture};
use liveness_models::Analyser;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Endings of what is taken for a clip, and for a picture.
const CLIPS: [&str; 4] = ["mp4", "mov", "webm", "mkv"];
const PICTURES: [&str; 3] = ["jpg", "jpeg", "png"];

/// Says which files show the same person: `a1_turns = "a"`. Who is not in it is called as the file is.
const PEOPLE: &str = "people.toml";

/// The real people that subjects are made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// Clips that can be played, by name.
    pub clips: Vec<Arc<Clip>>,
    /// A portrait of each clip, then the pictures of the folder.
    pub portraits: Vec<Portrait>,
    /// Who is on a clip or portrait, by its name, where the person is not called by that.
    pub people: BTreeMap<String, String>,
    /// Files of the folder that cannot be used, and why.
    pub left_out: Vec<(PathBuf, String)>,
}

impl Material {
    /// Reads and measures all clips and pictures of a folder, in the order of their names, and `people.toml`, where it is
    /// there.
    ///
    /// # Errors
    /// When the folder cannot be read, nothing in it can be used, or `people.toml` is wrong.
    pub fn read(folder: &Path, analyser: &mut Analyser) -> Result<Self> {
        let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
        files.sort();
        let mut material = Self { people: people(&folder.join(PEOPLE), &files)?, ..Self::default() };
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
        if material.portraits.is_empty() {
            let folder = folder.display();
            match material.left_out.first() {
                Some((file, why)) => bail!("nothing in {folder} can be used: {}: {why}", file.display()),
                None => bail!("there are no clips ({}) and no pictures in {folder}", CLIPS.join(", ")),
            }
        }
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

    /// Who is on the clip or portrait of this name.
    pub(crate) fn person<'a>(&'a self, name: &'a str) -> &'a str {
        self.people.get(name).map_or(name, String::as_str)
    }

    /// The next clip of another person than that of this number.
    pub(crate) fn other_clip(&self, number: u64) -> Option<&Arc<Clip>> {
        let own = self.person(&self.clip(number)?.name);
        let mut others = (1..self.clips.len() as u64).filter_map(|more| self.clip(number + more));
        others.find(|clip| self.person(&clip.name) != own)
    }

    /// The next portrait of another person, or the same where there is nobody else.
    pub(crate) fn wearer(&self, number: u64) -> Option<&Portrait> {
        let own = self.portrait(number)?;
        let mut others = (1..self.portraits.len() as u64).filter_map(|more| self.portrait(number + more));
        let other = others.find(|other| self.person(&other.name) != self.person(&own.name));
        Some(other.unwrap_or(own))
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

/// Reads who is on which of these files.
fn people(path: &Path, files: &[PathBuf]) -> Result<BTreeMap<String, String>> {
    if !files.iter().any(|file| file == path) {
        return Ok(BTreeMap::new());
    }
    let read =
        || -> Result<BTreeMap<String, String>> { Ok(toml::from_str(&std::fs::read_to_string(path)?)?) };
    let people: BTreeMap<String, String> =
        read().with_context(|| format!("{}: lines as `clip_1 = \"anna\"` are needed", path.display()))?;
    for (name, person) in &people {
        let is_there = files.iter().any(|file| file.file_stem().is_some_and(|stem| stem == name.as_str()));
        ensure!(is_there, "{}: no file is called {name}", path.display());
        ensure!(!person.trim().is_empty(), "{}: {name} has no person", path.display());
    }
    // The name alone says the split.
    Ok(people.into_iter().map(|(name, person)| (name, person.trim().to_owned())).collect())
}

impl Portrait {
    /// Reads a picture and finds the largest face in it; one that leans is tilted.
    ///
    /// # Errors
    /// When it is no picture, or has no face.
    pub fn read(file: &Path, analyser: &mut Analyser) -> Result<Self> {
        let picture = read_picture(file)?;
        let mesh = FaceMesh::find(&picture, analyser)?;
        let (picture, mesh) = match needs_tilt(std::iter::once(&mesh)) {
            Some(degrees) => tilt(&picture, &mesh, degrees)?,
            None => (picture, mesh),
        };
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, picture, mesh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness_kit::Route;

    fn told(text: &str) -> Result<BTreeMap<String, String>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(PEOPLE);
        std::fs::write(&path, text)?;
        people(&path, &["one.mp4".into(), "two.mp4".into(), path.clone()])
    }

    fn clip(name: &str) -> Arc<Clip> {
        let route = Route::of(&[(0.0, 0.0); 10]).unwrap();
        Arc::new(Clip { name: name.to_owned(), frames: Vec::new(), route })
    }

    #[test]
    fn another_clip_is_of_another_person() {
        let people = BTreeMap::from([("a1", "a"), ("a2", "a")].map(|(name, who)| (name.into(), who.into())));
        let clips = ["a1", "a2", "d"].map(clip).to_vec();
        let material = Material { clips, people, ..Material::default() };
        let other = |number| material.other_clip(number).map(|clip| clip.name.as_str());
        assert_eq!([other(0), other(1), other(2)], [Some("d"), Some("d"), Some("a1")]);
        assert_eq!([material.person("a2"), material.person("d")], ["a", "d"]);
        let alone = Material { clips: material.clips[..2].to_vec(), ..material.clone() };
        assert!(alone.other_clip(0).is_none());
    }

    #[test]
    fn people_have_files() {
        assert_eq!(told("one = \"anna\"").unwrap()["one"], "anna");
        assert!(told("three = \"anna\"").unwrap_err().to_string().ends_with("no file is called three"));
        assert!(told("two = \" \"").unwrap_err().to_string().ends_with("two has no person"));
        assert!(told("two = 2").is_err());
        assert!(people(Path::new("none.toml"), &[]).unwrap().is_empty());
    }
}
