//! The capture socket against those who do not speak its protocol: each gets a clear end, others go on, and the memory
//! stays. The service is a process of its own, so that its memory is its own.

use crate::kit::{Api, Capture, Check, Heard, Service, assert_sound, keys};
use crate::people::rendered;
use crate::sessions::assert_passed;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::{SinkExt as _, StreamExt as _};
use liveness_kit::encode_jpeg;
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// How often everything is done again before the memory is looked at.
const ROUNDS: usize = 40;
/// What the memory may have grown by then, in KiB: a few connections' buffers, and no more a round.
const GROWTH_KIB: u64 = 64 * 1024;

/// A way to misbehave, and the codes of the end that may come of it.
struct Abuse {
    what: &'static str,
    codes: &'static [u16],
    act: fn(Capture) -> BoxFuture<'static, Capture>,
    begun: bool,
}

const fn abuse(
    what: &'static str,
    codes: &'static [u16],
    begun: bool,
    act: fn(Capture) -> BoxFuture<'static, Capture>,
) -> Abuse {
    Abuse { what, codes, act, begun }
}

const ABUSES: [Abuse; 9] = [
    abuse("a text instead of a frame", &[1007], true, |mut capture| {
        async move {
            capture.say("frame").await;
            capture
        }
        .boxed()
    }),
    abuse("no JPEG", &[1007], true, |capture| insist(capture, vec![7; 5_000])),
    abuse("a header of 20,000 x 20,000", &[1007], true, |capture| insist(capture, huge())),
    abuse("half a JPEG", &[1007], true, |capture| insist(capture, half())),
    abuse("an empty frame", &[1007], true, |capture| insist(capture, vec![])),
    abuse("10 MB", &[1009], true, |capture| show(capture, vec![0xFF; 10_000_000])),
    abuse("1,000 frames at once", &[1008], true, |capture| flood(capture).boxed()),
    abuse("a frame before the start", &[1008], false, |capture| show(capture, rendered().ahead().to_vec())),
    abuse("a start twice", &[1008], true, |mut capture| {
        async move {
            capture.say(r#"{"type":"start"}"#).await;
            capture
        }
        .boxed()
    }),
];

fn show(mut capture: Capture, bytes: Vec<u8>) -> BoxFuture<'static, Capture> {
    async move {
        capture.show(Bytes::from(bytes)).await;
        capture
    }
    .boxed()
}

/// What is measured before it is refused.
fn insist(mut capture: Capture, bytes: Vec<u8>) -> BoxFuture<'static, Capture> {
    async move {
        capture.insist(&Bytes::from(bytes)).await;
        capture
    }
    .boxed()
}

/// A JPEG whose header claims more than any memory holds.
fn huge() -> Vec<u8> {
    let mut jpeg = encode_jpeg(&image::RgbImage::new(160, 160)).unwrap();
    let header = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    jpeg[header + 5..header + 9].copy_from_slice(&[0x4E, 0x20, 0x4E, 0x20]);
    jpeg
}

fn half() -> Vec<u8> {
    let whole = rendered().ahead();
    whole[..whole.len() / 2].to_vec()
}

/// Sends without waiting for an answer, and hears meanwhile, as a browser does.
async fn flood(capture: Capture) -> Capture {
    let (mut sink, stream) = capture.0.split();
    let frame = rendered().ahead();
    for _ in 0..1000 {
        if sink.feed(Message::binary(frame.clone())).await.is_err() {
            break;
        }
    }
    // It may be closed by now.
    let _ = sink.flush().await;
    Capture(stream.reunite(sink).unwrap())
}

async fn misbehave(api: &Api, check: &Check, abuse: &Abuse) {
    let capture =
        if abuse.begun { Capture::begin(api, check).await } else { Capture::open(api, check).await.unwrap() };
    let mut capture = (abuse.act)(capture).await;
    loop {
        match capture.hear().await {
            Heard::Told(_) => {}
            Heard::Closed(code, reason) => {
                assert!(abuse.codes.contains(&code), "{}: {code} {reason}", abuse.what);
                assert!(!reason.is_empty(), "{}: {code} without a reason", abuse.what);
                return;
            }
            // The service does not read what is too much; its word may be lost with what was not read.
            Heard::Lost => {
                assert!(["10 MB", "1,000 frames at once"].contains(&abuse.what), "{}: no word", abuse.what);
                return;
            }
        }
    }
}

/// Each abuse once, each of a check of its own; no one of them is a verdict.
async fn all_of_them(api: &Api) {
    let each = ABUSES.iter().map(async |abuse| {
        let check = api.create(json!({})).await;
        misbehave(api, &check, abuse).await;
        let answer = api.result(&check).await;
        assert_eq!(answer.status, 202, "{}: {}", abuse.what, answer.text);
        assert_eq!(api.delete(&check).await.status, 204);
    });
    futures::future::join_all(each).await;
}

#[actix_web::test]
async fn abuse_has_a_clear_end_harms_no_other_and_takes_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let key = keys(dir.path(), &["create", "--name", "it", "--scope", "api,audit"]);
    let service = Service::start(dir.path());
    let api = Api::new(service.address, &key);
    let beside = api.create(json!({})).await;
    tokio::join!(all_of_them(&api), assert_passed(&api, &beside));
    for _ in 0..5 {
        all_of_them(&api).await;
    }
    let before = service.resident();
    for _ in 0..ROUNDS {
        all_of_them(&api).await;
    }
    let after = service.resident();
    eprintln!("resident: {before} KiB, and {after} KiB after {ROUNDS} rounds of abuse");
    assert!(after < before + GROWTH_KIB, "{before} KiB grew to {after} KiB");
    service.kill();
    assert_sound(dir.path()).await;
}

#[actix_web::test]
async fn silence_and_words_after_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let key = keys(dir.path(), &["create", "--name", "it", "--scope", "api,audit"]);
    let service = Service::start(dir.path());
    let api = Api::new(service.address, &key);
    let (silent, beside, over) =
        (api.create(json!({})).await, api.create(json!({})).await, api.create(json!({})).await);
    let silence = async {
        let mut capture = Capture::begin(&api, &silent).await;
        let end = capture.hear_end().await;
        assert_eq!(end.told()["reason"], "connection_lost", "{end:?}");
        assert_eq!(capture.hear_close().await.0, 1000);
    };
    let after_the_end = async {
        let mut capture = Capture::begin(&api, &over).await;
        assert_eq!(api.delete(&over).await.status, 204);
        assert_eq!(capture.hear_end().await.told()["error"], "cancelled");
        for _ in 0..20 {
            capture.show(rendered().ahead()).await;
        }
        assert_eq!(capture.hear_close().await.0, 1000);
        assert_eq!(api.event_types(&over).await.last().unwrap(), "SessionCancelled");
    };
    let patience = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::join!(silence, after_the_end, assert_passed(&api, &beside))
    });
    patience.await.unwrap();
    service.kill();
    assert_sound(dir.path()).await;
}
