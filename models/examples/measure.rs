//! Measures JPEG files and prints one line of numbers each: `measure REFERENCE.jpg FILE.jpg...`
#![expect(clippy::print_stdout, reason = "an example prints")]

use liveness_models::{Analyser, Manifest, ModelSet, Picture, Request, Runtime};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let dirs: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("MODELS_DIR").unwrap_or_else(|| "models/built".into()))
            .collect();
    let manifest = Manifest::built_in()?;
    let runtime = Runtime::load(&manifest.runtime_library(&dirs)?)?;
    let mut analyser = Analyser::load(&runtime, &ModelSet::read(&manifest, &dirs)?)?;
    let mut reference = None;
    println!(
        "file,faces,size,presence,yaw,pitch,roll,sharpness,brightness,contrast,planarity,similarity,eyes,outline,texture"
    );
    for file in std::env::args().skip(1) {
        let picture = Picture::decode(&std::fs::read(&file)?)?;
        let measured =
            analyser.measure(&picture, Request { reference: reference.as_ref(), describe: true })?;
        let Some(face) = measured.face else {
            println!("{file},{},,,,,,,,,,", measured.faces);
            continue;
        };
        println!(
            "{file},{},{:.3},{:.3},{:.1},{:.1},{:.1},{:.0},{:.2},{:.2},{:.4},{:.3},{:.4},{:.4},{:.2}",
            measured.faces,
            face.size,
            face.presence,
            face.pose.yaw,
            face.pose.pitch,
            face.pose.roll,
            face.sharpness,
            face.brightness,
            face.contrast,
            face.planarity.unwrap_or(-1.0),
            face.similarity.unwrap_or(-1.0),
            face.proportions.eyes,
            face.proportions.outline,
            face.texture.unwrap_or(-1.0),
        );
        reference.get_or_insert(face.likeness);
    }
    Ok(())
}
