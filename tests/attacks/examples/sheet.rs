//! Writes what species show while they answer a drawn challenge, one picture each: `sheet MEDIA OUT SEED [CODE ...]`.
//! Beside it stand the time that a frame takes and the yaw, pitch and size that the networks see.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use anyhow::{Context as _, Result};
use image::{RgbImage, imageops};
use liveness_attacks::{Material, Script, Sent, Species};
use liveness_events::challenge::Way;
use liveness_models::{Analyser, Manifest, ModelSet, Picture, Request, Runtime};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Pictures in a row, their width in pixels, and of how many frames one is shown.
const ACROSS: u32 = 9;
const WIDTH: u32 = 220;
const SHOWN: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [media, out, seed, codes @ ..] = arguments.as_slice() else {
        anyhow::bail!("sheet MEDIA OUT SEED [CODE ...]")
    };
    let seed: u64 = seed.parse()?;
    let dirs = [PathBuf::from("models/built")];
    let manifest = Manifest::built_in()?;
    let runtime = Runtime::load(&manifest.runtime_library(&dirs)?)?;
    let mut analyser = Analyser::load(&runtime, &ModelSet::read(&manifest, &dirs)?)?;
    let material = Material::read(Path::new(media), &mut analyser)?;
    for clip in &material.clips {
        println!("{}: {} frames, turns {:.0?}", clip.name, clip.frames.len(), clip.widest());
    }
    println!("left out: {:?}", material.left_out);
    std::fs::create_dir_all(out)?;
    for species in Species::ALL {
        if !codes.is_empty() && !codes.iter().any(|code| code == species.code()) {
            continue;
        }
        let Some(mut subject) = species.subject(&material, seed, seed, Way::Light) else {
            println!("{}: nothing to make it of", species.code());
            continue;
        };
        let begun = Instant::now();
        let sent = Script::draw(Way::Light, seed).run(&mut *subject);
        println!("{}: {:?} a frame", species.code(), begun.elapsed() / sent.len() as u32);
        describe(&sent, &mut analyser)?;
        write(&sent, &Path::new(out).join(format!("{}_{seed}.png", species.code())))?;
    }
    Ok(())
}

fn describe(sent: &[Sent], analyser: &mut Analyser) -> Result<()> {
    for step in sent.chunk_by(|a, b| a.shown == b.shown) {
        print!("  {:?}:", step[0].shown.asked);
        for sent in step {
            match analyser.measure(&Picture::decode(&sent.jpeg)?, Request::default())?.face {
                Some(face) => print!(" {:.0}/{:.0}/{:.2}", face.pose.yaw, face.pose.pitch, face.size),
                None => print!(" -"),
            }
        }
        println!();
    }
    Ok(())
}

fn write(sent: &[Sent], out: &Path) -> Result<()> {
    let pictures = sent
        .iter()
        .step_by(SHOWN)
        .map(|sent| Ok(image::load_from_memory(&sent.jpeg)?.into_rgb8()))
        .collect::<Result<Vec<RgbImage>>>()?;
    let first = pictures.first().context("no frames")?;
    let height = WIDTH * first.height() / first.width();
    let mut sheet = RgbImage::new(WIDTH * ACROSS, height * (pictures.len() as u32).div_ceil(ACROSS));
    for (number, picture) in (0_u32..).zip(&pictures) {
        let small = imageops::resize(picture, WIDTH, height, imageops::FilterType::Triangle);
        let (x, y) = (number % ACROSS * WIDTH, number / ACROSS * height);
        imageops::replace(&mut sheet, &small, x.into(), y.into());
    }
    Ok(sheet.save(out)?)
}
