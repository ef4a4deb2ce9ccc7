use super::*;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

struct Stores {
    dir: TempDir,
}

impl Stores {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn open(&self, sharing: Sharing) -> ImageStore {
        self.open_with(7, sharing)
    }

    fn open_with(&self, master: u8, sharing: Sharing) -> ImageStore {
        let [images, keys] = [self.images(), self.keys()].map(Place::Folder);
        ImageStore::open(&images, &keys, MasterKey::new([master; 32]), sharing).unwrap()
    }

    fn images(&self) -> PathBuf {
        self.dir.path().join("images")
    }

    fn keys(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    fn object(&self, session: Uuid, sha256: Digest) -> PathBuf {
        self.images().join(format!("{session}/{sha256}.sealed"))
    }

    fn key(&self, session: Uuid) -> PathBuf {
        self.keys().join(format!("{session}.key"))
    }
}

fn pictures(texts: &[&'static str]) -> BTreeMap<Digest, Bytes> {
    texts.iter().map(|text| (Digest::of(text.as_bytes()), Bytes::from_static(text.as_bytes()))).collect()
}

async fn get(store: &ImageStore, session: Uuid, all: &BTreeMap<Digest, Bytes>) -> BTreeMap<Digest, Bytes> {
    store.get(session, &all.keys().copied().collect()).await.unwrap()
}

fn hash_of(file: &Path) -> Digest {
    Digest::of(&fs::read(file).unwrap())
}

fn age(file: &Path, by: Duration) {
    File::options().write(true).open(file).unwrap().set_modified(SystemTime::now() - by).unwrap();
}

#[tokio::test]
async fn images_come_back_until_they_are_erased() {
    let stores = Stores::new();
    let store = stores.open(Sharing::Alone);
    let both = pictures(&["a picture", "another"]);
    for session in [ONE, OTHER] {
        store.put(session, &both).await.unwrap();
        assert_eq!(get(&store, session, &both).await, both);
    }
    for _ in 0..2 {
        store.erase(ONE).await.unwrap();
        assert_eq!(get(&store, ONE, &both).await, BTreeMap::new());
        assert!(!stores.key(ONE).exists() && !stores.images().join(ONE.to_string()).exists());
    }
    assert_eq!(get(&store, OTHER, &both).await, both);
}

#[tokio::test]
async fn what_is_told_is_what_lies_there_however_often_it_is_kept() {
    let stores = Stores::new();
    let store = stores.open(Sharing::Alone);
    let both = pictures(&["a picture", "another"]);
    let told = store.put(ONE, &both).await.unwrap();
    assert_eq!(told.key, hash_of(&stores.key(ONE)));
    let objects: Vec<Digest> = both.keys().map(|sha256| hash_of(&stores.object(ONE, *sha256))).collect();
    assert_eq!(told.objects, objects);
    // Another node that keeps the same pictures says the same.
    assert_eq!(stores.open(Sharing::Shared).put(ONE, &both).await.unwrap(), told);
    let content = fs::read(stores.object(ONE, both.keys().next().copied().unwrap())).unwrap();
    assert!(both.values().all(|jpeg| content.windows(jpeg.len()).all(|part| part != jpeg)));
}

#[tokio::test]
async fn keys_are_for_this_user_alone() {
    let stores = Stores::new();
    let store = stores.open(Sharing::Alone);
    store.put(ONE, &pictures(&["a picture"])).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&stores.keys()), mode(&stores.key(ONE))), (0o700, 0o600));
    fs::set_permissions(stores.keys(), fs::Permissions::from_mode(0o750)).unwrap();
    let (images, keys) = (Place::Folder(stores.images()), Place::Folder(stores.keys()));
    let told = ImageStore::open(&images, &keys, MasterKey::new([7; 32]), Sharing::Alone).unwrap_err();
    assert!(told.to_string().contains("chmod 700"), "{told}");
}

#[tokio::test]
async fn no_store_opens_anything_without_the_other_and_the_master_key() {
    let stores = Stores::new();
    let one = pictures(&["a picture"]);
    let store = stores.open(Sharing::Alone);
    store.put(ONE, &one).await.unwrap();
    assert!(get(&stores.open_with(8, Sharing::Alone), ONE, &one).await.is_empty(), "another master key");
    // The key of one session does not stand in for that of another.
    store.put(OTHER, &one).await.unwrap();
    fs::copy(stores.key(OTHER), stores.key(ONE)).unwrap();
    assert!(get(&store, ONE, &one).await.is_empty(), "another session's key");
    fs::remove_file(stores.key(ONE)).unwrap();
    assert!(get(&store, ONE, &one).await.is_empty(), "no key");
}

#[tokio::test]
async fn an_altered_or_swapped_image_is_refused_and_the_others_come() {
    let stores = Stores::new();
    let store = stores.open(Sharing::Alone);
    let all = pictures(&["a picture", "another", "a third"]);
    let [first, second, third] = [0, 1, 2].map(|nth| *all.keys().nth(nth).unwrap());
    store.put(ONE, &all).await.unwrap();
    store.put(OTHER, &all).await.unwrap();
    fs::copy(stores.object(ONE, second), stores.object(ONE, first)).unwrap();
    assert_eq!(get(&store, ONE, &all).await.into_keys().collect::<Vec<_>>(), [second, third]);
    fs::copy(stores.object(OTHER, second), stores.object(ONE, second)).unwrap();
    assert_eq!(get(&store, ONE, &all).await.into_keys().collect::<Vec<_>>(), [third]);
    let mut altered = fs::read(stores.object(ONE, third)).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(stores.object(ONE, third), altered).unwrap();
    assert!(get(&store, ONE, &all).await.is_empty());
}

#[tokio::test]
async fn what_another_node_may_just_be_writing_is_not_told_as_left_over() {
    let stores = Stores::new();
    let one = pictures(&["a picture"]);
    let (shared, alone) = (stores.open(Sharing::Shared), stores.open(Sharing::Alone));
    shared.put(ONE, &one).await.unwrap();
    assert_eq!(shared.sessions().await.unwrap(), [].into());
    assert_eq!(alone.sessions().await.unwrap(), [].into(), "written since this process is there");
    let object = stores.object(ONE, *one.keys().next().unwrap());
    let old = Duration::from_secs(16 * 60);
    age(&object, old);
    assert_eq!(shared.sessions().await.unwrap(), [].into(), "its key is young");
    age(&stores.key(ONE), old);
    assert_eq!(shared.sessions().await.unwrap(), [ONE].into());
    assert_eq!(alone.sessions().await.unwrap(), [ONE].into());
    fs::remove_file(&object).unwrap();
    assert_eq!(alone.sessions().await.unwrap(), [ONE].into(), "a key alone is left over too");
}

#[tokio::test]
async fn a_check_leaves_nothing() {
    let stores = Stores::new();
    stores.open(Sharing::Alone).check().await.unwrap();
    for folder in [stores.images(), stores.keys()] {
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }
}

#[test]
fn places_are_told_apart() {
    let place = |text: &str| text.parse::<Place>().unwrap();
    assert_eq!(place("./images"), Place::Folder("./images".into()));
    for text in ["s3://bucket/", "s3://bucket/a/b"] {
        assert_eq!(place(text).to_string(), text);
    }
    for wrong in ["", "s3://", "s3:///a", "gs://bucket", "file:///srv"] {
        let told = wrong.parse::<Place>().unwrap_err();
        assert!(told.contains("s3://bucket/prefix"), "{wrong}: {told}");
    }
    assert!(place("s3://bucket/a").holds(&place("s3://bucket/a/b")));
    assert!(!place("s3://bucket/a").holds(&place("s3://bucket/ab")));
    assert!(!place("s3://bucket/a").holds(&place("s3://other/a/b")));
    assert!(!place("/srv/a").holds(&place("/srv/ab")));
}
