//! Secrets that an operator hands over in a file.

use anyhow::{Context as _, ensure};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// No secret is longer: a wrong file that was named is not read into memory whole.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret from a file that somebody else put there; `flag` is what named it.
///
/// Others may read it: secret mounts of containers belong to root and are often of mode 0440 or 0444, in a place that
/// nobody else sees. Nobody but its owner may write it: who can would choose the secret.
///
/// # Errors
/// When the file cannot be read, is too long, or can be written by others than its owner.
pub fn read(flag: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    let named = || format!("{flag}: {}", path.display());
    let file = File::open(path).with_context(named)?;
    let metadata = file.metadata().with_context(named)?;
    ensure!(metadata.is_file(), "{}: is not a file", named());
    ensure!(
        metadata.permissions().mode() & 0o022 == 0,
        "{}: others can write this secret: run `chmod go-w` on it",
        named()
    );
    let mut secret = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut secret).with_context(named)?;
    ensure!(secret.len() as u64 <= LONGEST, "{}: is too long for a secret", named());
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[test]
    fn others_may_read_a_handed_secret_but_not_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, b"a secret").unwrap();
        for (mode, well) in [(0o400, true), (0o440, true), (0o444, true), (0o660, false), (0o602, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = read("--some-file", &path);
            assert_eq!(read.is_ok(), well, "{mode:o}: {read:?}");
        }
        let missing = read("--some-file", &folder.path().join("none")).unwrap_err();
        assert!(format!("{missing:#}").contains("--some-file"), "{missing:#}");
        assert!(read("--some-file", folder.path()).unwrap_err().to_string().contains("not a file"));
    }

    #[test]
    fn a_file_that_is_no_secret_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, vec![0; 1 << 20]).unwrap();
        assert!(read("--some-file", &path).unwrap_err().to_string().contains("too long"));
    }
}
