//! Images and keys on S3.

use crate::kit::{Api, Buckets, Fault, Service, assert_sound, keys, run_with};
use crate::sessions::pass;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const PLACES: [&str; 4] =
    ["--image-store", "s3://pictures/liveness", "--image-key-store", "s3://secrets/liveness"];

fn doctor(dir: &Path, buckets: &Buckets) -> String {
    let ran = run_with(dir, &[&["doctor"], &PLACES[..]].concat(), &buckets.variables());
    let told = String::from_utf8(ran.stdout).unwrap();
    told.lines().find(|line| line.contains("image store")).unwrap_or_else(|| panic!("{told}")).to_owned()
}

#[actix_web::test]
async fn keys_go_before_images_and_what_was_left_goes_at_the_next_try() {
    let (dir, buckets) = (tempfile::tempdir().unwrap(), Buckets::start());
    let key = keys(dir.path(), &["create", "--name", "it", "--scope", "api,audit"]);
    let master = dir.path().join("handed.key");
    fs::write(&master, [9; 32]).unwrap();
    let flags = [&PLACES[..], &["--master-key-file", master.to_str().unwrap()]].concat();
    let service = Service::with(dir.path(), &flags, &buckets.variables());
    let api = Api::new(service.address, &key);
    let check = api.create(json!({ "audit_images": 1 })).await;
    let result = pass(&api, &check).await.json()["result"].clone();
    assert!(result["image"].is_string() && !result["audit_images"].as_array().unwrap().is_empty());
    let (images, secrets) = (format!("pictures/liveness/{}/", check.uuid), "secrets/liveness/");
    assert_eq!(buckets.objects(secrets).len(), 1);
    assert!(!buckets.objects(&images).is_empty());
    for unused in ["master.key", "image-keys", "images"] {
        assert!(!dir.path().join(unused).exists(), "{unused}");
    }

    buckets.fault(Some(Fault::KeepsAll("pictures")));
    assert_eq!(api.delete(&check).await.status, 503);
    assert_eq!(buckets.objects(secrets).len(), 0, "the key goes first");
    assert!(!buckets.objects(&images).is_empty());
    assert_eq!(api.result(&check).await.json()["result"]["image"], Value::Null);
    assert!(!api.event_types(&check).await.contains(&"ImagesErased".into()), "nothing is said too early");

    buckets.fault(None);
    assert_eq!(api.delete(&check).await.status, 204);
    assert!(buckets.objects("").is_empty(), "{:?}", buckets.objects("").keys());
    let events = api.events(&check).await;
    let sealed = |kind: &str| {
        let event = events.iter().find(|event| event["type"] == kind).unwrap();
        event["data"]["sealed"].clone()
    };
    assert!(sealed("ImagesErased")["key_sha256"].is_string());
    assert_eq!(sealed("ImagesErased"), sealed("SessionCompleted"));
    service.kill();
    assert_sound(dir.path()).await;
}

#[actix_web::test]
async fn a_store_that_cannot_erase_for_good_is_refused() {
    let (dir, buckets) = (tempfile::tempdir().unwrap(), Buckets::start());
    assert!(doctor(dir.path(), &buckets).starts_with("ok"), "{}", doctor(dir.path(), &buckets));
    for (fault, told) in [
        (Fault::KeepsVersions, "turn versioning off"),
        (Fault::Replaces, "If-None-Match"),
        (Fault::KeepsAll("secrets"), "secrets"),
    ] {
        buckets.fault(Some(fault));
        let line = doctor(dir.path(), &buckets);
        assert!(line.starts_with("WRONG") && line.contains(told), "{fault:?}: {line}");
    }
    buckets.fault(Some(Fault::KeepsVersions));
    let serve = [&["serve", "--listen", "127.0.0.1:0"], &PLACES[..]].concat();
    let refused = run_with(dir.path(), &serve, &buckets.variables());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && told.contains("turn versioning off"), "{told}");
}
