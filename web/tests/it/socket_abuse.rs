use crate::fake::Asked;
use crate::socket::*;
use crate::test_app::*;
use futures::{SinkExt as _, StreamExt as _};
use liveness_web::SocketPace;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

#[actix_web::test]
async fn texts_that_are_no_messages() {
    for text in [
        "",
        "garbage",
        "{}",
        r#"{"type":"stop"}"#,
        r#"["start"]"#,
        r#"{"type":"cancel","reason":"x"}"#,
        r#"{"type":"cancel","way":"light"}"#,
    ] {
        let mut app = app_with_session().await;
        let (mut socket, start) = begin(&mut app).await;
        say(&mut socket, text).await;
        assert_eq!(hear_close(&mut socket).await.0, 1007, "{text}");
        let Asked::Leave(leave) = app.next_asked().await else { panic!() };
        assert_eq!(leave.connection, start.connection);
    }
}

#[actix_web::test]
async fn starts_that_are_none() {
    let camera = json!({ "label": "Camera", "width": 640, "height": 480, "frame_rate": 30.0 });
    let with = |field: &str, value: Value| {
        let mut camera = camera.clone();
        camera[field] = value;
        json!({ "type": "start", "camera": camera })
    };
    let app = app_with_session().await;
    for start in [
        json!({ "type": "start", "way": "dark" }),
        json!({ "type": "start", "way": null }),
        json!({ "type": "start", "score": 100 }),
        json!({ "type": "start", "camera": {} }),
        with("zoom", json!(2)),
        with("label", json!("x".repeat(129))),
        with("label", json!("\u{1b}[2J")),
        with("width", json!(16_385)),
        with("height", json!(-1)),
        with("frame_rate", json!(1001)),
        with("frame_rate", json!(-30)),
    ] {
        let mut socket = connect(&app).await;
        say(&mut socket, &start.to_string()).await;
        assert_eq!(hear_close(&mut socket).await.0, 1007, "{start}");
    }
}

#[actix_web::test]
async fn a_text_has_a_kib() {
    let app = app_with_session().await;
    for (bytes, code) in [(1024, 1007), (1025, 1009), (100_000, 1009)] {
        let mut socket = connect(&app).await;
        say(&mut socket, &"x".repeat(bytes)).await;
        assert_eq!(hear_close(&mut socket).await.0, code, "{bytes}");
    }
}

#[actix_web::test]
async fn a_picture_before_the_start_and_a_second_start() {
    let mut app = app_with_session().await;
    let mut socket = connect(&app).await;
    socket.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(hear_close(&mut socket).await, (1008, "start first".into()));
    assert!(app.asked.try_recv().is_err(), "what has not begun is not left");

    let (mut socket, _start) = begin(&mut app).await;
    say(&mut socket, r#"{"type":"start"}"#).await;
    assert_eq!(hear_close(&mut socket).await, (1008, "started already".into()));
    assert!(matches!(app.next_asked().await, Asked::Leave(_)));
}

#[actix_web::test]
async fn a_flood_of_pictures_is_ended() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    app.gate.forget_permits(1000);
    let (mut sink, mut stream) = (&mut socket).split();
    let flood = async {
        for _ in 0..1000 {
            // The server may have closed already.
            if sink.feed(Message::binary(vec![7; 100])).await.is_err() {
                break;
            }
        }
        let _ = sink.flush().await;
    };
    let answers = async {
        loop {
            match stream.next().await.unwrap().unwrap() {
                Message::Close(Some(frame)) => break (u16::from(frame.code), frame.reason.to_string()),
                _ => continue,
            }
        }
    };
    let (_, close) = tokio::join!(flood, tokio::time::timeout(SOON, answers));
    assert_eq!(close.unwrap(), (1008, "too many frames".into()));
    let mut frames = 0;
    while let Asked::Frame(_) = app.next_asked().await {
        frames += 1;
    }
    assert!(frames <= 1, "{frames} frames were processed before the session was left");
}

#[actix_web::test]
async fn a_picture_has_a_mib() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    socket.send(Message::binary(vec![1; 1024 * 1024])).await.unwrap();
    assert_eq!(hear(&mut socket).await["type"], "guide");
    assert!(matches!(app.next_asked().await, Asked::Frame(frame) if frame.jpeg.len() == 1024 * 1024));
    socket.send(Message::binary(vec![1; 1024 * 1024 + 1])).await.unwrap();
    assert_eq!(hear_close(&mut socket).await.0, 1009);
    assert!(matches!(app.next_asked().await, Asked::Leave(_)));
}

#[actix_web::test]
async fn a_message_of_10_mb_is_ended() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    let (mut sink, mut stream) = (&mut socket).split();
    let (_, close) = tokio::join!(sink.send(Message::binary(vec![1; 10_000_000])), async {
        loop {
            if let Message::Close(Some(frame)) = stream.next().await.unwrap().unwrap() {
                break u16::from(frame.code);
            }
        }
    });
    assert_eq!(close, 1009);
    assert!(matches!(app.next_asked().await, Asked::Leave(_)));
}

#[actix_web::test]
async fn a_message_is_not_read_to_its_end_to_find_that_it_is_too_long() {
    let mut app = app_with_session().await;
    let (mut socket, _start) = begin(&mut app).await;
    // A binary message that claims 10 GB, of which 2 MiB come.
    let mut bytes = vec![0x82, 0x80 | 127];
    bytes.extend(10_000_000_000_u64.to_be_bytes());
    bytes.resize(2 * 1024 * 1024, 0);
    socket.get_mut().write_all(&bytes).await.unwrap();
    assert_eq!(hear_close(&mut socket).await.0, 1009);
    assert!(matches!(app.next_asked().await, Asked::Leave(_)));
}

#[actix_web::test]
async fn silence_is_ended() {
    let pace = SocketPace { start_within: Duration::from_millis(50), ..SocketPace::default() };
    let mut app = TestApp::with_pace(pace).await;
    app.happens(&[created()]);
    let mut socket = connect(&app).await;
    assert_eq!(hear_close(&mut socket).await, (1008, "no start came".into()));
}

#[actix_web::test]
async fn a_dead_peer_is_found() {
    let pace = SocketPace {
        ping_every: Duration::from_millis(20),
        dead_after: Duration::from_millis(100),
        ..SocketPace::default()
    };
    let mut app = TestApp::with_pace(pace).await;
    app.happens(&[created()]);
    // A peer that does not read answers no ping.
    let (_socket, start) = begin(&mut app).await;
    let Asked::Leave(leave) = app.next_asked().await else { panic!() };
    assert_eq!(leave.connection, start.connection);
}
