use crate::test_app::*;
use liveness_events::api_key::Scope;
use liveness_events::stream;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use uuid::Uuid;

#[actix_web::test]
async fn without_a_valid_key_nothing_is_told() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    let uuid_path = format!("/liveness_checks/{SESSION}/events");
    let own = format!("/liveness_check?token={}", token());
    for (method, path) in [
        (Method::POST, "/liveness_check"),
        (Method::GET, &own),
        (Method::DELETE, &own),
        (Method::GET, &uuid_path),
    ] {
        for (header, error) in
            [(None, false), (Some("Bearer wrong"), true), (Some("Basic x"), false), (Some("Bearer "), false)]
        {
            let mut request = app.request(method.clone(), path);
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header);
            }
            let answer = Answer::of(request.send().await.unwrap()).await;
            answer.problem(401);
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer"), "{challenge}");
            assert_eq!(challenge.contains("error=\"invalid_token\""), error, "{header:?}: {challenge}");
        }
    }
}

#[actix_web::test]
async fn a_scope_that_does_not_reach_is_named() {
    let app = TestApp::start().await;
    let answer = app.send_as(AUDIT_KEY, Method::GET, "/liveness_check?token=x").await;
    assert!(answer.problem(403)["detail"].as_str().unwrap().contains("`api`"));
    assert!(answer.header("www-authenticate").contains("insufficient_scope"));
}

#[actix_web::test]
async fn a_new_key_works_at_once_and_strangers_cause_few_waits() {
    let mut app = TestApp::start().await;
    app.see_late(stream::API_KEYS, &api_key("new", Uuid::from_u128(103), &[Scope::Api]));
    assert_eq!(app.send_as("new", Method::GET, "/liveness_check?token=x").await.problem(400)["status"], 400);
    while app.asked.try_recv().is_ok() {}
    let started = std::time::Instant::now();
    for _ in 0..100 {
        app.send_as("wrong", Method::GET, "/liveness_check?token=x").await.problem(401);
    }
    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap() + 2;
    let waits = std::iter::from_fn(|| app.asked.try_recv().ok()).count();
    assert!(waits <= 5 * seconds, "{waits} waits in {seconds} s");
}

/// Another node may have made the link a moment ago: nobody is told that there is none who was not looked up.
#[actix_web::test]
async fn in_a_rush_unknown_links_are_told_to_come_again_where_there_are_other_nodes() {
    let (alone, shared) = (TestApp::start().await, TestApp::sharing_its_log().await);
    let unknown = format!("/c/{}", "a".repeat(32));
    let mut rushed = 0;
    for _ in 0..100 {
        assert_eq!(alone.send(Method::GET, &unknown).await.status, 404);
        let answer = shared.send(Method::GET, &unknown).await;
        match answer.status {
            404 => {}
            503 => {
                assert_eq!(answer.header("retry-after"), "1");
                rushed += 1;
            }
            status => panic!("{status}"),
        }
    }
    assert!(rushed > 0, "a hundred links that are not known are a rush");
}

#[actix_web::test]
async fn unknown_paths_and_methods() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/nothing",
        "/liveness_check/",
        "/assets/nothing.js",
        "/assets/../Cargo.toml",
        "/c/",
        "/liveness_checks/%FF/events",
    ] {
        app.send(Method::GET, path).await.problem(404);
    }
    assert_eq!(app.send(Method::GET, "/c/%FF%00%3Cscript").await.status, 404);
    for (path, allow) in [
        ("/liveness_check", "GET, HEAD, POST, DELETE, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/c/x", "GET, HEAD, OPTIONS"),
        ("/c/x/ws", "GET, OPTIONS"),
    ] {
        let answer = app.send(Method::PUT, path).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), allow);
        let answer = app.send(Method::OPTIONS, path).await;
        assert_eq!((answer.status, answer.header("allow")), (204, allow));
    }
    let head = app.send(Method::HEAD, "/healthz").await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[actix_web::test]
async fn every_answer_bears_a_request_id() {
    let app = TestApp::start().await;
    let mine = Uuid::from_u128(5).to_string();
    for (sent, kept) in [(mine.as_str(), true), ("nonsense", false)] {
        for path in ["/healthz", "/nothing", "/assets/view.js"] {
            let answer =
                Answer::of(app.request(Method::GET, path).header("X-Request-Id", sent).send().await.unwrap())
                    .await;
            let id = answer.header("x-request-id");
            assert!(id.parse::<Uuid>().is_ok() && (id == sent) == kept, "{path}: {id}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
        }
    }
}

#[actix_web::test]
async fn health_and_metrics() {
    let mut app = TestApp::start().await;
    assert_eq!(app.send(Method::GET, "/healthz").await.text, "ok");
    assert_eq!(app.send(Method::GET, "/readyz").await.status, 200);
    *app.ready.lock().unwrap() = Err("the log cannot be written".into());
    let answer = app.send(Method::GET, "/readyz").await;
    assert_eq!((answer.status, &answer.json()["reasons"][0]), (503, &"the log cannot be written".into()));
    app.happens(&[created()]);
    app.send(Method::GET, "/secret-path").await;
    app.get_result().await;
    let text = app.send(Method::GET, "/metrics").await.text;
    assert!(text.contains("liveness_open_sessions{status=\"pending\"} 1"), "{text}");
    let count = "liveness_http_request_duration_seconds_count{route=\"/liveness_check\",method=\"GET\",status=\"2xx\"} 1";
    assert!(text.contains(count), "{text}");
    assert!(!text.contains("secret-path") && !text.contains(&token()), "{text}");
}
