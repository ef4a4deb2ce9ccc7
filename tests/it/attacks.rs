//! A few attacks over the network: the rest is judged without it, in `verdicts`.

use crate::kit::{Heard, TestApp, attend};
use crate::people::{Person, Source, Still, print, rendered};
use image::RgbImage;
use liveness_kit::encode_jpeg;
use serde_json::json;
use std::time::Duration;

/// A second attempt follows a first one that failed, and is compared with itself alone.
#[actix_web::test]
async fn photos_and_darkness_do_not_pass_and_a_person_after_them_does() {
    let mut flat = Person::new(print(None)).reacting(Duration::from_millis(250));
    let mut bent = Person::new(print(Some(0.75))).reacting(Duration::from_millis(250));
    let mut black = Still(encode_jpeg(&RgbImage::new(640, 480)).unwrap().into());
    let app = TestApp::start();
    let checks = [app.create(json!({})).await, app.create(json!({})).await, app.create(json!({})).await];
    let attackers: [&mut dyn Source; 3] = [&mut flat, &mut bent, &mut black];
    let tries = checks.iter().zip(attackers).map(|(check, attacker)| attend(&app, check, attacker));
    let ends = futures::future::join_all(tries).await;
    for (check, end) in checks.iter().zip(ends) {
        let Heard::Told(told) = &end else { panic!("{end:?}") };
        if told["type"] == "end" {
            assert_eq!(
                app.result(check).await.json()["result"]["passed"],
                false,
                "a scored attempt is final"
            );
            continue;
        }
        assert_eq!(told["type"], "attempt_failed", "{told}");
        let end = attend(&app, check, &mut Person::new(rendered())).await;
        assert_eq!(end.told()["outcome"], "complete", "{end:?}");
        assert_eq!(app.result(check).await.json()["result"]["passed"], true);
        for event in
            app.events(check).await.iter().rev().take_while(|event| event["type"] != "CaptureStarted")
        {
            let data = &event["data"];
            let compared = &data["face"]["compared"]["frame"];
            assert!(compared.is_null() || compared.as_u64() < data["seq"].as_u64(), "{event}");
        }
    }
    app.finish().await;
}
