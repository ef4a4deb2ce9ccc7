use crate::face_mesh::FaceMesh;
use anyhow::{Context as _, Result, bail, ensure};
use liveness_models::{Analyser, Picture};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

/// Longer side of the frames in pixels, as the page sends them.
const LONGER_SIDE: u32 = 640;
/// ffmpeg's JPEG quality: 2 is the best, 31 the worst.
const QUALITY: u32 = 3;
/// Between two meshes that are kept.
const BETWEEN: &str = "-\n";

/// The frames of a clip as JPEG, so many a second. They are kept in the temporary folder for the next call.
///
/// # Errors
/// When ffmpeg is not installed, or cannot read the clip.
pub fn clip_frames(path: &Path, fps: f32) -> Result<Vec<Vec<u8>>> {
    let kept = kept_in(path, fps)?;
    if !kept.is_dir() {
        extract(path, fps, &kept)?;
    }
    let mut files = std::fs::read_dir(&kept)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    files.iter().map(|file| std::fs::read(file).with_context(|| file.display().to_string())).collect()
}

/// The mesh of the largest face on each of [`clip_frames`], where there is one. Kept beside the frames.
///
/// # Errors
/// As [`clip_frames`], or when a network fails.
pub fn clip_meshes(path: &Path, fps: f32, analyser: &mut Analyser) -> Result<Vec<Option<FaceMesh>>> {
    let frames = clip_frames(path, fps)?;
    let kept = kept_in(path, fps)?.with_extension("meshes");
    if let Ok(text) = std::fs::read_to_string(&kept) {
        let meshes = text.split_terminator(BETWEEN).map(read_mesh).collect::<Result<Vec<_>>>()?;
        let folder = kept.with_extension("");
        ensure!(meshes.len() == frames.len(), "frames of a clip are gone: delete {}", folder.display());
        return Ok(meshes);
    }
    let mut meshes = Vec::new();
    for frame in frames {
        let points = analyser.landmarks(&Picture::decode(&frame)?)?;
        meshes.push(points.map(FaceMesh::new).transpose()?);
    }
    let text: String =
        meshes.iter().map(|mesh| mesh.as_ref().map(FaceMesh::to_csv).unwrap_or_default() + BETWEEN).collect();
    // Under another name until it is whole.
    let file = tempfile::NamedTempFile::new_in(kept.parent().context("no folder to keep meshes in")?)?;
    std::fs::write(file.path(), text)?;
    file.persist(&kept)?;
    Ok(meshes)
}

/// Nothing where no face was found.
fn read_mesh(text: &str) -> Result<Option<FaceMesh>> {
    Ok(if text.is_empty() { None } else { Some(FaceMesh::from_csv(text)?) })
}

/// The folder for these frames; its name changes with the clip.
fn kept_in(path: &Path, fps: f32) -> Result<PathBuf> {
    let about = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    let changed = about.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
    let name =
        format!("{}:{}:{changed}:{fps}:{LONGER_SIDE}:{QUALITY}", path.canonicalize()?.display(), about.len());
    let hash: String =
        Sha256::digest(name.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(std::env::temp_dir().join("liveness-kit").join(hash))
}

/// Writes into a folder beside and renames it, so that a run that is broken off leaves nothing that looks whole.
fn extract(path: &Path, fps: f32, kept: &Path) -> Result<()> {
    let parent = kept.parent().context("no folder to keep frames in")?;
    std::fs::create_dir_all(parent)?;
    let folder = tempfile::tempdir_in(parent)?;
    let longer = format!(
        "fps={fps},scale='if(gt(iw,ih),min({LONGER_SIDE},iw),-2)':'if(gt(iw,ih),-2,min({LONGER_SIDE},ih))'"
    );
    let ran = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-i"])
        .arg(path)
        .args(["-an", "-vf", &longer, "-q:v", &QUALITY.to_string()])
        .arg(folder.path().join("%05d.jpg"))
        .output();
    match ran {
        Ok(ran) if ran.status.success() => {}
        Ok(ran) => {
            bail!("ffmpeg cannot read {}: {}", path.display(), String::from_utf8_lossy(&ran.stderr).trim())
        }
        Err(error) => {
            bail!("ffmpeg is needed to take frames from {}, and cannot be run: {error}", path.display())
        }
    }
    ensure!(std::fs::read_dir(folder.path())?.next().is_some(), "{} has no frames", path.display());
    let whole = folder.keep();
    match std::fs::rename(&whole, kept) {
        Ok(()) => Ok(()),
        // Another process was faster; its frames are the same.
        Err(_) if kept.is_dir() => Ok(std::fs::remove_dir_all(whole)?),
        Err(error) => Err(error).with_context(|| kept.display().to_string()),
    }
}
