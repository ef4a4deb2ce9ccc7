//! Which files are taken, and which are refused.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{open, opened};
use crate::event_log::contract::grow;
use crate::event_log::embedded::{EmbeddedLog, OpenError};

fn refused(path: &Path) -> OpenError {
    let error = EmbeddedLog::open(path).unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn many_may_open_a_new_file_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| EmbeddedLog::open(&path).map(drop))).collect();
        for opened in opening {
            opened.join().unwrap().unwrap();
        }
    });
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (log, folder) = opened().await;
    grow(&log, "a", 1).await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3, "the database, its write-ahead log and the index of that");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn other_files_are_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for text in ["hello", &"not a database ".repeat(1000)] {
        std::fs::write(path("text"), text).unwrap();
        assert!(matches!(refused(&path("text")), OpenError::NotADatabase { .. }));
        assert_eq!(std::fs::read_to_string(path("text")).unwrap(), text);
    }
    Connection::open(path("other")).unwrap().execute_batch("CREATE TABLE views (a)").unwrap();
    assert!(matches!(refused(&path("other")), OpenError::NotAnEventLog { .. }));
    assert!(matches!(refused(&path("missing/events.db")), OpenError::Io { .. }));
    assert!(matches!(refused(folder.path()), OpenError::Database { .. }));
}

#[tokio::test]
async fn a_later_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    open(&path).close().await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(matches!(refused(&path), OpenError::Newer { found: 2, known: 1, .. }));
}

#[tokio::test]
async fn a_cut_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let log = open(&path);
    for _ in 0..20 {
        grow(&log, "a", 200).await;
    }
    log.close().await;
    drop(log);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
}
