//! The networks of an installation, as the operator set them up.

use crate::settings::ModelArgs;
use liveness_events::session::{ModelRole, ModelUsed};
use liveness_models::manifest::ModelState;
use liveness_models::{Manifest, ModelSet, Runtime};
use std::path::{Path, PathBuf};

/// The networks of an installation.
pub struct Networks {
    /// What there is, in which state.
    pub manifest: Manifest,
    /// What runs them.
    pub runtime: Runtime,
    /// Those that measure.
    pub set: ModelSet,
}

impl Networks {
    /// Reads and verifies what the service would use.
    ///
    /// # Errors
    /// When something is missing, differs, or cannot be; the text says how to mend it.
    pub fn load(models: &ModelArgs, data_dir: &Path) -> anyhow::Result<Self> {
        let manifest = models.parts(data_dir).manifest()?;
        Ok(Self::of(manifest, &models.dirs(data_dir))?)
    }

    /// Those of `manifest`, from `dirs`.
    ///
    /// # Errors
    /// As [`Networks::load`].
    pub fn of(manifest: Manifest, dirs: &[PathBuf]) -> anyhow::Result<Self> {
        let runtime = Runtime::load(&manifest.runtime_library(dirs)?)?;
        let set = ModelSet::read(&manifest, dirs)?;
        Ok(Self { manifest, runtime, set })
    }

    /// As the event that ends a session names them.
    ///
    /// # Errors
    /// When a hash is none, which the manifest excludes.
    pub fn used(&self) -> anyhow::Result<Vec<ModelUsed>> {
        let used = self.set.used().iter().map(|model| {
            let role = match model.state {
                ModelState::Enabled => ModelRole::Weighed,
                ModelState::Shadow | ModelState::Disabled => ModelRole::Shadow,
            };
            Ok(ModelUsed { name: model.name.clone(), sha256: model.sha256.parse()?, role })
        });
        used.collect()
    }
}
