//! What was erased can be opened by nobody, whatever copies there are, and the log proves it.

mod s3;

use crate::images::completed;
use crate::kit::{Check, TestApp, eventually};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use liveness::data_dir::DataDir;
use liveness::images::{ImageStore, Place, Sharing};
use liveness_events::Digest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use uuid::Uuid;

async fn event(app: &TestApp, check: &Check, kind: &str) -> Option<Value> {
    app.events(check).await.into_iter().find(|event| event["type"] == kind).map(|event| event["data"].clone())
}

async fn erased(app: &TestApp, check: &Check) -> Value {
    eventually("the images are erased", async || event(app, check, "ImagesErased").await).await
}

/// Copies a folder, without what has the name `without`.
fn copy(from: &Path, to: &Path, without: &str) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != without)
    {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target, without);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

/// Opens a sealed object as `docs/adr/0010-the-keys-of-images-are-kept-apart.md` describes it, with nothing of the service.
fn open(key: &[u8], purpose: &[u8], sealed: &[u8]) -> Vec<u8> {
    let (header, body) = sealed.split_at(1 + NONCE_LEN);
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).unwrap();
    let nonce = Nonce::try_assume_unique_for_key(&header[1..]).unwrap();
    let mut body = body.to_vec();
    key.open_in_place(nonce, Aad::from([&header[..1], purpose].concat()), &mut body).unwrap().to_vec()
}

fn digests(list: &Value) -> Vec<Digest> {
    list.as_array().unwrap().iter().map(|digest| digest.as_str().unwrap().parse().unwrap()).collect()
}

#[actix_web::test]
async fn after_the_retention_no_copy_opens_anything_and_the_log_proves_it() {
    let app = TestApp::start();
    let (check, _) = completed(&app).await;
    let session: Uuid = check.uuid.parse().unwrap();
    let (kept, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy(app.dir(), kept.path(), "image-keys");
    copy(&app.dir().join("image-keys"), keys.path(), "");
    let wrapped = fs::read(keys.path().join(format!("{session}.key"))).unwrap();
    let completed = event(&app, &check, "SessionCompleted").await.unwrap();
    let images: BTreeSet<Digest> = completed["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["sha256"].as_str().unwrap().parse().unwrap())
        .collect();
    let object = |image: &Digest| kept.path().join(format!("images/{session}/{image}.sealed"));

    // While the key is there, the copies open with it, by the service and by hand.
    let master = DataDir::open(kept.path()).unwrap().master_key().unwrap();
    let opened = async |keys: &Path| {
        let (images_in, keys) = (Place::Folder(kept.path().join("images")), Place::Folder(keys.into()));
        let store = ImageStore::open(&images_in, &keys, master.clone(), Sharing::Alone).unwrap();
        store.get(session, &images).await.unwrap()
    };
    assert_eq!(opened(keys.path()).await.into_keys().collect::<BTreeSet<_>>(), images);
    let key = open(&master.image_key(session), session.as_bytes(), &wrapped);
    let pictures: Vec<Vec<u8>> = images
        .iter()
        .map(|image| {
            let purpose = [&session.as_bytes()[..], image.as_bytes()].concat();
            let picture = open(&key, &purpose, &fs::read(object(image)).unwrap());
            assert_eq!(Digest::of(&picture), *image);
            picture
        })
        .collect();

    app.advance(31);
    let erased = erased(&app, &check).await;

    // Nothing that is left, here or in the copies, is the key, and without it nothing is opened.
    for file in files(kept.path()).into_iter().chain(files(app.dir())) {
        let content = fs::read(&file).unwrap();
        assert!(!holds(&content, &wrapped) && !holds(&content, &key), "a key is in {}", file.display());
        let seen = pictures.iter().any(|picture| holds(&content, &picture[..64]));
        assert!(!seen, "a picture is in {}", file.display());
    }
    assert!(opened(&app.dir().join("image-keys")).await.is_empty());

    // The log names what is gone, as the copies have it.
    let sealed: Vec<Digest> =
        images.iter().map(|image| Digest::of(&fs::read(object(image)).unwrap())).collect();
    for told in [&completed, &erased] {
        assert_eq!(told["sealed"]["key_sha256"], json!(Digest::of(&wrapped)));
        assert_eq!(digests(&told["sealed"]["objects_sha256"]), sealed);
    }
    assert_eq!(digests(&erased["images"]).into_iter().collect::<BTreeSet<_>>(), images);
    eprintln!("{erased:#}");
    app.finish().await;
}

#[actix_web::test]
async fn a_crash_after_the_key_is_destroyed_is_finished() {
    let mut app = TestApp::start();
    let (check, _) = completed(&app).await;
    let sealed = event(&app, &check, "SessionCompleted").await.unwrap()["sealed"].clone();
    app.stop();
    // As such a crash leaves it: no key, all images, and no event that says so.
    fs::remove_file(app.dir().join(format!("image-keys/{}.key", check.uuid))).unwrap();
    app.start_again();
    let result = app.result(&check).await;
    assert_eq!((result.status, &result.json()["result"]["image"]), (200, &Value::Null));
    assert!(!app.images(&check.uuid).is_empty());
    app.advance(31);
    assert_eq!(erased(&app, &check).await["sealed"], sealed);
    assert!(app.images(&check.uuid).is_empty());
    app.finish().await;
}

#[actix_web::test]
async fn an_image_of_another_session_is_refused_and_the_answer_comes() {
    let app = TestApp::start();
    let ((one, result), (other, _)) = (completed(&app).await, completed(&app).await);
    let probe = event(&app, &one, "SessionCompleted").await.unwrap()["images"][0]["sha256"].clone();
    let object =
        |check: &Check| app.dir().join(format!("images/{}/{}.sealed", check.uuid, probe.as_str().unwrap()));
    fs::write(object(&one), fs::read(app.images(&other.uuid).first().unwrap()).unwrap()).unwrap();
    let told = app.result(&one).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = &told.json()["result"];
    assert_eq!((&told["image"], &told["passed"]), (&Value::Null, &result["passed"]));
    assert!(!told["audit_images"].as_array().unwrap().is_empty(), "the others are there");
    app.finish().await;
}
