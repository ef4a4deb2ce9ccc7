//! One check from its link to its end, at the pace of the page.

use crate::capture::{Capture, Said};
use crate::http::{self, Http};
use crate::pace::Pace;
use crate::person::Album;
use crate::service::Service;
use crate::visitor::Visitor;
use anyhow::Context as _;
use bytes::Bytes;
use liveness_events::Digest;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What happened to one person.
pub(crate) struct Sitting {
    pub(crate) session: Uuid,
    /// In order; the number of a picture is its place.
    pub(crate) sent: Vec<Sent>,
    /// From the moment at which the service took pictures.
    pub(crate) lasted: Duration,
    /// Why it came to no verdict.
    pub(crate) problem: Option<String>,
}

/// A picture that was sent.
pub(crate) struct Sent {
    /// Picture of the album.
    pub(crate) picture: usize,
    at: Instant,
    /// How long its answer took; none where it came to none.
    pub(crate) answered: Option<Duration>,
}

impl Sitting {
    /// Goes through one check by the default way.
    pub(crate) async fn go_through(service: &Service, album: &Album, pace: Pace) -> anyhow::Result<Self> {
        let check = Http::connect(service).await?.create(&http::post(service)).await?;
        let mut capture = Capture::start(service, &check).await?;
        let begun = Instant::now();
        let mut sent = Vec::new();
        let ended = follow(&mut capture, album, pace, &mut sent).await;
        let (lasted, problem) = (begun.elapsed(), ended.err().map(|error| format!("{error:#}")));
        Ok(Self { session: check.uuid, sent, lasted, problem })
    }

    /// By what hash the log knows each picture that was sent.
    pub(crate) fn hashes(&self, album: &Album) -> anyhow::Result<Vec<Digest>> {
        let hash = |(number, sent): (usize, &Sent)| {
            Ok(Digest::of(&numbered(&album.jpegs()[sent.picture], u32::try_from(number)?)))
        };
        self.sent.iter().enumerate().map(hash).collect()
    }
}

/// Sends a picture whenever the page would whose camera always has a new one. Answers come in the order of the pictures,
/// since the service has none of them waiting behind another that waits.
async fn follow(
    capture: &mut Capture,
    album: &Album,
    pace: Pace,
    sent: &mut Vec<Sent>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut visitor = Visitor::new(pace, begun);
    let (mut answered, mut next) = (0, begun);
    loop {
        let may_send = sent.len() - answered < pace.unanswered;
        let said = tokio::select! {
            said = capture.answer() => Some(said?),
            () = tokio::time::sleep_until(next.into()), if may_send => None,
        };
        let now = Instant::now();
        let Some(said) = said else {
            let picture = visitor.picture(album, now);
            let jpeg = numbered(&album.jpegs()[picture], u32::try_from(sent.len())?);
            sent.push(Sent { picture, at: now, answered: None });
            next = now + pace.gap;
            capture.send(&jpeg).await?;
            continue;
        };
        let first = sent.get_mut(answered).context("an answer to no picture")?;
        first.answered = Some(now - first.at);
        answered += 1;
        match said {
            Said::Guide { step, .. } => visitor.hear(step, now),
            Said::Complete => return Ok(()),
        }
    }
}

/// The picture with a number in a comment behind its first marker: as from a camera, no two have the same bytes, so that
/// the log tells which of them were measured.
fn numbered(jpeg: &Bytes, number: u32) -> Bytes {
    let (start, rest) = jpeg.split_at(2);
    // Marker and length of a comment: ITU-T T.81, B.2.4.5.
    [start, &[0xFF, 0xFE, 0, 6], &number.to_be_bytes(), rest].concat().into()
}
