use crate::read::complete;
use crate::socket::*;
use crate::test_app::*;
use liveness_web::SocketPace;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

async fn refused(request: Request) -> (u16, String) {
    match connect_async(request).await.map(|_| ()) {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

async fn has_room_again(app: &TestApp) {
    let again = async {
        while connect_async(request(app)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("there is room again");
}

#[actix_web::test]
async fn before_the_upgrade() {
    let mut app = app_with_session().await;
    let unknown = format!("ws://{}/c/{}/ws", app.address, "a".repeat(32)).into_client_request().unwrap();
    assert_eq!(refused(unknown).await.0, 404);
    for (origin, taken) in [
        ("https://check.example.com".to_owned(), true),
        (format!("http://{}", app.address), true),
        ("https://evil.example.com".into(), false),
        ("http://check.example.com".into(), false),
        ("null".into(), false),
    ] {
        let mut request = request(&app);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        if taken {
            connect_async(request).await.unwrap();
        } else {
            assert_eq!(refused(request).await.0, 403, "{origin}");
        }
    }
    let plain =
        app.send(reqwest::Method::GET, &format!("/c/{}/ws", credentials().capture_key.expose())).await;
    plain.problem(426);
    app.happens(&[complete()]);
    let (status, body) = refused(request(&app)).await;
    assert!(status == 410 && body.contains("urn:liveness:problem:complete"), "{status} {body}");
}

#[actix_web::test]
async fn no_subprotocol_is_fine() {
    let app = app_with_session().await;
    let mut request = request(&app);
    request.headers_mut().remove("sec-websocket-protocol");
    let (mut socket, _) = connect_async(request).await.unwrap();
    say(&mut socket, r#"{"type":"start"}"#).await;
    assert_eq!(hear(&mut socket).await["type"], "guide");
}

#[actix_web::test]
async fn a_link_has_so_many_sockets_and_no_more() {
    let mut app = TestApp::with_pace(SocketPace { most_of_link: 2, ..SocketPace::default() }).await;
    app.happens(&[created()]);
    let silent = [connect_async(request(&app)).await.unwrap(), connect_async(request(&app)).await.unwrap()];
    assert_eq!(refused(request(&app)).await.0, 503);
    drop(silent);
    has_room_again(&app).await;
}

#[actix_web::test]
async fn there_are_so_many_sockets_and_no_more() {
    let mut app = TestApp::with_pace(SocketPace { most_at_once: 1, ..SocketPace::default() }).await;
    app.happens(&[created()]);
    let (socket, _start) = begin(&mut app).await;
    assert_eq!(refused(request(&app)).await.0, 503);
    let metrics = app.send(reqwest::Method::GET, "/metrics").await.text;
    assert!(metrics.contains("liveness_capture_sockets 1"), "{metrics}");
    drop(socket);
    assert!(matches!(app.next_asked().await, crate::fake::Asked::Leave(_)));
    // The place goes back right after the session was left.
    has_room_again(&app).await;
}
