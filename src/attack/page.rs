//! The page's side of the socket: the texts of `liveness.v1`.

use super::service::{Service, pause};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use liveness_attacks::Asked;
use liveness_events::challenge::{Colour, Step, Way};
use liveness_events::session::CameraReport;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use url::Url;

const PROTOCOL: HeaderValue = HeaderValue::from_static("liveness.v1");

/// A connection, which is one attempt. Pings are answered while it is listened to.
pub(super) struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What the service says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// What is to be shown now.
    Guide(Asked),
    /// The attempt has ended without a score.
    Failed {
        /// Code of the reason.
        reason: String,
        /// Attempts that may still be begun.
        attempts_left: u8,
    },
    /// The check is over; without a verdict where there is an error.
    End(Option<String>),
    /// To come again after a while.
    Busy(Duration),
    /// The connection is gone.
    Lost,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Told {
    Guide { step: Option<String>, colour: Option<String> },
    AttemptFailed { reason: String, attempts_left: u8 },
    End { error: Option<String> },
    Busy { retry_after: u64 },
}

impl Page {
    /// Opens the socket; how long to wait first, where all are taken.
    pub(super) async fn open(service: &Service, socket: &Url) -> anyhow::Result<Result<Self, Duration>> {
        let mut request = socket.as_str().into_client_request()?;
        request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
        let connector = Some(service.connector.clone());
        match connect_async_tls_with_config(request, None, true, connector).await {
            Ok((socket, _)) => Ok(Ok(Self(socket))),
            Err(Error::Http(answer)) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => {
                let after = answer.headers().get(header::RETRY_AFTER);
                Ok(Err(pause(after.and_then(|after| after.to_str().ok()?.parse().ok()))))
            }
            Err(Error::Http(answer)) => bail!("the capture socket answers {}", answer.status()),
            Err(error) => Err(error).context("the capture socket cannot be opened"),
        }
    }

    /// Says that an attempt begins.
    pub(super) async fn start(&mut self, way: Way, camera: &CameraReport) -> Result<(), Error> {
        let start = json!({ "type": "start", "way": way, "camera": camera });
        self.0.send(Message::text(start.to_string())).await
    }

    /// Sends a picture.
    pub(super) async fn show(&mut self, jpeg: Bytes) -> Result<(), Error> {
        self.0.send(Message::binary(jpeg)).await
    }

    /// Waits for the next word; may be given up at any time.
    pub(super) async fn hear(&mut self) -> anyhow::Result<Heard> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    if let Some(heard) = heard(&text)? {
                        return Ok(heard);
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(Heard::Lost),
            }
        }
    }
}

/// Reads a text; none where it is no message, which the page passes over too.
fn heard(text: &str) -> anyhow::Result<Option<Heard>> {
    let Ok(told) = serde_json::from_str(text) else { return Ok(None) };
    Ok(Some(match told {
        Told::Guide { step: None, .. } => Heard::Guide(Asked::Framing),
        Told::Guide { step: Some(step), colour } => Heard::Guide(asked(&step, colour.as_deref())?),
        Told::AttemptFailed { reason, attempts_left } => Heard::Failed { reason, attempts_left },
        Told::End { error } => Heard::End(error),
        Told::Busy { retry_after } => Heard::Busy(pause(Some(retry_after))),
    }))
}

fn asked(step: &str, colour: Option<&str>) -> anyhow::Result<Asked> {
    let step = match colour {
        Some(hex) => Colour::ALL.into_iter().find(|colour| colour.hex() == hex).map(Step::Light),
        None => serde_json::from_value(Value::from(step)).ok(),
    };
    step.map(|step| Some(step).into())
        .with_context(|| format!("the service asks for `{step:?}`, which this version does not know"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<Heard> {
        heard(text).unwrap()
    }

    #[test]
    fn what_the_page_hears_is_heard() {
        let guide = |step: &str, colour: &str| {
            let more = r#""hint":null,"progress":0.5"#;
            format!(r#"{{"type":"guide","state":"step","step":{step},"colour":{colour},{more}}}"#)
        };
        for (text, expected) in [
            (guide("null", "null"), Heard::Guide(Asked::Framing)),
            (guide("\"turn-left\"", "null"), Heard::Guide(Asked::TurnLeft)),
            (guide("\"light\"", "\"#00ffff\""), Heard::Guide(Asked::Light([0, 255, 255]))),
            (
                r#"{"type":"attempt_failed","reason":"time_out","attempts_left":2}"#.into(),
                Heard::Failed { reason: "time_out".into(), attempts_left: 2 },
            ),
            (
                r#"{"type":"end","outcome":"complete","return_to":"https://a.example/"}"#.into(),
                Heard::End(None),
            ),
            (
                r#"{"type":"end","outcome":"error","error":"expired","return_to":null}"#.into(),
                Heard::End(Some("expired".into())),
            ),
            (r#"{"type":"busy","retry_after":3}"#.into(), Heard::Busy(Duration::from_secs(3))),
        ] {
            assert_eq!(told(&text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_message_is_passed_over_and_an_unknown_step_is_not() {
        assert_eq!(told("hello"), None);
        assert_eq!(told(r#"{"type":"news"}"#), None);
        assert!(heard(r#"{"type":"guide","step":"jump","colour":null}"#).is_err());
        assert!(heard(r##"{"type":"guide","step":"light","colour":"#123456"}"##).is_err());
    }
}
