//! The command over an export as it comes.

use super::*;
use crate::sample;
use crate::transfer::{ExportWriter, export};
use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

/// Two sessions that are scored 0 by policy 1, and one without a score.
const SCORED: [Uuid; 2] = [Uuid::from_u128(1), Uuid::from_u128(2)];
const EXPIRED: Uuid = Uuid::from_u128(3);

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: EvalArgs,
}

fn args(dir: &Path, flags: &[&str]) -> EvalArgs {
    let line = ["eval".as_ref(), dir.as_os_str()].into_iter().chain(flags.iter().map(AsRef::as_ref));
    Line::parse_from(line).args
}

fn folder(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(MANIFEST), manifest).unwrap();
    folder
}

fn trial(subject: &str, kind: &str, split: &str, session: Uuid) -> String {
    format!(
        "[[trial]]\nsubject = \"{subject}\"\n{kind}\ncondition = \"dim\"\nsplit = \"{split}\"\nsession = \"{session}\"\n"
    )
}

const BONA_FIDE: &str = "kind = \"bona_fide\"";
const PRINT: &str = "kind = \"attack\"\nspecies = \"flat_print\"";

/// A folder with an export, and with labels of all that is in it.
async fn recorded_folder() -> TempDir {
    let folder = folder(
        &[
            "title = \"<Autumn>\"\n".to_owned(),
            trial("anna", BONA_FIDE, "report", SCORED[0]),
            trial("anna", PRINT, "report", EXPIRED),
            trial("clara", PRINT, "tune", SCORED[1]),
        ]
        .concat(),
    );
    let (log, _data) = sample::open();
    for session in SCORED {
        sample::whole(&*log, session, 6).await;
    }
    sample::record(&*log, EXPIRED, &sample::expired(EXPIRED)).await;
    let mut writer = ExportWriter::begin(Vec::new(), 0).unwrap();
    export(&*log, &mut writer).await.unwrap();
    std::fs::write(folder.path().join(RECORDED), writer.finish().unwrap().1).unwrap();
    folder
}

fn told(folder: &TempDir, flags: &[&str]) -> anyhow::Result<String> {
    let mut out = Vec::new();
    run(&args(folder.path(), &[&["--policy", "1"], flags].concat()), &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[actix_web::test]
async fn sessions_of_one_split_are_judged_from_their_export() {
    let folder = recorded_folder().await;
    let json: Value = serde_json::from_str(&told(&folder, &["--json"]).unwrap()).unwrap();
    assert_eq!(
        (&json["title"], &json["trials"], &json["policy"]),
        (&"<Autumn>".into(), &2.into(), &1.into())
    );
    assert_eq!(json["cases"][0]["outcome"]["scored"]["confidence"], 0.0);
    assert_eq!(json["cases"][1]["outcome"]["failed"]["reason"], "link_ended");
    assert_eq!(json["cases"][1]["species"], "flat_print");
    assert_eq!(json["cases"][1]["session"], EXPIRED.to_string());
    assert_eq!(json["rates"]["bona_fide"]["bpcer"]["count"], 1);
    assert!(json["conditions"]["dim"].is_object(), "{json}");

    let table = told(&folder, &["--split", "all", "--threshold", "80"]).unwrap();
    assert!(table.contains("3 trials of 2 people, split all, policy 1, threshold 80"), "{table}");
}

#[actix_web::test]
async fn the_page_is_for_its_owner_alone_and_has_the_pictures_of_the_folder() {
    let folder = recorded_folder().await;
    let pictures = folder.path().join(PICTURES);
    std::fs::create_dir(&pictures).unwrap();
    std::fs::write(pictures.join(format!("{}.jpg", SCORED[1])), [0xff, 0xd8]).unwrap();
    let page = folder.path().join("report.html");
    std::fs::write(&page, "of before, for all to read").unwrap();
    told(&folder, &["--split", "all", "--report", page.to_str().unwrap()]).unwrap();
    assert_eq!(page.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.contains("<h1>&lt;Autumn&gt;</h1>"));
    assert_eq!(html.matches("data:image/jpeg;base64,/9g=").count(), 1);
}

#[actix_web::test]
async fn what_was_not_recorded_is_named() {
    let folder = recorded_folder().await;
    let missing = Uuid::from_u128(9);
    std::fs::write(folder.path().join(MANIFEST), trial("anna", BONA_FIDE, "report", missing)).unwrap();
    let error = format!("{:#}", told(&folder, &[]).unwrap_err());
    assert_eq!(error, format!("trial \"{missing}\", line 1: sessions.ndjson has no session {missing}"));
    let error = format!("{:#}", told(&folder, &["--split", "tune"]).unwrap_err());
    assert_eq!(error, "manifest.toml: no trial is in split tune");
}

#[test]
fn a_folder_that_is_not_there_is_told_with_what_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = format!("{:#}", told(&folder, &[]).unwrap_err());
    assert!(told.contains("manifest.toml: there is no such file: `liveness attack --out DIR`"), "{told}");
}

#[test]
fn a_wrong_manifest_is_named_with_its_line() {
    let folder = folder(&trial("anna", PRINT, "test", SCORED[0]));
    let told = format!("{:#}", told(&folder, &[]).unwrap_err());
    assert!(
        told.ends_with("manifest.toml: line 6: `split` is \"test\", but must be \"tune\" or \"report\""),
        "{told}"
    );
}
