//! Measures what the kit renders: `table OUT.csv NAME PICTURE MESH.csv [NAME PICTURE MESH.csv ...]`.

use anyhow::{Context as _, Result};
use image::RgbImage;
use liveness_kit::{FaceMesh, Head, Photo, Pose, Studio, encode_jpeg, read_picture};
use liveness_models::{Analyser, Manifest, ModelSet, Picture, Request, Runtime};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let dirs = [PathBuf::from("models/built")];
    let manifest = Manifest::built_in()?;
    let runtime = Runtime::load(&manifest.runtime_library(&dirs)?)?;
    let mut analyser = Analyser::load(&runtime, &ModelSet::read(&manifest, &dirs)?)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (out, sources) = arguments.split_first().context("table OUT.csv NAME PICTURE MESH.csv ...")?;
    let mut table =
        String::from("source,kind,distance,rendered_yaw,faces,size,yaw,pitch,roll,planarity,sharpness\n");
    for source in sources.chunks_exact(3) {
        let (name, picture) = (&source[0], read_picture(Path::new(&source[1]))?);
        let mesh = FaceMesh::from_csv(&std::fs::read_to_string(&source[2])?)?;
        let photo = Photo::of_face(&picture, &mesh);
        let studio = Studio::default();
        for distance in [45.0, 28.0] {
            let poses: Vec<Pose> = (-8..=8).map(|step| Pose::yaw(step as f32 * 5.0).at(distance)).collect();
            measure(
                &mut analyser,
                &mut table,
                &format!("{name},flat,{distance}"),
                &poses,
                &photo.frames(&studio, &poses),
            )?;
            for radius in [0.6, 0.75, 0.9] {
                let frames = photo.clone().bent(radius).frames(&studio, &poses);
                measure(
                    &mut analyser,
                    &mut table,
                    &format!("{name},bent_{radius},{distance}"),
                    &poses,
                    &frames,
                )?;
            }
            if distance == Pose::USUAL_DISTANCE {
                for relief in [Head::RELIEF, 1.15, 1.3] {
                    let head = Head::with(&picture, &mesh, distance, relief);
                    let kind = format!("{name},head_{relief},{distance}");
                    measure(&mut analyser, &mut table, &kind, &poses, &head.frames(&studio, &poses))?;
                }
            }
        }
        std::fs::write(out, &table)?;
    }
    Ok(())
}

/// Adds a line for each frame; planarity is against the frame in the middle.
fn measure(
    analyser: &mut Analyser,
    table: &mut String,
    label: &str,
    poses: &[Pose],
    frames: &[RgbImage],
) -> Result<()> {
    let jpegs = frames.iter().map(encode_jpeg).collect::<Result<Vec<_>>>()?;
    let ahead = analyser.measure(&Picture::decode(&jpegs[jpegs.len() / 2])?, Request::default())?;
    let reference = ahead.face.map(|face| face.likeness);
    for (pose, jpeg) in poses.iter().zip(&jpegs) {
        let measured = analyser
            .measure(&Picture::decode(jpeg)?, Request { reference: reference.as_ref(), describe: false })?;
        write!(table, "{label},{},{}", pose.yaw, measured.faces)?;
        match measured.face {
            None => table.push_str(",,,,,,\n"),
            Some(face) => writeln!(
                table,
                ",{:.3},{:.1},{:.1},{:.1},{:.4},{:.0}",
                face.size,
                face.pose.yaw,
                face.pose.pitch,
                face.pose.roll,
                face.planarity.unwrap_or(-1.0),
                face.sharpness
            )?,
        }
    }
    Ok(())
}
