use crate::fake::Asked;
use crate::test_app::*;
use futures::{SinkExt as _, StreamExt as _};
use liveness_events::challenge::{Colour, Step, Way};
use liveness_events::session::guidance::Hint;
use liveness_events::session::{AttemptFailure, CameraReport, CancelledBy};
use liveness_web::messages::{CaptureError, CaptureNotice, Ended, StartCapture, Trouble};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) fn request(app: &TestApp) -> tungstenite::handshake::client::Request {
    let key = credentials().capture_key;
    let mut request = format!("ws://{}/c/{}/ws", app.address, key.expose()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "liveness.v1".parse().unwrap());
    request
}

pub(crate) async fn connect(app: &TestApp) -> Socket {
    let (socket, response) = connect_async(request(app)).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "liveness.v1");
    socket
}

/// A socket whose attempt has begun.
pub(crate) async fn begin(app: &mut TestApp) -> (Socket, StartCapture) {
    begin_with(app, r#"{"type":"start"}"#).await
}

async fn begin_with(app: &mut TestApp, start: &str) -> (Socket, StartCapture) {
    let mut socket = connect(app).await;
    say(&mut socket, start).await;
    assert_eq!(hear(&mut socket).await["type"], "guide", "{start}");
    let Asked::Start(start) = app.next_asked().await else { panic!() };
    (socket, start)
}

pub(crate) async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

/// The next text.
pub(crate) async fn hear(socket: &mut Socket) -> Value {
    loop {
        match tokio::time::timeout(SOON, socket.next()).await.expect("an answer comes").unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The code and reason with which the server closes; what comes before is passed over.
pub(crate) async fn hear_close(socket: &mut Socket) -> (u16, String) {
    loop {
        let message = tokio::time::timeout(SOON, socket.next()).await.expect("the end comes");
        match message.expect("a close frame comes").expect("the connection holds") {
            Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
            Message::Close(None) => panic!("no code"),
            _ => {}
        }
    }
}

pub(crate) async fn app_with_session() -> TestApp {
    let mut app = TestApp::start().await;
    app.happens(&[created()]);
    app
}

fn return_to(error: Option<&str>) -> String {
    let error = error.map(|error| format!("&error={error}")).unwrap_or_default();
    format!("https://example.com/back?a=1&lc_token={}{error}#f", token())
}

#[actix_web::test]
async fn from_start_to_completion() {
    let mut app = app_with_session().await;
    let (mut socket, start) = begin(&mut app).await;
    assert_eq!(start.session, SESSION);
    let step = CaptureNotice::Guide { step: Some(Step::TurnLeft), hint: Some(Hint::TurnMore), progress: 0.5 };
    app.script.lock().unwrap().frames = [Ok(step), Ok(CaptureNotice::Complete)].into();
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(
        hear(&mut socket).await,
        json!({
            "type": "guide", "state": "step", "step": "turn-left", "colour": null, "hint": "turn-more", "progress": 0.5
        })
    );
    let Asked::Frame(frame) = app.next_asked().await else { panic!() };
    assert_eq!(
        (frame.session, frame.connection, &frame.jpeg[..]),
        (SESSION, start.connection, &[1, 2, 3][..])
    );
    socket.send(Message::binary(vec![4])).await.unwrap();
    assert_eq!(
        hear(&mut socket).await,
        json!({ "type": "end", "outcome": "complete", "return_to": return_to(None) })
    );
    assert_eq!(hear_close(&mut socket).await.0, 1000);
    assert!(matches!(app.next_asked().await, Asked::Frame(_)));
    assert!(app.asked.try_recv().is_err(), "a complete session is not left");
}

#[actix_web::test]
async fn a_start_tells_the_way_and_the_camera() {
    let camera =
        |frame_rate| CameraReport { label: "Caméra ⌘".into(), width: 1280, height: 720, frame_rate };
    for (said, way, told) in [
        (json!({ "type": "start" }), Way::Light, None),
        (json!({ "type": "start", "way": "light", "camera": null }), Way::Light, None),
        (
            json!({
                "type": "start", "way": "motion",
                "camera": { "label": "Caméra ⌘", "width": 1280, "height": 720, "frame_rate": 29.97 }
            }),
            Way::Motion,
            Some(camera(29.97)),
        ),
        (
            json!({
                "type": "start",
                "camera": { "label": "Caméra ⌘", "width": 1280, "height": 720, "frame_rate": null }
            }),
            Way::Light,
            Some(camera(0.0)),
        ),
    ] {
        let mut app = app_with_session().await;
        let (_socket, start) = begin_with(&mut app, &said.to_string()).await;
        assert_eq!((start.way, start.camera), (way, told));
    }
}

#[actix_web::test]
async fn the_name_of_a_camera_may_be_as_long_as_the_page_makes_it() {
    let label = "\u{1F4F7}".repeat(128);
    let camera =
        json!({ "label": label, "width": 16_384, "height": 16_384, "frame_rate": 29.970_029_970_029_97 });
    let mut app = app_with_session().await;
    let said = json!({ "type": "start", "way": "motion", "camera": camera });
    let (_socket, start) = begin_with(&mut app, &said.to_string()).await;
    assert_eq!(start.camera.unwrap().label, label);
}

#[actix_web::test]
async fn light_is_told_with_its_colour() {
    let mut app = app_with_session().await;
    let (mut socket, start) = begin(&mut app).await;
    for (colour, hex) in [(Colour::Magenta, "#ff00ff"), (Colour::Green, "#00ff00")] {
        let light = CaptureNotice::Guide { step: Some(Step::Light(colour)), hint: None, progress: 0.75 };
        start.notices.send(light).await.unwrap();
        assert_eq!(
            hear(&mut socket).await,
            json!({ "type": "guide", "state": "step", "step": "light", "colour": hex, "hint": null, "progress": 0.75 })
        );
    }
}

#[actix_web::test]
async fn frames_bear_the_round_trip_once_a_ping_was_answered() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    let round_trip = loop {
        socket.send(Message::binary(vec![1])).await.unwrap();
        let Asked::Frame(frame) = app.next_asked().await else { panic!() };
        match frame.round_trip {
            Some(time) => break time,
            // Hearing the guide answers pings too.
            None => hear(&mut socket).await,
        };
    };
    assert!(round_trip < SOON);
}

#[actix_web::test]
async fn a_picture_in_fragments_is_one_picture() {
    use tungstenite::protocol::frame::Frame;
    use tungstenite::protocol::frame::coding::{Data, OpCode};
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    let first = Frame::message(vec![1; 70_000], OpCode::Data(Data::Binary), false);
    let last = Frame::message(vec![2; 70_000], OpCode::Data(Data::Continue), true);
    socket.send(Message::Frame(first)).await.unwrap();
    socket.send(Message::Frame(last)).await.unwrap();
    assert_eq!(hear(&mut socket).await["type"], "guide");
    let Asked::Frame(frame) = app.next_asked().await else { panic!() };
    assert_eq!(frame.jpeg.len(), 140_000);
}

#[actix_web::test]
async fn each_picture_is_answered_once_and_only_the_newest_waits() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    app.gate.forget_permits(1000);
    socket.send(Message::binary(vec![0])).await.unwrap();
    assert!(matches!(app.next_asked().await, Asked::Frame(frame) if frame.jpeg[0] == 0));
    for number in 1..=10 {
        socket.send(Message::binary(vec![number])).await.unwrap();
    }
    for _ in 1..=9 {
        assert_eq!(hear(&mut socket).await["progress"], 0.0, "the guide of the start stands");
    }
    app.gate.add_permits(2);
    assert_eq!(hear(&mut socket).await["progress"], 0.01);
    assert!(matches!(app.next_asked().await, Asked::Frame(frame) if frame.jpeg[0] == 10));
    assert_eq!(hear(&mut socket).await["progress"], 0.02);
    app.script.lock().unwrap().frames = [Err(CaptureError::Dropped)].into();
    app.gate.add_permits(1);
    socket.send(Message::binary(vec![11])).await.unwrap();
    assert_eq!(hear(&mut socket).await["progress"], 0.02, "a dropped one repeats the last guide");
}

#[actix_web::test]
async fn notices_are_passed_on_as_they_come() {
    let failed = CaptureNotice::AttemptFailed { reason: AttemptFailure::TimeOut, attempts_left: 2 };
    let ended = |error: &str| json!({ "type": "end", "outcome": "error", "error": error, "return_to": return_to(Some(error)) });
    for (notice, told) in [
        (failed, json!({ "type": "attempt_failed", "reason": "time_out", "attempts_left": 2 })),
        (CaptureNotice::Ended(Ended::Expired), ended("expired")),
        (CaptureNotice::Ended(Ended::AttemptsExhausted), ended("attempts_exhausted")),
        (CaptureNotice::Ended(Ended::Cancelled), ended("cancelled")),
    ] {
        let mut app = app_with_session().await;
        let (mut socket, start) = begin(&mut app).await;
        start.notices.send(notice).await.unwrap();
        assert_eq!(hear(&mut socket).await, told);
        assert_eq!(hear_close(&mut socket).await.0, 1000);
        start.notices.closed().await;
        assert!(app.asked.try_recv().is_err(), "what ended by itself is not left");
    }
}

#[actix_web::test]
async fn a_connection_that_was_replaced_is_closed_with_4409() {
    let mut app = app_with_session().await;
    let (mut socket, start) = begin(&mut app).await;
    start.notices.send(CaptureNotice::Replaced).await.unwrap();
    assert_eq!(hear_close(&mut socket).await.0, 4409);
}

#[actix_web::test]
async fn a_person_who_cancels_is_heard() {
    for (reason, by) in
        [("cancelled", CancelledBy::Person), ("consent_declined", CancelledBy::ConsentDeclined)]
    {
        let mut app = app_with_session().await;
        let (mut socket, start) = begin(&mut app).await;
        say(&mut socket, &json!({ "type": "cancel", "reason": reason }).to_string()).await;
        let end = hear(&mut socket).await;
        assert_eq!((&end["type"], &end["error"]), (&json!("end"), &json!(reason)));
        assert_eq!(end["return_to"], return_to(Some(reason)));
        let Asked::Leave(leave) = app.next_asked().await else { panic!() };
        assert_eq!((leave.connection, leave.cancelled), (start.connection, Some(by)));
        assert_eq!(hear_close(&mut socket).await.0, 1000);
        start.notices.closed().await;
        assert!(app.asked.try_recv().is_err(), "it is left once");
    }
}

#[actix_web::test]
async fn what_is_no_picture_fails_the_attempt() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    // The views know of no attempt yet: what is told is the session's.
    app.script.lock().unwrap().frames =
        [Err(CaptureError::BadFrame { why: "not a JPEG".into(), attempts_left: 1 })].into();
    socket.send(Message::binary(vec![0])).await.unwrap();
    let told = hear(&mut socket).await;
    assert_eq!(told, json!({ "type": "attempt_failed", "reason": "technical", "attempts_left": 1 }));
    assert_eq!(hear_close(&mut socket).await, (1007, "not a JPEG".into()));
}

#[actix_web::test]
async fn trouble_asks_to_come_again() {
    let mut app = app_with_session().await;
    app.script.lock().unwrap().start = Err(Trouble::Busy { retry_after: Duration::from_secs(7) }.into());
    let mut socket = connect(&app).await;
    say(&mut socket, r#"{"type":"start"}"#).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "busy", "retry_after": 7 }));
    assert_eq!(hear_close(&mut socket).await.0, 1013);

    app.script.lock().unwrap().start = Err(Trouble::Unavailable("secret cause".into()).into());
    let mut socket = connect(&app).await;
    say(&mut socket, r#"{"type":"start"}"#).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "busy", "retry_after": 5 }));
    let (code, reason) = hear_close(&mut socket).await;
    assert!(code == 1013 && !reason.contains("secret"), "{code} {reason}");
    while app.asked.try_recv().is_ok() {}
}

#[actix_web::test]
async fn an_attempt_that_ended_while_a_picture_was_on_its_way() {
    let mut app = app_with_session().await;
    let (mut socket, start) = begin(&mut app).await;
    let failed = |reason| CaptureNotice::AttemptFailed { reason, attempts_left: 2 };
    app.gate.forget_permits(1000);
    app.script.lock().unwrap().frames = [Ok(failed(AttemptFailure::Technical))].into();
    socket.send(Message::binary(vec![0])).await.unwrap();
    assert!(matches!(app.next_asked().await, Asked::Frame(_)));
    // Both are there at once, and the notice says why.
    start.notices.try_send(failed(AttemptFailure::TimeOut)).unwrap();
    app.gate.add_permits(1);
    let told = hear(&mut socket).await;
    assert_eq!(told, json!({ "type": "attempt_failed", "reason": "time_out", "attempts_left": 2 }));
    assert_eq!(hear_close(&mut socket).await.0, 1000);
}

#[actix_web::test]
async fn a_session_that_speaks_no_more_ends_the_connection() {
    let mut app = app_with_session().await;
    let (mut socket, start) = begin(&mut app).await;
    drop(start);
    assert_eq!(hear_close(&mut socket).await.0, 1011);
    assert!(matches!(app.next_asked().await, Asked::Leave(_)));
}

#[actix_web::test]
async fn who_goes_away_leaves_the_capture_at_once() {
    let mut app = app_with_session().await;
    let (socket, start) = begin(&mut app).await;
    drop(socket);
    let Asked::Leave(leave) = app.next_asked().await else { panic!() };
    assert_eq!((leave.session, leave.connection, leave.cancelled), (SESSION, start.connection, None));
}

#[actix_web::test]
async fn the_server_hangs_up_after_the_end() {
    let mut app = app_with_session().await;
    let (mut socket, start) = begin(&mut app).await;
    start.notices.send(CaptureNotice::Complete).await.unwrap();
    assert_eq!(hear_close(&mut socket).await.0, 1000);
    let rest = tokio::time::timeout(SOON, socket.next()).await.expect("the server hangs up");
    assert!(!matches!(rest, Some(Ok(_))), "{rest:?}");
}
