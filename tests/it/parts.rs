//! Networks as parts: added, pulled, enabled, in the shadow, disabled.

use crate::kit::{TestApp, built, recorded_in, run, run_with};
use crate::sessions::pass;
use liveness_events::session::{SessionEvent, replay};
use serde_json::json;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread::JoinHandle;

/// What is said of a network that the manifest does not know; in truth the set-up's small one.
const ENTRY: &str = r#"version = "2"
purpose = "guesses"
author = "us"
licence = "MIT"
decides = true

[input]
shape = [1, 3, 32, 32]
channels = "RGB"
scale = 0.003921569
offset = 0.0

[passive]
crop = 1.3
output = "live"
class = 0
softmax = false
"#;

/// A network with a hash of its own: an empty description is put at its end.
fn another() -> Vec<u8> {
    let mut bytes = fs::read(built().join("liveness.onnx")).unwrap();
    bytes.extend([0x32, 0]);
    bytes
}

/// Both streams, one after the other, and the exit code.
fn told(ran: &Output) -> (String, i32) {
    let text = [&ran.stdout[..], &ran.stderr].concat();
    (String::from_utf8(text).unwrap(), ran.status.code().unwrap())
}

fn models(dir: &Path, arguments: &[&str]) -> (String, i32) {
    told(&run(dir, &[&["models"], arguments].concat()))
}

/// What the list says of one network.
fn listed(dir: &Path, name: &str) -> String {
    let (list, code) = models(dir, &[]);
    assert_eq!(code, 0, "{list}");
    let begin = list.find(&format!("{name}  ")).unwrap_or_else(|| panic!("{name} is not listed: {list}"));
    list[begin..].lines().take(4).map(|line| format!("{line}\n")).collect()
}

fn done(dir: &Path, arguments: &[&str]) -> String {
    let (text, code) = models(dir, arguments);
    assert_eq!(code, 0, "{text}");
    text
}

fn refused(dir: &Path, arguments: &[&str]) -> String {
    let (text, code) = models(dir, arguments);
    assert_eq!(code, 1, "{text}");
    assert_eq!(text.trim().lines().count(), 1, "{text}");
    text
}

/// Gives these bytes to the next who asks.
fn shelf(bytes: Vec<u8>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/network.onnx", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut asked, mut part) = (Vec::new(), [0; 1024]);
        while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "cut off: {}", String::from_utf8_lossy(&asked));
            asked.extend(&part[..read]);
        }
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len())
            .unwrap();
        stream.write_all(&bytes).unwrap();
    });
    (address, thread)
}

#[test]
fn a_part_changes_its_state_and_the_list_and_the_doctor_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let line = listed(dir, "antispoof");
    assert!(
        line.contains("disabled, verified") && line.contains("128x128  MIT  @vladmandic/human@3.3.6"),
        "{line}"
    );
    assert!(done(dir, &["shadow", "antispoof"]).contains("antispoof: shadow"));
    assert!(listed(dir, "antispoof").contains("shadow, verified"));
    let (report, _) = told(&run(dir, &["doctor"]));
    assert!(report.contains("4 networks verified and loaded"), "{report}");
    let hash = "56dc88cd03707fcb29b6814bb868f6e658b4bff834296ac358e6fc43ee369a91";
    let line = format!("antispoof: shadow, 128x128, MIT, @vladmandic/human@3.3.6, sha256 {hash}");
    assert!(report.contains(&line), "{report}");
    done(dir, &["disable", "antispoof"]);
    assert!(listed(dir, "antispoof").contains("disabled, verified"));
}

#[test]
fn what_cannot_be_is_refused_in_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for required in ["blazeface", "facemesh", "faceres"] {
        let told = refused(dir, &["disable", required]);
        assert!(told.contains(&format!("`{required}` is required")), "{told}");
        refused(dir, &["shadow", required]);
    }
    assert!(refused(dir, &["enable", "antispoof"]).contains("decide nothing"));
    assert!(refused(dir, &["shadow", "MiniFASNetV2"]).contains("liveness models pull"));
    assert!(refused(dir, &["pull", "nothing"]).contains("no network and no part"));
    assert!(done(dir, &["pull", "facemesh"]).contains("is there"));
    assert!(refused(dir, &["add", "no-such-file.onnx"]).contains("no-such-file.onnx"));
    assert_eq!(models(dir, &["add"]).1, 2);
    fs::create_dir_all(dir.join("models")).unwrap();
    fs::write(dir.join("models/states.toml"), "facemesh = \"disabled\"\n").unwrap();
    assert!(refused(dir, &[]).contains("is required"));
    let (serve, code) = told(&run(dir, &["serve", "--listen", "127.0.0.1:0"]));
    assert!(code == 1 && serve.contains("states.toml"), "{serve}");
}

#[test]
fn a_network_that_is_described_is_added_and_one_that_is_not_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("ours.onnx"), another()).unwrap();
    assert!(refused(dir, &["add", "ours.onnx"]).contains("describe it in"));
    fs::write(dir.join("ours.toml"), ENTRY.replace("class = 0", "class = 5")).unwrap();
    assert!(refused(dir, &["add", "ours.onnx"]).contains("where a probability is expected"));
    assert!(!dir.join("models/ours.onnx").exists());
    fs::write(dir.join("ours.toml"), ENTRY).unwrap();
    assert!(refused(dir, &["add", "ours.onnx", "--name", "minifasnet_v2"]).contains("is pinned to"));
    assert!(
        done(dir, &["add", "ours.onnx", "--name", "texture_of_ours"]).contains("texture_of_ours: shadow")
    );
    let line = listed(dir, "texture_of_ours");
    assert!(line.contains("32x32  MIT  added@2") && line.contains("shadow, verified"), "{line}");
    assert!(done(dir, &["enable", "texture_of_ours"]).contains("texture_of_ours: enabled"));
    // Elsewhere than in the data directory, by a flag or by a variable.
    let elsewhere = dir.join("elsewhere");
    let folder = elsewhere.to_str().unwrap();
    done(dir, &["add", "ours.onnx", "--models-dir", folder]);
    assert!(elsewhere.join("ours.onnx").is_file() && elsewhere.join("ours.toml").is_file());
    let variable = [("LIVENESS_MODELS_DIR", folder.to_owned())];
    let (text, code) = told(&run_with(dir, &["models", "disable", "ours"], &variable));
    assert_eq!((text.contains("ours: disabled"), code), (true, 0), "{text}");
}

#[test]
fn a_network_is_pulled_by_its_address_and_kept_only_if_it_is_the_pinned_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir_all(dir.join("models")).unwrap();
    let hash = liveness_events::Digest::of(&another());
    let direct = [("NO_PROXY", "127.0.0.1".to_owned()), ("no_proxy", "127.0.0.1".to_owned())];
    let pull = |bytes: Vec<u8>| {
        let (address, thread) = shelf(bytes);
        let entry = format!("sha256 = \"{hash}\"\naddress = \"{address}\"\n{ENTRY}");
        fs::write(dir.join("models/ours.toml"), entry).unwrap();
        let ran = run_with(dir, &["models", "pull", "ours"], &direct);
        thread.join().unwrap();
        told(&ran)
    };
    let (text, code) = pull(b"something else".to_vec());
    assert!(code == 1 && text.contains("nothing was added"), "{text}");
    assert!(!dir.join("models/ours.onnx").exists());
    let (text, code) = pull(another());
    assert!(code == 0 && text.contains("ours: shadow"), "{text}");
    assert_eq!(fs::read(dir.join("models/ours.onnx")).unwrap(), another());
}

#[test]
fn where_the_internet_is_out_of_reach_pull_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    // Nobody listens on this port.
    let nowhere = "http://127.0.0.1:1".to_owned();
    let away = [("HTTPS_PROXY", nowhere.clone()), ("https_proxy", nowhere), ("NO_PROXY", String::new())];
    let (text, code) = told(&run_with(dir.path(), &["models", "pull", "texture"], &away));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("minifasnet_v2: https://") && text.contains("liveness models add FILE"), "{text}");
    assert!(text.contains("4eed38f0bde33c9b805942a5f25e42ce1161e2bda545254be622be957727794e"), "{text}");
    assert!(listed(dir.path(), "minifasnet_v2").contains("not there (optional)"));
}

#[test]
fn the_pair_is_used_once_both_are_added() {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/models");
    let [v2, v1se] = ["MiniFASNetV2.onnx", "MiniFASNetV1SE.onnx"].map(|file| shared.join(file));
    if !v2.is_file() || !v1se.is_file() {
        eprintln!("passed over: needs ../shared/models, which is not here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert!(done(dir, &["add", v2.to_str().unwrap()]).contains("as long as minifasnet_v1se is not there"));
    assert!(listed(dir, "minifasnet_v2").contains("as long as minifasnet_v1se is not there"));
    assert!(refused(dir, &["enable", "texture"]).contains("minifasnet_v1se"));
    let added = done(dir, &["add", v1se.to_str().unwrap()]);
    assert!(added.contains("texture (minifasnet_v2, minifasnet_v1se): enabled"), "{added}");
    done(dir, &["shadow", "minifasnet_v1se"]);
    for name in ["minifasnet_v2", "minifasnet_v1se"] {
        assert!(listed(dir, name).contains("shadow as part of texture, verified"), "{}", listed(dir, name));
    }
}

#[actix_web::test]
async fn what_a_network_in_the_shadow_says_is_recorded_and_changes_no_verdict() {
    let mut app = TestApp::start();
    app.stop();
    done(app.dir(), &["shadow", "antispoof"]);
    app.start_again();
    let check = app.create(json!({})).await;
    pass(&app, &check).await;
    let dir = app.dir().to_owned();
    let events = app.events(&check).await;
    let completed = events.iter().find(|event| event["type"] == "SessionCompleted").unwrap();
    let named = completed["data"]["models"].as_array().unwrap_or_else(|| panic!("{completed}"));
    let roles: Vec<_> = named.iter().map(|model| (&model["name"], &model["role"])).collect();
    assert_eq!(roles[..3].iter().filter(|(_, role)| role.is_null()).count(), 3, "{named:?}");
    assert_eq!(roles[3..], [(&json!("antispoof"), &json!("shadow"))], "{named:?}");

    app.stop();
    let mut events = recorded_in(&dir).await.remove(&check.uuid.parse().unwrap()).unwrap();
    let mut recorded = 0;
    for event in &mut events {
        let SessionEvent::FrameReceived { frame, .. } = event else { continue };
        assert_eq!(frame.measurement.face.as_ref().and_then(|face| face.texture), None);
        let said = frame.measurement.cues.number("antispoof_shadow");
        assert_eq!(said.is_some(), frame.measurement.face.is_some());
        recorded += usize::from(said.is_some_and(|said| (0.0..=1.0).contains(&said)));
        // The worst that it could have said.
        frame.measurement.cues.insert("antispoof_shadow", &[0.0]);
    }
    assert!(recorded > 10, "{recorded}");
    let replayed = replay(&events).unwrap();
    assert!(replayed.is_equal(), "{replayed:?}");
    app.finish().await;
}
