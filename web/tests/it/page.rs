use crate::read::{complete, started};
use crate::test_app::*;
use liveness_events::session::{CancelledBy, ExpiredBecause, SessionEvent};
use liveness_events::stream;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, HOST, IF_NONE_MATCH};
use serde_json::{Value, json};

fn path() -> String {
    format!("/c/{}", credentials().capture_key.expose())
}

async fn open(app: &TestApp, path: &str) -> Answer {
    Answer::of(app.request(Method::GET, path).send().await.unwrap()).await
}

fn context(answer: &Answer) -> Value {
    let (_, rest) = answer.text.split_once("id=\"context\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[actix_web::test]
async fn the_page_knows_where_the_check_stands() {
    let status_after = async |events: &[SessionEvent]| {
        let mut app = TestApp::start().await;
        app.happens(&[created()]);
        app.happens(events);
        let answer = open(&app, &path()).await;
        assert_eq!(answer.status, 200);
        assert!(app.asked.try_recv().is_err(), "opening the page asks nothing of anybody");
        context(&answer)
    };
    assert_eq!(
        status_after(&[]).await,
        json!({ "status": "open", "expires_at": at(600).to_string(), "attempts_left": 3, "return_host": "example.com" })
    );
    let in_progress = status_after(&[started()]).await;
    assert_eq!((&in_progress["status"], &in_progress["attempts_left"]), (&json!("open"), &json!(2)));
    assert_eq!(status_after(&[complete()]).await["status"], "complete");
    let expired = SessionEvent::Expired { at: at(600), because: ExpiredBecause::LinkEnded };
    assert_eq!(status_after(&[expired]).await["status"], "expired");
    let exhausted = SessionEvent::Expired { at: at(60), because: ExpiredBecause::AttemptsExhausted };
    assert_eq!(status_after(&[exhausted]).await["status"], "attempts_exhausted");
    let cancelled = SessionEvent::Cancelled { at: at(60), by: CancelledBy::Person };
    assert_eq!(status_after(&[cancelled]).await["status"], "cancelled");
}

#[actix_web::test]
async fn the_page_of_an_unknown_link() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    // A token opens no camera.
    for key in ["nonsense".to_owned(), "a".repeat(32), token()] {
        let answer = open(&app, &format!("/c/{key}")).await;
        assert_eq!((answer.status, &context(&answer)["status"]), (404, &json!("unknown")));
        assert_eq!(open(&app, &format!("/c/{key}/return?error=cancelled")).await.status, 404);
    }
}

#[actix_web::test]
async fn the_page_may_do_little() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    let answer = open(&app, &path()).await;
    assert_eq!(
        answer.header("content-security-policy"),
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
             connect-src 'self' wss://check.example.com ws://{0} wss://{0}; frame-ancestors 'none'; base-uri 'none'; \
             form-action 'none'",
            app.address
        )
    );
    assert_eq!(answer.header("permissions-policy"), "camera=(self), microphone=()");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let odd = app.request(Method::GET, &path()).header(HOST, "x;script-src*").send().await.unwrap();
    let policy = odd.headers().get("content-security-policy").map(|value| value.to_str().unwrap().to_owned());
    assert!(policy.is_none_or(|policy| !policy.contains("script-src*")));
}

#[actix_web::test]
async fn the_way_back_of_an_open_check() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    let back = format!("{}/return", path());
    for code in
        ["cancelled", "consent_declined", "camera_denied", "no_camera", "unsupported_browser", "server_error"]
    {
        let answer = open(&app, &format!("{back}?error={code}&utm=1")).await;
        assert_eq!(answer.status, 303);
        let address = format!("https://example.com/back?a=1&lc_token={}&error={code}#f", token());
        assert_eq!(answer.header("location"), address);
    }
    open(&app, &format!("{back}?error=other")).await.problem(400);
    open(&app, &format!("{back}?error=")).await.problem(400);
    open(&app, &back).await.problem(409);
}

#[actix_web::test]
async fn the_way_back_of_an_ended_check_tells_how_it_ended() {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    app.see_late(&stream::session(SESSION), &complete());
    for query in ["", "?error=cancelled"] {
        let answer = open(&app, &format!("{}/return{query}", path())).await;
        assert_eq!(answer.header("location"), format!("https://example.com/back?a=1&lc_token={}#f", token()));
    }
    let mut app = TestApp::start().await;
    app.happens(&[created(), SessionEvent::Expired { at: at(600), because: ExpiredBecause::LinkEnded }]);
    let answer = open(&app, &format!("{}/return", path())).await;
    assert!(answer.header("location").contains("error=expired"), "{}", answer.header("location"));
}

#[actix_web::test]
async fn assets_are_sent_once() {
    let app = TestApp::start().await;
    for (name, kind) in [
        ("capture.css", "text/css; charset=utf-8"),
        ("capture.js", "text/javascript; charset=utf-8"),
        ("camera.js", "text/javascript; charset=utf-8"),
        ("screen.js", "text/javascript; charset=utf-8"),
        ("socket.js", "text/javascript; charset=utf-8"),
        ("view.js", "text/javascript; charset=utf-8"),
        ("words.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
    ] {
        let path = format!("/assets/{name}");
        let answer = open(&app, &path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{name}");
        assert_eq!(answer.header("cache-control"), "no-cache");
        let tag = answer.header("etag");
        let again = app.request(Method::GET, &path).header(IF_NONE_MATCH, tag).send().await.unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(Answer::of(again).await.text, "");
        let packed = app.request(Method::GET, &path).header(ACCEPT_ENCODING, "gzip").send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{name}");
    }
    assert_eq!(open(&app, "/favicon.ico").await.header("content-type"), "image/svg+xml");
}
