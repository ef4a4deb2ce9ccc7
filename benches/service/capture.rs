//! A capture socket, as the page holds one.

use crate::http::Check;
use crate::service::Service;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use liveness_events::challenge::{Colour, Step};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

/// What the service says after each picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Said {
    /// Do this, or, without a step, find the oval; so far is the person.
    Guide { step: Option<Step>, progress: f64 },
    /// There is a verdict.
    Complete,
}

/// The texts of the protocol `liveness.v1`.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Text {
    Guide { step: Option<String>, colour: Option<String>, progress: f64 },
    End { outcome: String },
    AttemptFailed { reason: String },
    Busy {},
}

/// An open socket.
pub(crate) struct Capture(WebSocketStream<TcpStream>);

impl Capture {
    /// Opens the socket of a check and begins the attempt.
    pub(crate) async fn start(service: &Service, check: &Check) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(service.address()).await?;
        stream.set_nodelay(true)?;
        let address = format!("ws://{}{}/ws", service.address(), check.path()?);
        let (mut socket, _) = tokio_tungstenite::client_async(address, stream).await?;
        socket.send(Message::text(r#"{"type":"start"}"#)).await?;
        let mut capture = Self(socket);
        capture.answer().await?;
        Ok(capture)
    }

    /// Sends a picture.
    pub(crate) async fn send(&mut self, jpeg: &Bytes) -> anyhow::Result<()> {
        Ok(self.0.send(Message::Binary(jpeg.clone())).await?)
    }

    /// Waits for what the service says next.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<Said> {
        loop {
            let message = self.0.next().await.context("the service hung up")?;
            if let Some(said) = read(message)? {
                return Ok(said);
            }
        }
    }

    /// What the service has said by now.
    pub(crate) fn answered(&mut self) -> anyhow::Result<Option<Said>> {
        match self.0.next().now_or_never() {
            Some(message) => read(message.context("the service hung up")?),
            None => Ok(None),
        }
    }
}

/// None for what is no text, such as a ping.
fn read(message: Result<Message, Error>) -> anyhow::Result<Option<Said>> {
    let text = match message? {
        Message::Text(text) => text,
        Message::Close(reason) => bail!("the service closed: {reason:?}"),
        _ => return Ok(None),
    };
    match serde_json::from_str(&text).with_context(|| text.to_string())? {
        Text::Guide { step, colour, progress } => {
            let step = step.map(|code| read_step(&code, colour.as_deref())).transpose()?;
            Ok(Some(Said::Guide { step, progress }))
        }
        Text::End { outcome } if outcome == "complete" => Ok(Some(Said::Complete)),
        Text::End { outcome } => bail!("the check ended: {outcome}"),
        Text::AttemptFailed { reason } => bail!("the attempt failed: {reason}"),
        Text::Busy {} => bail!("the service is busy"),
    }
}

/// A step by the code that the page knows it by, and the colour of the screen.
fn read_step(code: &str, colour: Option<&str>) -> anyhow::Result<Step> {
    match colour {
        None => Ok(serde_json::from_value(code.into())?),
        Some(hex) => {
            let known = Colour::ALL.into_iter().find(|colour| colour.hex() == hex);
            known.map(Step::Light).with_context(|| format!("{hex} is no colour of a step"))
        }
    }
}
