//! Compares the converted models with their sources, run by TensorFlow.js, on real faces.
//!
//! What must be there before: what `liveness-model-setup --test-material` makes, and TensorFlow.js (`npm ci` in
//! tests/converter). Without them the test fails and says so.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]
#![expect(clippy::print_stderr, reason = "a test tells what it compared")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use image::{DynamicImage, imageops::FilterType};
use liveness_model_setup::manifest::{Manifest, Model, Source};
use liveness_model_setup::{checksum, setup};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;
use serde_json::json;

/// Largest difference of a value up to [`LARGE`]; a greater value may differ by the same part of it.
///
/// Logits of blazeface reach thousands, where 32-bit floats are 2e-4 apart: two correct sums in another order differ by 1e-3.
const TOLERANCE: f32 = 1e-3;
const LARGE: f32 = 100.0;

const SET_UP: &str = "cargo run -p liveness-model-setup -- --test-material";

/// A square of a picture: left, top and side as parts of the picture's smaller side.
type Crop = (f32, f32, f32);

/// Around the face of the astronaut: all of the picture, the head, the face, off its middle, an eye.
const ASTRONAUT: [Crop; 5] =
    [(0.0, 0.0, 1.0), (0.25, 0.0, 0.38), (0.33, 0.1, 0.23), (0.38, 0.06, 0.3), (0.375, 0.175, 0.07)];

/// All of the portrait, and its face.
const PORTRAIT: [Crop; 2] = [(0.0, 0.0, 1.0), (0.1, 0.13, 0.6)];

/// One model on one crop.
struct Case<'a> {
    model: &'a Model,
    onnx: Rc<[u8]>,
    label: String,
    /// Planar (NCHW), as the converted model takes it.
    input: Vec<f32>,
    /// Where TensorFlow.js writes each output.
    expected: BTreeMap<&'a str, PathBuf>,
}

#[derive(Default)]
struct Tally {
    /// Models and outputs.
    compared: BTreeSet<String>,
    /// Those that differ too much, and where.
    wrong: Vec<String>,
    /// Crops that facemesh takes for a face.
    faces: usize,
}

#[test]
fn converted_models_compute_what_their_sources_compute() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = root.join("models/built");
    let scripts = root.join("tests/converter");
    require(&built.join("test/astronaut.png"), SET_UP);
    require(&scripts.join("node_modules"), "npm ci --ignore-scripts --prefix tests/converter");

    let manifest = Manifest::read(&root.join("models/manifest.toml")).unwrap();
    let runtime = built.join(&manifest.runtime.platform().unwrap().file);
    require(&runtime, SET_UP);
    let work = tempfile::tempdir().unwrap();
    let pictures = pictures(&root, &built);
    let mut cases = Vec::new();
    let mut runs = Vec::new();
    for model in manifest.models.iter().filter(|model| matches!(model.source, Source::Package { .. })) {
        let onnx: Rc<[u8]> = setup::converted(&manifest, model, &built.join("cache")).unwrap().into();
        let (topology, weights) = setup::source_files(&manifest, model, &built.join("cache")).unwrap();
        let topology_file = work.path().join(format!("{}.json", model.name));
        let weights_file = work.path().join(format!("{}.bin", model.name));
        fs::write(&topology_file, topology).unwrap();
        fs::write(&weights_file, weights).unwrap();

        for (label, picture) in &pictures {
            let name = format!("{}-{}", model.name, cases.len());
            let (pixels, planar) = preprocess(model, picture);
            let input_file = work.path().join(format!("{name}.input"));
            fs::write(&input_file, pixels.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>())
                .unwrap();
            let outputs = model.outputs.iter();
            let expected: BTreeMap<_, _> = outputs
                .map(|it| (it.node.as_deref().unwrap(), work.path().join(format!("{name}.{}", it.name))))
                .collect();
            let [_, channels, height, width] = model.input.shape[..] else { panic!("not a picture") };
            runs.push(json!({
                "topology": topology_file,
                "weights": weights_file,
                "input": input_file,
                "shape": [1, height, width, channels],
                "outputs": expected,
            }));
            cases.push(Case { model, onnx: Rc::clone(&onnx), label: label.clone(), input: planar, expected });
        }
    }
    run_sources(&scripts, &work.path().join("request.json"), &json!(runs));

    let environment = ort::init_from(&runtime).unwrap().build().unwrap();
    let mut tally = Tally::default();
    for case in &cases {
        compare(&environment, case, &mut tally);
    }
    assert!(tally.wrong.is_empty(), "outputs differ from their sources: {:#?}", tally.wrong);
    let outputs: usize = manifest.models.iter().filter(|it| !it.optional).map(|it| it.outputs.len()).sum();
    assert_eq!(tally.compared.len(), outputs, "not every output was compared");
    assert!(
        tally.faces >= 2,
        "facemesh sees a face in {} crops only: they are not what they should be",
        tally.faces
    );
}

#[test]
fn manifest_pins_what_the_converter_makes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cache = root.join("models/built/cache");
    require(&cache, SET_UP);
    let manifest = Manifest::read(&root.join("models/manifest.toml")).unwrap();
    for model in manifest.models.iter().filter(|model| matches!(model.source, Source::Package { .. })) {
        let made = checksum::of_bytes(&setup::converted(&manifest, model, &cache).unwrap());
        assert_eq!(made, model.sha256, "{}: after a wanted change, run the set-up with --record", model.name);
    }
}

fn require(path: &Path, command: &str) {
    assert!(path.exists(), "{} is missing; at the root of the repository, run: {command}", path.display());
}

fn pictures(root: &Path, built: &Path) -> Vec<(String, DynamicImage)> {
    let astronaut = image::open(built.join("test/astronaut.png")).unwrap();
    let mut pictures = crops("astronaut", &astronaut, &ASTRONAUT);
    let portrait = root.join("../shared/media/live/t1.jpg");
    if portrait.exists() {
        let upright = image::open(&portrait).unwrap().rotate90();
        pictures.extend(crops("portrait", &upright, &PORTRAIT));
    } else {
        eprintln!("{} is not there: comparing on the astronaut only", portrait.display());
    }
    pictures
}

fn crops(name: &str, picture: &DynamicImage, crops: &[Crop]) -> Vec<(String, DynamicImage)> {
    let whole = picture.width().min(picture.height()) as f32;
    let crop = |&(left, top, side): &Crop| {
        let [left, top, side] = [left, top, side].map(|part| (part * whole) as u32);
        (format!("{name} {left},{top} {side}x{side}"), picture.crop_imm(left, top, side, side))
    };
    crops.iter().map(crop).collect()
}

/// Returns a model's input, pixel by pixel (NHWC) and plane by plane (NCHW).
fn preprocess(model: &Model, picture: &DynamicImage) -> (Vec<f32>, Vec<f32>) {
    let [_, 3, height, width] = model.input.shape[..] else { panic!("{} takes no picture", model.name) };
    let resized = picture.resize_exact(width as u32, height as u32, FilterType::Triangle).to_rgb8();
    let pixels: Vec<_> = resized
        .into_raw()
        .into_iter()
        .map(|it| f32::from(it) * model.input.scale + model.input.offset)
        .collect();
    let plane = |channel| pixels.iter().copied().skip(channel).step_by(3);
    let planar = (0..3).flat_map(plane).collect();
    (pixels, planar)
}

fn run_sources(scripts: &Path, request: &Path, runs: &serde_json::Value) {
    fs::write(request, runs.to_string()).unwrap();
    let node = Command::new("node").arg("reference.mjs").arg(request).current_dir(scripts).status();
    assert!(node.expect("node is not installed").success(), "TensorFlow.js failed");
}

fn compare(environment: &Environment, case: &Case<'_>, tally: &mut Tally) {
    let Case { model, onnx, label, input, expected } = case;
    let mut session = Session::builder(environment).unwrap().commit_from_memory(onnx).unwrap();
    let input = Tensor::from_array((model.input.shape.clone(), input.clone())).unwrap();
    let outputs = session.run(ort::inputs!["input" => input]).unwrap();
    assert_eq!(outputs.len(), model.outputs.len(), "{}", model.name);
    for output in &model.outputs {
        let name = format!("{} {}", model.name, output.name);
        let (shape, values) = outputs[output.name.as_str()].try_extract_tensor::<f32>().unwrap();
        assert_eq!(shape[..], output.shape[..], "{name}");
        let expected = read_floats(&expected[output.node.as_deref().unwrap()]);
        assert_eq!(expected.len(), values.len(), "{name}");
        assert!(values.iter().chain(&expected).all(|value| value.is_finite()), "{name} on {label}");

        let allowed = |expected: f32| TOLERANCE * (expected.abs() / LARGE).max(1.0);
        let pairs = || values.iter().zip(&expected);
        let difference = pairs().map(|(value, expected)| (value - expected).abs()).fold(0.0, f32::max);
        eprintln!("{name} on {label}: differs by {difference:.1e}");
        if pairs().any(|(value, &expected)| (value - expected).abs() >= allowed(expected)) {
            tally.wrong.push(format!("{name} on {label}, by {difference}"));
        }
        tally.compared.insert(name);
        if output.name == "face_flag" && values[0] > 0.9 {
            tally.faces += 1;
        }
    }
}

fn read_floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    let (chunks, rest) = bytes.as_chunks();
    assert!(rest.is_empty(), "{} is cut off", path.display());
    chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect()
}
