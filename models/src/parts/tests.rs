use super::*;
use crate::manifest::ModelSet;
use crate::network::Runtime;
use tempfile::TempDir;

/// Describes the small network `liveness.onnx` of the set-up as if it were another's.
const ENTRY: &str = r#"# Ours.
version = "2"
purpose = "guesses"
author = "us"
licence = "MIT"
decides = true

[input]
shape = [1, 3, 32, 32]
channels = "RGB"
scale = 0.003921569
offset = 0.0

[passive]
crop = 1.3
output = "live"
class = 0
softmax = false
"#;

fn built() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("built")
}

struct Folder {
    dir: TempDir,
    parts: Parts,
    dirs: [PathBuf; 2],
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let parts = Parts::at(dir.path().join("models"));
        let dirs = [parts.dir().into(), built()];
        Self { dir, parts, dirs }
    }

    /// A network that no manifest knows: the set-up's `liveness.onnx`, made another by an empty field at its end.
    fn another(&self) -> PathBuf {
        let mut bytes = fs::read(built().join("liveness.onnx")).unwrap();
        // ModelProto.doc_string (field 6), of no length.
        bytes.extend([0x32, 0]);
        let file = self.dir.path().join("Another.onnx");
        fs::write(&file, bytes).unwrap();
        fs::write(file.with_extension("toml"), ENTRY).unwrap();
        file
    }

    fn used(&self) -> Result<Vec<(String, ModelState)>, SetUpError> {
        let set = ModelSet::read(&self.parts.manifest()?, &self.dirs)?;
        Ok(set.used().iter().skip(3).map(|model| (model.name.clone(), model.state)).collect())
    }

    fn runtime(&self) -> Runtime {
        Runtime::load(&Manifest::built_in().unwrap().runtime_library(&self.dirs).unwrap()).unwrap()
    }
}

#[test]
fn a_state_is_kept_and_heeded() {
    let folder = Folder::new();
    assert_eq!(folder.used().unwrap(), [], "weak networks are not loaded unless asked for");
    folder.parts.set("antispoof", ModelState::Shadow, &folder.dirs).unwrap();
    assert_eq!(folder.used().unwrap(), [("antispoof".into(), ModelState::Shadow)]);
    folder.parts.set("liveness", ModelState::Shadow, &folder.dirs).unwrap();
    folder.parts.set("antispoof", ModelState::Disabled, &folder.dirs).unwrap();
    assert_eq!(folder.used().unwrap(), [("liveness".into(), ModelState::Shadow)]);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    let set = |name: &str, state| folder.parts.set(name, state, &folder.dirs).unwrap_err().to_string();
    for required in ["blazeface", "facemesh", "faceres"] {
        for state in [ModelState::Disabled, ModelState::Shadow] {
            assert!(set(required, state).contains("is required"), "{required}");
        }
    }
    assert!(set("iris", ModelState::Enabled).contains("nothing in this version measures"));
    assert!(set("antispoof", ModelState::Enabled).contains("decide nothing"));
    assert!(set("no_such", ModelState::Shadow).contains("no network and no part"));
    assert!(set("minifasnet_v2", ModelState::Shadow).contains("liveness models pull"));
    assert!(!folder.parts.dir().exists());
    folder.parts.set("facemesh", ModelState::Enabled, &folder.dirs).unwrap();
}

#[test]
fn a_file_of_states_that_cannot_be_stops_the_start() {
    let folder = Folder::new();
    fs::create_dir_all(folder.parts.dir()).unwrap();
    let told = |text: &str| {
        fs::write(folder.parts.dir().join(STATES), text).unwrap();
        folder.used().unwrap_err().to_string()
    };
    assert!(told("facemesh = \"disabled\"").contains("is required"));
    assert!(told("gone = \"shadow\"").contains("remove its line"));
    assert!(told("antispoof = \"weighed\"").contains(STATES));
    // A part that the operator enabled is not left out in silence.
    assert!(told("texture = \"enabled\"").contains("liveness models pull minifasnet_v2"));
}

#[test]
fn a_described_network_is_added_in_the_shadow() {
    let folder = Folder::new();
    let candidate = folder.parts.candidate(&folder.another(), Some("ours")).unwrap();
    candidate.try_out(&folder.runtime()).unwrap();
    candidate.install(&folder.parts).unwrap();
    assert_eq!(folder.used().unwrap(), [("ours".into(), ModelState::Shadow)]);
    folder.parts.set("ours", ModelState::Enabled, &folder.dirs).unwrap();
    assert_eq!(folder.used().unwrap(), [("ours".into(), ModelState::Enabled)]);
    let manifest = folder.parts.manifest().unwrap();
    assert_eq!(manifest.named("ours").unwrap().source.label(), "added@2");
    // Another version under the same name has to be enabled anew.
    folder.parts.candidate(&folder.another(), Some("ours")).unwrap().install(&folder.parts).unwrap();
    assert_eq!(folder.used().unwrap(), [("ours".into(), ModelState::Shadow)]);
    fs::write(folder.parts.dir().join("ours.onnx"), b"other bytes").unwrap();
    assert!(matches!(folder.used(), Err(SetUpError::Differs { .. })));
}

#[test]
fn a_network_is_not_added_under_a_false_flag() {
    let folder = Folder::new();
    let refused = |file: &Path, name| folder.parts.candidate(file, name).err().unwrap().to_string();
    let another = folder.another();
    assert!(refused(&another, Some("minifasnet_v2")).contains("is pinned to 4eed38f0"));
    for taken in ["facemesh", "texture", "states", "../up", "", "Ours"] {
        let told = refused(&another, Some(taken));
        assert!(told.contains("cannot name a network") || told.contains("pinned"), "{taken}: {told}");
    }
    assert!(refused(&built().join("liveness.onnx"), Some("ours")).contains("leave --name out"));
    fs::write(another.with_extension("toml"), format!("sha256 = \"{}\"\n{ENTRY}", "0".repeat(64))).unwrap();
    assert!(refused(&another, Some("ours")).contains("is pinned to 0000"));
    fs::remove_file(another.with_extension("toml")).unwrap();
    assert!(refused(&another, Some("ours")).contains("describe it in"));
    let known = folder.parts.candidate(&built().join("liveness.onnx"), None).unwrap();
    assert_eq!(known.model().name, "liveness");
}

#[test]
fn a_wrong_description_shows_when_it_is_tried() {
    let folder = Folder::new();
    let (another, runtime) = (folder.another(), folder.runtime());
    let tried = |from: &str, to: &str| {
        fs::write(another.with_extension("toml"), ENTRY.replace(from, to)).unwrap();
        let candidate = folder.parts.candidate(&another, None).map_err(|error| error.to_string())?;
        candidate.try_out(&runtime).map_err(|error| error.to_string())
    };
    assert_eq!(tried("", ""), Ok(()));
    assert!(tried("output = \"live\"", "output = \"real\"").unwrap_err().contains("no output"));
    assert!(tried("class = 0", "class = 7").unwrap_err().contains("where a probability is expected"));
    assert!(tried("32, 32", "33, 33").is_err());
    assert!(tried("crop = 1.3", "crop = 0.0").unwrap_err().contains("passive.crop"));
    assert!(tried("[1, 3, 32, 32]", "[32]").unwrap_err().contains("input.shape"));
    assert!(tried("licence", "license").unwrap_err().contains("license"));
}
