//! The command over trials that a stand-in plays, and over an export as it comes.

use super::*;
use crate::eval::{Outcome, Played, Scored};
use crate::sample;
use crate::transfer::{ExportWriter, export};
use clap::Parser;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;
use uuid::Uuid;

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

fn trial(subject: &str, kind: &str, split: &str, source: &str) -> String {
    format!(
        "[[trial]]\nsubject = \"{subject}\"\n{kind}\ncondition = \"dim\"\nsplit = \"{split}\"\n{source}\n"
    )
}

const BONA_FIDE: &str = "kind = \"bona_fide\"";
const PRINT: &str = "kind = \"attack\"\nspecies = \"flat_print\"";

/// Plays a file by the number in its name.
struct StandIn;

impl Player for StandIn {
    fn play(&mut self, entry: &Entry) -> anyhow::Result<Played> {
        let Source::Media(path) = &entry.source else { bail!("no media") };
        let outcome = match path.to_string_lossy().parse() {
            Ok(confidence) => Outcome::Scored(Scored { confidence, signals: Vec::new() }),
            Err(_) if path.ends_with("gone") => bail!("the file is gone"),
            Err(_) => Outcome::Failed { reason: "no_face".into() },
        };
        Ok(Played { outcome, thumbnails: vec![vec![0xff, 0xd8]] })
    }
}

fn played(folder: &TempDir, flags: &[&str]) -> anyhow::Result<String> {
    let mut out = Vec::new();
    evaluate(&args(folder.path(), flags), manifest(folder.path())?, &mut StandIn, &mut out)?;
    Ok(String::from_utf8(out)?)
}

fn sample_folder() -> TempDir {
    folder(
        &[
            "title = \"<Autumn>\"\n".to_owned(),
            trial("anna", BONA_FIDE, "report", "media = \"95\""),
            trial("boris", BONA_FIDE, "report", "media = \"silent\""),
            trial("boris", PRINT, "report", "media = \"71.5\""),
            trial("clara", PRINT, "tune", "media = \"1\""),
        ]
        .concat(),
    )
}

#[test]
fn trials_of_one_split_are_counted() {
    let folder = sample_folder();
    let json: serde_json::Value = serde_json::from_str(&played(&folder, &["--json"]).unwrap()).unwrap();
    assert_eq!(
        (&json["title"], &json["trials"], &json["policy"]),
        (&"<Autumn>".into(), &3.into(), &2.into())
    );
    assert_eq!(json["rates"]["highest"]["apcer"]["rate"], 1.0);
    assert_eq!(json["rates"]["bona_fide"]["bpnrr"]["count"], 1);
    assert_eq!(json["cases"][2]["species"], "flat_print");
    assert_eq!(json["cases"][1]["outcome"]["failed"]["reason"], "no_face");
    assert!(json["conditions"]["dim"].is_object(), "{json}");

    let table = played(&folder, &["--split", "all", "--threshold", "80"]).unwrap();
    assert!(table.contains("4 trials of 3 people, split all, policy 2, threshold 80"), "{table}");
}

#[test]
fn the_page_is_for_its_owner_alone() {
    let folder = sample_folder();
    let page = folder.path().join("report.html");
    played(&folder, &["--report", page.to_str().unwrap()]).unwrap();
    assert_eq!(page.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.contains("<h1>&lt;Autumn&gt;</h1>") && html.contains("data:image/jpeg;base64,/9g="));
}

#[test]
fn what_cannot_be_played_is_named() {
    let folder = folder(&trial("anna", BONA_FIDE, "report", "media = \"gone\""));
    let told = format!("{:#}", played(&folder, &[]).unwrap_err());
    assert_eq!(told, "trial \"gone\", line 1: the file is gone");
    let told = format!("{:#}", played(&folder, &["--split", "tune"]).unwrap_err());
    assert_eq!(told, "manifest.toml: no trial is in split tune");
}

#[test]
fn a_wrong_manifest_is_named_with_its_line() {
    let folder = folder(&trial("anna", PRINT, "test", "media = \"1\""));
    let told = format!("{:#}", played(&folder, &[]).unwrap_err());
    assert!(
        told.ends_with("manifest.toml: line 6: `split` is \"test\", but must be \"tune\" or \"report\""),
        "{told}"
    );
}

#[actix_web::test]
async fn recorded_sessions_are_judged_from_their_export() {
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let of = |session: Uuid| format!("session = \"{session}\"");
    let folder = folder(
        &[trial("anna", BONA_FIDE, "report", &of(one)), trial("anna", PRINT, "report", &of(two))].concat(),
    );
    let (log, _data) = sample::open();
    sample::whole(&*log, one, 6).await;
    sample::record(&*log, two, &sample::expired(two)).await;
    let mut writer = ExportWriter::begin(Vec::new(), 0).unwrap();
    export(&*log, &mut writer).await.unwrap();
    std::fs::write(folder.path().join(RECORDED), writer.finish().unwrap().1).unwrap();

    let mut out = Vec::new();
    run(&args(folder.path(), &["--policy", "1", "--json"]), &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["policy"], 1);
    assert_eq!(json["cases"][0]["outcome"]["scored"]["confidence"], 0.0);
    assert_eq!(json["cases"][1]["outcome"]["failed"]["reason"], "link_ended");
    assert_eq!(json["rates"]["bona_fide"]["bpcer"]["count"], 1);
}

#[test]
fn media_is_refused_and_not_passed_over() {
    let folder = folder(&trial("anna", BONA_FIDE, "report", "media = \"1\""));
    let told = run(&args(folder.path(), &[]), &mut Vec::new()).unwrap_err().to_string();
    assert_eq!(told, "manifest.toml, line 1: `media` cannot be played by this version: name a `session`");
}
