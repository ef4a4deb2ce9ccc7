//! One session by each way that a person may choose, from the socket to an auditor's replay.

use crate::kit::{TestApp, attend_by, run};
use crate::people::{Person, rendered};
use liveness_events::challenge::Way;
use serde_json::{Value, json};

/// The steps that the log says were asked for, in order.
fn issued(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["type"] == "StepIssued").map(|event| &event["data"]["step"]).collect()
}

async fn passes_and_replays(way: Way) {
    let app = TestApp::start();
    let check = app.create(json!({})).await;
    let end = attend_by(way, &app, &check, &mut Person::new(rendered())).await;
    assert_eq!(end.told()["outcome"], "complete", "{end:?}");
    let result = app.result(&check).await;
    assert_eq!(result.json()["result"]["passed"], true, "{}", result.text);

    let events = app.events(&check).await;
    let started = &events.iter().find(|event| event["type"] == "CaptureStarted").unwrap()["data"];
    assert_eq!(started["way"], json!(way));
    let steps = started["steps"].as_array().unwrap();
    assert_eq!(issued(&events)[..steps.len()], steps.iter().collect::<Vec<_>>());
    let completed = &events.last().unwrap()["data"];
    eprintln!("{way:?}: {} frames, {completed:#}", events.len());
    assert_eq!(completed["policy"], 2);

    let replayed = run(app.dir(), &["replay", &check.uuid]);
    let text = String::from_utf8(replayed.stdout).unwrap();
    assert!(replayed.status.success() && text.contains("the verdicts are equal"), "{text}");
    app.finish().await;
}

#[actix_web::test]
async fn a_head_passes_by_turns_distance_and_light() {
    passes_and_replays(Way::Light).await;
}

#[actix_web::test]
async fn a_head_passes_by_turns_and_distance_alone() {
    passes_and_replays(Way::Motion).await;
}
