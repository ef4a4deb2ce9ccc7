use crate::fake::Asked;
use crate::test_app::*;
use liveness_events::values::MAX_URL_BYTES;
use liveness_web::messages::{CreateError, Trouble};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const RETURN: &str = "https://example.com/return";

async fn post(app: &TestApp, body: &Value) -> Answer {
    Answer::of(app.post(body.to_string()).send().await.unwrap()).await
}

#[actix_web::test]
async fn a_check_is_created_with_what_was_asked_for() {
    let mut app = TestApp::start().await;
    let body = json!({ "return_url": RETURN, "webhook_url": "https://example.com/hook", "link_valid_mins": 5,
        "threshold": 0, "audit_images": 4 });
    let answer = post(&app, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let secrets = master().credentials(Uuid::from_u128(7));
    assert_eq!(
        answer.json(),
        json!({
            "token": secrets.token.expose(),
            "url": format!("https://check.example.com/c/{}", secrets.capture_key.expose()),
            "secret": secrets.webhook_secret.expose(),
            "webhook_url": "https://example.com/hook",
            "uuid": "00000000-0000-0000-0000-000000000007",
            "expires_at": "2027-01-15T08:00:00.000Z",
        })
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("location"), format!("/liveness_check?token={}", secrets.token.expose()));
    let Asked::Create(asked) = app.next_asked().await else { panic!() };
    assert_eq!(asked.owner, OWNER);
    assert_eq!(asked.request_id.to_string(), answer.header("x-request-id"));
    assert_eq!(asked.link_validity.duration(), Duration::from_secs(300));
    assert_eq!((asked.threshold.get(), asked.audit_images.get(), asked.idempotency), (0, 4, None));
}

#[actix_web::test]
async fn defaults_hold_and_no_webhook_is_echoed() {
    let mut app = TestApp::start().await;
    let answer = post(&app, &json!({ "return_url": "http://localhost:3000/x" })).await;
    assert_eq!(answer.status, 201);
    assert!(answer.json().get("webhook_url").is_none());
    let Asked::Create(asked) = app.next_asked().await else { panic!() };
    assert_eq!(asked.link_validity.duration(), Duration::from_secs(600));
    assert_eq!((asked.threshold.get(), asked.audit_images.get(), asked.webhook_url), (70, 0, None));
}

#[actix_web::test]
async fn each_field_at_its_limits() {
    let app = TestApp::start().await;
    let long =
        |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - "https://example.com/".len()));
    let cases = [
        ("link_valid_mins", json!(4), 400),
        ("link_valid_mins", json!(5), 201),
        ("link_valid_mins", json!(30), 201),
        ("link_valid_mins", json!(31), 400),
        ("link_valid_mins", json!(10.5), 400),
        ("link_valid_mins", json!(10.0), 201),
        ("link_valid_mins", json!("10"), 400),
        ("link_valid_mins", json!(null), 400),
        ("threshold", json!(-1), 400),
        ("threshold", json!(0), 201),
        ("threshold", json!(99), 201),
        ("threshold", json!(100), 400),
        ("threshold", json!(u64::MAX), 400),
        ("threshold", json!(1e300), 400),
        ("threshold", json!(true), 400),
        ("audit_images", json!(-1), 400),
        ("audit_images", json!(0), 201),
        ("audit_images", json!(4), 201),
        ("audit_images", json!(5), 400),
        ("audit_images", json!([1]), 400),
        ("return_url", json!(long(MAX_URL_BYTES)), 201),
        ("return_url", json!(long(MAX_URL_BYTES + 1)), 400),
        ("return_url", json!("http://example.com/"), 400),
        ("return_url", json!("javascript:alert(1)"), 400),
        ("return_url", json!(""), 400),
        ("return_url", json!({}), 400),
        ("webhook_url", json!(long(MAX_URL_BYTES)), 201),
        ("webhook_url", json!(long(MAX_URL_BYTES + 1)), 400),
        ("webhook_url", json!("https://10.0.0.1/"), 400),
        ("webhook_url", json!("nonsense"), 400),
        ("webhook_url", json!(5), 400),
    ];
    for (field, value, status) in cases {
        let mut body = json!({ "return_url": RETURN });
        body[field] = value.clone();
        let answer = post(&app, &body).await;
        assert_eq!(answer.status, status, "{field} {value}: {}", answer.text);
        if status == 400 {
            let problem = answer.problem(400);
            assert_eq!(problem["type"], "urn:liveness:problem:invalid-request");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
            assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
        }
    }
}

#[actix_web::test]
async fn everything_wrong_is_told_at_once() {
    let mut app = TestApp::start().await;
    let body = json!({ "webhook_url": 1, "link_valid_mins": 99, "threshold": "x", "audit_images": null,
        "retrun_url": RETURN, "a/b~c": 1 });
    let answer = post(&app, &body).await;
    let problem = answer.problem(400);
    let mut pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/audit_images",
            "/a~1b~0c",
            "/link_valid_mins",
            "/retrun_url",
            "/return_url",
            "/threshold",
            "/webhook_url"
        ]
    );
    assert!(app.asked.try_recv().is_err(), "nobody was asked to create it");
}

#[actix_web::test]
async fn bodies_that_are_no_objects() {
    let app = TestApp::start().await;
    for body in ["", "{", "nonsense", "[]", "\"x\"", "1", "null", "{\"return_url\":\"https://e.com/\"} x"] {
        let answer = Answer::of(app.post(body).send().await.unwrap()).await;
        answer.problem(400);
    }
    let mut bytes = b"{\"return_url\": \"".to_vec();
    bytes.extend([0xff, 0xfe]);
    Answer::of(app.post(bytes).send().await.unwrap()).await.problem(400);
    let deep = "[".repeat(60_000);
    Answer::of(app.post(deep).send().await.unwrap()).await.problem(400);
}

#[actix_web::test]
async fn a_body_has_64_kib_and_no_more() {
    let app = TestApp::start().await;
    let body = |bytes: usize| {
        let start = format!("{{\"return_url\":\"{RETURN}\"");
        format!("{start}{}}}", " ".repeat(bytes - start.len() - 1))
    };
    let answer = Answer::of(app.post(body(64 * 1024)).send().await.unwrap()).await;
    assert_eq!(answer.status, 201);
    let answer = Answer::of(app.post(body(64 * 1024 + 1)).send().await.unwrap()).await;
    answer.problem(413);
    let answer = Answer::of(app.post(vec![b' '; 10_000_000]).send().await.unwrap()).await;
    answer.problem(413);
}

#[actix_web::test]
async fn only_plain_json_is_taken() {
    let app = TestApp::start().await;
    let body = json!({ "return_url": RETURN }).to_string();
    for content_type in ["text/plain", "application/jsonx", "application/x-www-form-urlencoded"] {
        let request = app.post(body.clone()).header(CONTENT_TYPE, content_type);
        let mut request = request.build().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        let answer = Answer::of(reqwest::Client::new().execute(request).await.unwrap()).await;
        answer.problem(415);
    }
    let mut request = app.post(body.clone()).build().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
    assert_eq!(reqwest::Client::new().execute(request).await.unwrap().status(), 201);
    let gzip = app.post(body).header(CONTENT_ENCODING, "gzip");
    Answer::of(gzip.send().await.unwrap()).await.problem(415);
}

#[actix_web::test]
async fn idempotency_keys_are_passed_on_with_the_bodys_hash() {
    let mut app = TestApp::start().await;
    let mut hashes = vec![];
    let same = [
        r#"{"return_url":"https://e.com/","threshold":5}"#,
        r#" { "threshold": 5, "return_url": "https://e.com/"}"#,
    ];
    for body in same.into_iter().chain([r#"{"return_url":"https://e.com/","threshold":6}"#]) {
        let answer = Answer::of(app.post(body).header("Idempotency-Key", "k").send().await.unwrap()).await;
        assert_eq!(answer.status, 201);
        let Asked::Create(asked) = app.next_asked().await else { panic!() };
        let (key, hash) = asked.idempotency.unwrap();
        assert_eq!(key, "k");
        hashes.push(hash);
    }
    assert_eq!(hashes[0], hashes[1], "order and space do not matter");
    assert_ne!(hashes[0], hashes[2]);
}

#[actix_web::test]
async fn idempotency_keys_have_bounds_and_conflicts_are_told() {
    let app = TestApp::start().await;
    let body = json!({ "return_url": RETURN }).to_string();
    for (key, status) in [(String::new(), 400), ("k".repeat(255), 201), ("k".repeat(256), 400)] {
        let answer = app.post(body.clone()).header("Idempotency-Key", &key).send().await.unwrap();
        assert_eq!(answer.status(), status, "{} bytes", key.len());
    }
    app.script.lock().unwrap().create = Err(CreateError::OtherBody);
    let answer = app.post(body).header("Idempotency-Key", "k").send().await.unwrap();
    Answer::of(answer).await.problem(422);
}

#[actix_web::test]
async fn trouble_is_a_503_with_a_time_to_come_again() {
    let app = TestApp::start().await;
    let busy = Trouble::Busy { retry_after: Duration::from_secs(3) };
    app.script.lock().unwrap().create = Err(busy.into());
    let answer = post(&app, &json!({ "return_url": RETURN })).await;
    answer.problem(503);
    assert_eq!(answer.header("retry-after"), "3");
    app.script.lock().unwrap().create = Err(Trouble::Unavailable("disk /var/x is full".into()).into());
    let answer = post(&app, &json!({ "return_url": RETURN })).await;
    answer.problem(503);
    assert_ne!(answer.header("retry-after"), "");
    assert!(!answer.text.contains("disk"), "the cause is for the log: {}", answer.text);
}
