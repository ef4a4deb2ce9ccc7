//! Takes single files out of packages.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;

/// Reads the named files of a npm package, in the order of `members`; names are relative to the package.
pub fn read_npm(package: &Path, members: &[&str]) -> Result<Vec<Vec<u8>>> {
    let file = File::open(package).with_context(|| format!("cannot open {}", package.display()))?;
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let mut contents = vec![None; members.len()];
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(path) = path.strip_prefix("package") else { continue };
        let Some(index) = members.iter().position(|member| path == Path::new(member)) else { continue };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        contents[index] = Some(bytes);
        if contents.iter().all(Option::is_some) {
            break;
        }
    }
    let found = contents.into_iter().zip(members);
    found
        .map(|(bytes, member)| bytes.with_context(|| format!("{} holds no file {member}", package.display())))
        .collect()
}

/// Reads one file of a Python wheel.
pub fn read_wheel(wheel: &Path, member: &str) -> Result<Vec<u8>> {
    let file = File::open(wheel).with_context(|| format!("cannot open {}", wheel.display()))?;
    let mut archive = zip::ZipArchive::new(file)?;
    let mut entry =
        archive.by_name(member).with_context(|| format!("{} holds no file {member}", wheel.display()))?;
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}
