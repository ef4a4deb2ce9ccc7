//! A lean HTTP/1.1 client: one connection, one request at a time, bytes that were put together before.

use crate::service::Service;
use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

/// A connection that is kept alive.
pub(crate) struct Http {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A check that was asked for.
#[derive(Deserialize)]
pub(crate) struct Check {
    pub(crate) uuid: Uuid,
    pub(crate) token: String,
    url: String,
}

impl Check {
    /// Path of the capture page; the socket is below it.
    pub(crate) fn path(&self) -> anyhow::Result<String> {
        Ok(url::Url::parse(&self.url)?.path().to_owned())
    }
}

impl Http {
    pub(crate) async fn connect(service: &Service) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(service.address()).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads the whole answer: its status and its body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut head = None;
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the service hung up");
            if head.is_none() {
                head = Head::read(&self.buffer)?;
            }
            if let Some(Head { status, body, end }) = head
                && self.buffer.len() >= end
            {
                return Ok((status, &self.buffer[body..end]));
            }
        }
    }

    /// Asks for a check.
    pub(crate) async fn create(&mut self, request: &[u8]) -> anyhow::Result<Check> {
        match self.ask(request).await? {
            (201, body) => Ok(serde_json::from_slice(body)?),
            (status, body) => bail!("POST was answered {status}: {}", String::from_utf8_lossy(body)),
        }
    }
}

/// A POST that asks for a check whose link lives as long as a link may.
pub(crate) fn post(service: &Service) -> Vec<u8> {
    let body = r#"{"return_url":"https://shop.example/checkout/liveness","link_valid_mins":30}"#;
    format!(
        "POST /liveness_check HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        service.address(),
        service.key(),
        body.len(),
    )
    .into_bytes()
}

/// A GET of a check's result.
pub(crate) fn get(service: &Service, token: &str) -> Vec<u8> {
    format!(
        "GET /liveness_check?token={token} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        service.address(),
        service.key(),
    )
    .into_bytes()
}

/// What stands before a body.
#[derive(Clone, Copy)]
struct Head {
    status: u16,
    /// Where the body begins.
    body: usize,
    /// Where it ends.
    end: usize,
}

impl Head {
    /// None while it is not all there.
    fn read(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(length) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let text = std::str::from_utf8(&bytes[..length])?;
        let status = text.get(9..12).context("no status")?.parse()?;
        let content_length = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(Ok(0), |(_, value)| value.trim().parse())?;
        Ok(Some(Self { status, body: length + 4, end: length + 4 + content_length }))
    }
}
