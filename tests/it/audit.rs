//! What an auditor does, with the binary and nothing else.

use crate::kit::{Answer, Check, TestApp, eventually, run};
use crate::sessions::pass;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::process::Command;

const KEYS: &str = "/.well-known/liveness-keys.json";

fn verify(dir: &Path, arguments: &[&str]) -> Value {
    let ran = run(dir, &[&["verify", "--json"], arguments].concat());
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Waits until a session has so many receipts, all of them right.
async fn receipted(app: &TestApp, check: &Check, receipts: u64) {
    let found = async || {
        let report = verify(app.dir(), &[&check.uuid]);
        assert_eq!(report["findings"], json!([]));
        (report["receipts"] == receipts).then_some(())
    };
    eventually("the session has its receipts", found).await;
}

#[actix_web::test]
async fn a_session_is_signed_exported_verified_and_replayed() {
    let app = TestApp::start();
    let check = app.create(json!({ "audit_images": 2 })).await;
    pass(&app, &check).await;
    receipted(&app, &check, 1).await;
    app.delete(&check).await;
    receipted(&app, &check, 2).await;

    let stranger = app.with_key("nobody");
    let keys = stranger.get(KEYS).await;
    assert_eq!(keys.headers["content-type"], "application/jwk-set+json");
    let key = &keys.json()["keys"][0];
    assert_eq!((key["kty"].as_str(), key["crv"].as_str()), (Some("OKP"), Some("Ed25519")));

    let elsewhere = tempfile::tempdir().unwrap();
    let path = |name: &str| elsewhere.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("keys.json"), &keys.text).unwrap();
    let exported = run(app.dir(), &["export", "--to", &path("export.ndjson")]);
    assert!(exported.status.success(), "{exported:?}");
    let report = verify(elsewhere.path(), &["--file", &path("export.ndjson"), "--keys", &path("keys.json")]);
    assert_eq!((&report["findings"], report["receipts"].as_u64()), (&json!([]), Some(2)), "{report}");
    assert_eq!(report["keys"], json!([key["kid"]]));
    assert!(!elsewhere.path().join("events.db").exists(), "an export is verified without a store");

    let imported = Command::new(env!("CARGO_BIN_EXE_liveness"))
        .args(["import", "--data-dir", &path("copy")])
        .stdin(File::open(path("export.ndjson")).unwrap())
        .output()
        .unwrap();
    assert!(imported.status.success(), "{imported:?}");
    let content = |printed: &[u8]| {
        let text = String::from_utf8_lossy(printed).into_owned();
        text.lines().find(|line| line.starts_with("content")).map(str::to_owned)
    };
    assert_eq!(content(&imported.stdout), content(&exported.stdout));
    assert!(content(&imported.stdout).is_some());

    let replayed = run(Path::new(&path("copy")), &["replay", &check.uuid]);
    let text = String::from_utf8(replayed.stdout).unwrap();
    assert!(replayed.status.success(), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    for told in ["challenge:", "turn-left", "framing", "erased", "signature right", "the verdicts are equal"]
    {
        assert!(text.contains(told), "{told} is missing:\n{text}");
    }
    app.finish().await;
}

#[actix_web::test]
async fn sessions_that_ended_before_there_were_receipts_get_theirs_at_the_next_start() {
    let mut app = TestApp::start();
    let check = app.create(json!({})).await;
    app.delete(&check).await;
    receipted(&app, &check, 1).await;
    app.stop();
    let log = rusqlite::Connection::open(app.dir().join("events.db")).unwrap();
    let receipts = "stream IN (SELECT id FROM streams WHERE name LIKE 'receipt-%')";
    let removed = log.execute(&format!("DELETE FROM events WHERE {receipts}"), []).unwrap();
    assert_eq!(removed, 2, "the receipt and the key");
    drop(log);
    std::fs::remove_file(app.dir().join("views.db")).unwrap();
    app.start_again();
    receipted(&app, &check, 1).await;
    assert_eq!(app.get(KEYS).await.json()["keys"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[actix_web::test]
async fn a_long_stream_is_read_page_by_page() {
    let app = TestApp::start();
    let check = app.create(json!({})).await;
    pass(&app, &check).await;
    let all = app.events(&check).await;
    let next = |answer: &Answer| {
        let link = answer.headers.get("link")?.to_str().unwrap().to_owned();
        assert!(link.ends_with(r#">; rel="next""#), "{link}");
        let (_, path) = link.split_once("://").unwrap().1.split_once('/').unwrap();
        Some(format!("/{}", path.split('>').next().unwrap()))
    };
    let mut read = Vec::new();
    let mut path = Some(format!("/liveness_checks/{}/events?limit=17", check.uuid));
    while let Some(page) = path {
        let answer = app.get(&page).await;
        read.extend(answer.json()["events"].as_array().unwrap().clone());
        path = next(&answer);
    }
    assert!(all.len() > 17);
    assert_eq!(read[..all.len()], all);
    assert_eq!(read.last().unwrap()["type"], "SessionCompleted");
    app.finish().await;
}
