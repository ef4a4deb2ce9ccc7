//! Images go when their time is over, and the result stays.

use crate::kit::{Check, TestApp, eventually};
use crate::sessions::pass;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) async fn completed(app: &TestApp) -> (Check, Value) {
    let check = app.create(json!({ "audit_images": 4 })).await;
    let result = pass(app, &check).await.json()["result"].clone();
    assert_eq!(result["audit_images"].as_array().unwrap().len(), 4);
    // A rendered head turns twice in the same way: equal pictures are one file.
    let audit = result["audit_images"].as_array().unwrap().iter().map(|audit| audit["image"].to_string());
    let pictures: BTreeSet<String> = audit.chain([result["image"].to_string()]).collect();
    assert_eq!(app.images(&check.uuid).len(), pictures.len());
    (check, result)
}

/// Waits for the event, and sees that files and answers are without images and otherwise as before.
async fn assert_erased(app: &TestApp, check: &Check, mut result: Value, because: &str) {
    let erased = async || app.events(check).await.into_iter().find(|event| event["type"] == "ImagesErased");
    let event = eventually("the images are erased", erased).await;
    assert_eq!(event["data"]["because"], because);
    assert!(app.images(&check.uuid).is_empty(), "{:?}", app.images(&check.uuid));
    let fields = result.as_object_mut().unwrap();
    fields.retain(|name, _| !["image", "audit_images", "bounding_box"].contains(&name.as_str()));
    assert_eq!(app.result(check).await.json()["result"], result);
    let types = app.event_types(check).await;
    assert_eq!(types.iter().filter(|name| *name == "ImagesErased").count(), 1);
}

#[actix_web::test]
async fn images_go_after_the_retention_also_where_the_service_was_down() {
    let mut app = TestApp::start();
    let (first, result) = completed(&app).await;
    app.advance(29);
    assert_eq!(app.result(&first).await.json()["result"], result, "still there");
    app.advance(2);
    assert_erased(&app, &first, result, "retention_ended").await;

    let (second, result) = completed(&app).await;
    app.stop();
    app.advance(31);
    assert!(!app.images(&second.uuid).is_empty());
    app.start_again();
    assert_erased(&app, &second, result, "retention_ended").await;
    app.finish().await;
}

#[actix_web::test]
async fn images_go_on_request() {
    let app = TestApp::start();
    let (check, result) = completed(&app).await;
    for _ in 0..2 {
        assert_eq!(app.delete(&check).await.status, 204);
        assert_erased(&app, &check, result.clone(), "requested").await;
    }
    app.finish().await;
}

#[actix_web::test]
async fn images_that_no_event_names_are_swept_away() {
    let mut app = TestApp::start();
    let check = app.create(json!({})).await;
    assert_eq!(app.delete(&check).await.status, 204);
    app.stop();
    // As a crash between the two leaves it: an image, and no event that names it.
    let folder = app.dir().join("images").join(&check.uuid);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("0000.jpg"), b"an image").unwrap();
    app.start_again();
    eventually("the image is gone", async || app.images(&check.uuid).is_empty().then_some(())).await;
    app.finish().await;
}
