use super::{Api, Check};
use crate::people::{FRAME, Source};
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use liveness_events::challenge::{Colour, Step, Way};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// No answer takes longer, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The page's side of the socket.
pub(crate) struct Capture(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What the service says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    Told(Value),
    Closed(u16, String),
    /// The connection went without a word.
    Lost,
}

impl Heard {
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Told(told) => told["type"].as_str().unwrap(),
            Self::Closed(..) => "closed",
            Self::Lost => "lost",
        }
    }

    pub(crate) fn told(&self) -> &Value {
        let Self::Told(told) = self else { panic!("{self:?}") };
        told
    }

    /// What the page asks for, and in which colour it shines.
    pub(crate) fn step(&self) -> Option<Step> {
        let Self::Told(told) = self else { return None };
        match told["step"].as_str()? {
            "light" => Colour::ALL.into_iter().find(|colour| told["colour"] == colour.hex()).map(Step::Light),
            _ => serde_json::from_value(told["step"].clone()).ok(),
        }
    }
}

impl Capture {
    /// Opens the socket; the status where it is refused.
    pub(crate) async fn open(api: &Api, check: &Check) -> Result<Self, u16> {
        let mut request = format!("ws://{}{}/ws", api.address, check.path).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "liveness.v1".parse().unwrap());
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// Opens the socket and begins an attempt without light, which is sooner over.
    pub(crate) async fn begin(api: &Api, check: &Check) -> Self {
        Self::begin_by(Way::Motion, api, check).await
    }

    /// Opens the socket and begins an attempt.
    pub(crate) async fn begin_by(way: Way, api: &Api, check: &Check) -> Self {
        let mut capture = Self::open(api, check).await.unwrap();
        capture.start(way).await;
        assert_eq!(capture.hear().await.kind(), "guide");
        capture
    }

    /// Says that an attempt begins.
    pub(crate) async fn start(&mut self, way: Way) {
        self.say(&json!({ "type": "start", "way": way }).to_string()).await;
    }

    /// Sends a text; where that fails, it is heard.
    pub(crate) async fn say(&mut self, text: &str) {
        let _ = self.0.send(Message::text(text)).await;
    }

    /// Sends a picture; where that fails, it is heard.
    pub(crate) async fn show(&mut self, jpeg: Bytes) {
        let _ = self.0.send(Message::binary(jpeg)).await;
    }

    /// Shows a picture until something else than a guide is heard: a busy service drops one that has waited too long.
    pub(crate) async fn insist(&mut self, jpeg: &Bytes) -> Heard {
        loop {
            self.show(jpeg.clone()).await;
            let heard = self.hear().await;
            if heard.kind() != "guide" {
                return heard;
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the service answers") {
                Some(Ok(Message::Text(text))) => return Heard::Told(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(None) | Message::Binary(_) | Message::Frame(_)) | Err(_)) | None => {
                    return Heard::Lost;
                }
            }
        }
    }

    /// Passes over guides.
    pub(crate) async fn hear_end(&mut self) -> Heard {
        loop {
            let heard = self.hear().await;
            if heard.kind() != "guide" {
                return heard;
            }
        }
    }

    /// How the service closes; what it says before is passed over.
    pub(crate) async fn hear_close(&mut self) -> (u16, String) {
        loop {
            match self.hear().await {
                Heard::Told(_) => {}
                Heard::Closed(code, reason) => return (code, reason),
                Heard::Lost => panic!("the connection went without a word"),
            }
        }
    }
}

/// Shows one attempt without light, so many frames a second, and returns what the service says at its end.
pub(crate) async fn attend(api: &Api, check: &Check, source: &mut dyn Source) -> Heard {
    attend_by(Way::Motion, api, check, source).await
}

/// Shows one attempt, so many frames a second, and returns what the service says at its end.
pub(crate) async fn attend_by(way: Way, api: &Api, check: &Check, source: &mut dyn Source) -> Heard {
    let mut capture = Capture::begin_by(way, api, check).await;
    let (begin, mut step) = (Instant::now(), None);
    for count in 0.. {
        let shown = Instant::now();
        capture.show(numbered(&source.picture(begin.elapsed(), step), 0, count)).await;
        let heard = capture.hear().await;
        if heard.kind() != "guide" {
            return heard;
        }
        step = heard.step();
        tokio::time::sleep(FRAME.saturating_sub(shown.elapsed())).await;
    }
    unreachable!("no attempt has so many pictures");
}

/// The same picture with a comment that no other one has: what a camera sends is never twice the same.
pub(crate) fn numbered(jpeg: &[u8], client: u64, count: u64) -> Bytes {
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xFE, 0, 18]);
    bytes.extend(client.to_be_bytes());
    bytes.extend(count.to_be_bytes());
    bytes.extend(&jpeg[2..]);
    bytes.into()
}

/// Fails one attempt by something that is no picture.
pub(crate) async fn fail_attempt(api: &Api, check: &Check) -> Heard {
    Capture::begin(api, check).await.insist(&Bytes::from_static(b"no picture")).await
}
