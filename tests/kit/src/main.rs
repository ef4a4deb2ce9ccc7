//! Writes frames for tests: `liveness-kit sweep --picture FILE --out DIR`.

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Parser, Subcommand};
use image::RgbImage;
use liveness_kit::{FaceMesh, Head, Photo, Pose, Route, Still, Studio, encode_jpeg, read_picture};
use liveness_models::{Analyser, Manifest, ModelSet, Runtime};
use std::path::{Path, PathBuf};

/// Renders camera frames for tests.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Folder of the networks and the runtime.
    #[arg(long, global = true, default_value = "models/built")]
    models_dir: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// A head with the picture's face, turned step by step.
    Head(Sweep),
    /// A flat print of the picture's face, turned step by step.
    Flat(Sweep),
    /// A bent print of the picture's face, turned step by step.
    Bent {
        #[command(flatten)]
        sweep: Sweep,
        /// Radius of the bend over the print's width.
        #[arg(long, default_value_t = 0.75)]
        radius: f32,
    },
    /// Head, flat and bent print, each in a folder of its own.
    Sweep(Sweep),
    /// Writes the mesh of the picture's face as 468 lines of `x,y,z`.
    Mesh {
        #[arg(long)]
        picture: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    /// Writes the frames of a clip, and which of them look ahead, turn left and turn right, so that it can be played without
    /// a cut.
    Clip {
        #[arg(long)]
        clip: PathBuf,
        #[arg(long)]
        out: PathBuf,
        /// Frames a second.
        #[arg(long, default_value_t = 15.0)]
        fps: f32,
    },
}

#[derive(Args)]
struct Sweep {
    /// A picture of a frontal face: PNG or JPEG.
    #[arg(long)]
    picture: PathBuf,
    /// Folder for `yaw_-35.jpg` to `yaw_+35.jpg`; above zero is the person's own left. With `--nod`, for
    /// `pitch_-35.jpg` to `pitch_+35.jpg`; above zero is upwards.
    #[arg(long)]
    out: PathBuf,
    /// The mesh that `liveness-kit mesh` wrote, instead of finding it.
    #[arg(long)]
    mesh: Option<PathBuf>,
    /// Turn up and down instead of to the sides.
    #[arg(long)]
    nod: bool,
    /// Widest turn in degrees.
    #[arg(long, default_value_t = 35.0)]
    widest: f32,
    /// Degrees from frame to frame.
    #[arg(long, default_value_t = 2.5)]
    step: f32,
    /// Distance from the camera in cm.
    #[arg(long, default_value_t = Pose::USUAL_DISTANCE)]
    distance: f32,
    /// Fixes the wall and the noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let dirs = [cli.models_dir];
    match cli.command {
        Command::Head(sweep) => {
            let (picture, mesh) = sweep.source(&dirs)?;
            sweep.write(&sweep.out, |studio, poses| Head::new(&picture, &mesh).frames(studio, poses))
        }
        Command::Flat(sweep) => {
            let (picture, mesh) = sweep.source(&dirs)?;
            sweep.write(&sweep.out, |studio, poses| Photo::of_face(&picture, &mesh).frames(studio, poses))
        }
        Command::Bent { sweep, radius } => {
            let (picture, mesh) = sweep.source(&dirs)?;
            let photo = Photo::of_face(&picture, &mesh).bent(radius);
            sweep.write(&sweep.out, |studio, poses| photo.frames(studio, poses))
        }
        Command::Sweep(sweep) => {
            let (picture, mesh) = sweep.source(&dirs)?;
            let photo = Photo::of_face(&picture, &mesh);
            sweep.write(&sweep.out.join("head"), |studio, poses| {
                Head::new(&picture, &mesh).frames(studio, poses)
            })?;
            sweep.write(&sweep.out.join("flat"), |studio, poses| photo.frames(studio, poses))?;
            for radius in [0.6, 0.75, 0.9] {
                let bent = photo.clone().bent(radius);
                sweep.write(&sweep.out.join(format!("bent_{radius}")), |studio, poses| {
                    bent.frames(studio, poses)
                })?;
            }
            Ok(())
        }
        Command::Mesh { picture, out } => {
            let mesh = FaceMesh::find(&read_picture(&picture)?, &mut analyser(&dirs)?)?;
            std::fs::write(&out, mesh.to_csv()).with_context(|| out.display().to_string())
        }
        Command::Clip { clip, out, fps } => {
            let stills = Still::of_clip(&clip, fps, &mut analyser(&dirs)?)?;
            write_clip(&stills, &out).with_context(|| clip.display().to_string())
        }
    }
}

impl Sweep {
    fn source(&self, dirs: &[PathBuf]) -> Result<(RgbImage, FaceMesh)> {
        let picture = read_picture(&self.picture)?;
        let mesh = match &self.mesh {
            Some(mesh) => FaceMesh::from_csv(
                &std::fs::read_to_string(mesh).with_context(|| mesh.display().to_string())?,
            )?,
            None => FaceMesh::find(&picture, &mut analyser(dirs)?)?,
        };
        Ok((picture, mesh))
    }

    fn write(&self, out: &Path, render: impl FnOnce(&Studio, &[Pose]) -> Vec<RgbImage>) -> Result<()> {
        ensure!(self.step > 0.0 && self.widest >= 0.0, "--step must be above 0, --widest not below it");
        let studio = Studio { seed: self.seed, ..Studio::default() };
        let steps = (self.widest / self.step).floor() as i32;
        let angles: Vec<f32> = (-steps..=steps).map(|step| step as f32 * self.step).collect();
        let pose =
            |angle: f32| if self.nod { Pose { pitch: angle, ..Pose::AHEAD } } else { Pose::yaw(angle) };
        let poses: Vec<Pose> = angles.iter().map(|angle| pose(*angle).at(self.distance)).collect();
        let turn = if self.nod { "pitch" } else { "yaw" };
        std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
        let mut index = Vec::new();
        for (angle, frame) in angles.iter().zip(render(&studio, &poses)) {
            let file = if angle.fract() == 0.0 {
                format!("{turn}_{angle:+03}.jpg")
            } else {
                format!("{turn}_{angle:+05.1}.jpg")
            };
            std::fs::write(out.join(&file), encode_jpeg(&frame)?)?;
            index.push(serde_json::json!({ "file": file, turn: angle }));
        }
        write_index(out, &index)
    }
}

/// Names the files in their order, for a page that plays them.
fn write_index(out: &Path, index: &[serde_json::Value]) -> Result<()> {
    std::fs::write(out.join("frames.json"), serde_json::to_vec_pretty(index)?)
        .with_context(|| out.display().to_string())
}

/// The frames by number, and first and last of those that look ahead and turn, in `route.json`.
fn write_clip(stills: &[Still], out: &Path) -> Result<()> {
    let turns: Vec<(f32, f32)> = stills.iter().map(|still| (still.yaw as f32, still.pitch as f32)).collect();
    let Route { home, left, right } = Route::of(&turns).context("it never looks ahead")?;
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let mut index = Vec::new();
    for (number, still) in stills.iter().enumerate() {
        let file = format!("{number:03}.jpg");
        std::fs::write(out.join(&file), &still.jpeg)?;
        index.push(serde_json::json!({ "file": file, "yaw": still.yaw }));
    }
    write_index(out, &index)?;
    let [ahead, left, right] = [home, left.frames, right.frames].map(|frames| [frames.start, frames.end - 1]);
    let route = serde_json::json!({ "ahead": ahead, "left": left, "right": right });
    std::fs::write(out.join("route.json"), serde_json::to_vec_pretty(&route)?)?;
    Ok(())
}

fn analyser(dirs: &[PathBuf]) -> Result<Analyser> {
    let manifest = Manifest::built_in()?;
    let runtime = Runtime::load(&manifest.runtime_library(dirs)?)?;
    Ok(Analyser::load(&runtime, &ModelSet::read(&manifest, dirs)?)?)
}
