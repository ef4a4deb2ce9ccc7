use super::model::REQUIRED;
use super::{Manifest, Model, ModelState, SetUpError};
use std::path::PathBuf;

/// The verified bytes of the networks that measure.
pub struct ModelSet {
    pub(crate) blazeface: Vec<u8>,
    pub(crate) facemesh: Vec<u8>,
    pub(crate) faceres: Vec<u8>,
    pub(crate) passive: Vec<PassivePart>,
    used: Vec<UsedModel>,
}

/// Passive networks that give one number together.
pub(crate) struct PassivePart {
    pub(crate) name: String,
    pub(crate) state: ModelState,
    pub(crate) networks: Vec<(Model, Vec<u8>)>,
}

/// A network that measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedModel {
    /// Name.
    pub name: String,
    /// Hash of the file, in hex.
    pub sha256: String,
    /// [`ModelState::Enabled`] or [`ModelState::Shadow`].
    pub state: ModelState,
}

impl ModelSet {
    /// Reads what measures, each file from the first of `dirs` that has it. A passive part to which the operator gave no
    /// state is used where all of its files are there.
    ///
    /// # Errors
    /// When a file that is needed is missing, or any differs.
    pub fn read(manifest: &Manifest, dirs: &[PathBuf]) -> Result<Self, SetUpError> {
        let mut used = Vec::new();
        let mut take = |model: &Model| {
            let (_, bytes) = manifest.read(model, dirs)?;
            let (name, sha256, state) = (model.name.clone(), model.sha256.clone(), model.state);
            used.push(UsedModel { name, sha256, state });
            Ok::<_, SetUpError>(bytes)
        };
        let mut required = |name: &str| {
            let unknown = || SetUpError::Missing { path: name.into(), why: "not in the manifest".into() };
            take(manifest.named(name).ok_or_else(unknown)?)
        };
        let [blazeface, facemesh, faceres] = REQUIRED.map(&mut required);
        let (blazeface, facemesh, faceres) = (blazeface?, facemesh?, faceres?);
        let mut passive = Vec::new();
        for part in passive_parts(manifest) {
            let Some(first) = part.first().filter(|model| model.state != ModelState::Disabled) else {
                continue;
            };
            let absent = part.iter().find(|model| !dirs.iter().any(|dir| dir.join(&model.file).exists()));
            match absent {
                Some(absent) if first.chosen => {
                    return Err(SetUpError::Absent {
                        part: first.part().into(),
                        model: absent.name.clone(),
                        file: absent.file.clone(),
                    });
                }
                Some(_) => {}
                None => {
                    let networks = part.iter().map(|model| Ok(((*model).clone(), take(model)?)));
                    passive.push(PassivePart {
                        name: first.part().into(),
                        state: first.state,
                        networks: networks.collect::<Result<_, SetUpError>>()?,
                    });
                }
            }
        }
        Ok(Self { blazeface, facemesh, faceres, passive, used })
    }

    /// The networks that measure.
    #[must_use]
    pub fn used(&self) -> &[UsedModel] {
        &self.used
    }
}

/// The passive networks by their parts, in the manifest's order.
fn passive_parts(manifest: &Manifest) -> Vec<Vec<&Model>> {
    let mut parts: Vec<Vec<&Model>> = Vec::new();
    for model in manifest.models.iter().filter(|model| model.passive.is_some()) {
        match parts.iter_mut().find(|part| part.iter().any(|other| other.part() == model.part())) {
            Some(part) => part.push(model),
            None => parts.push(vec![model]),
        }
    }
    parts
}
