use crate::manifest::{Input, Model, ModelState, Passive, Source};
use serde::Deserialize;

/// What the operator says of a network that the manifest does not know: `NAME.toml` beside `NAME.onnx`. It is a passive
/// network: one picture of a face goes in, a live probability comes out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Hash of the file, in hex; `liveness models add` writes it.
    pub sha256: Option<String>,
    /// Its version, in the operator's own words.
    pub version: String,
    /// What it is for.
    pub purpose: String,
    /// Whose it is.
    pub author: String,
    /// Licence of its weights.
    pub licence: String,
    /// Whether it may be enabled: whether a verdict may rest on it.
    pub decides: bool,
    /// Web address of the file, for `liveness models pull`.
    pub address: Option<String>,
    /// What goes in.
    pub input: Input,
    /// How the live probability is read.
    pub passive: Passive,
}

impl Entry {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The network of this name; in the shadow until the operator says otherwise.
    pub(super) fn into_model(self, name: &str) -> Result<Model, String> {
        let sha256 = self.sha256.unwrap_or_default();
        if sha256.len() != 64 || !sha256.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
            return Err("sha256: must be the 64 hex digits of the file's hash".into());
        }
        let model = Model {
            name: name.into(),
            part: None,
            file: format!("{name}.onnx"),
            sha256,
            purpose: self.purpose,
            author: self.author,
            licence: self.licence,
            decides: self.decides,
            optional: true,
            state: ModelState::Shadow,
            chosen: false,
            input: self.input,
            passive: Some(self.passive.clone()),
            source: Source {
                version: Some(self.version),
                address: self.address,
                added: true,
                ..Source::default()
            },
        };
        model.check(&self.passive)?;
        Ok(model)
    }
}
