//! One attempt at the pace of the page.

use super::page::{Heard, Page};
use anyhow::Context as _;
use bytes::Bytes;
use liveness_attacks::{Asked, PERIOD, Shown, Subject};
use liveness_events::challenge::Way;
use liveness_events::session::CameraReport;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Pictures that may be on their way, as the page's `SHORT_LINE_UNANSWERED`: the service is near.
const MOST_UNANSWERED: u32 = 1;
/// After this long without an answer the connection counts as lost, as the page's `LOST_MS`.
const LOST_AFTER: Duration = Duration::from_secs(20);

/// What came of an attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The last word.
    pub(super) end: Heard,
    /// The pictures that were sent, and how long after the start.
    pub(super) sent: Vec<(Duration, Bytes)>,
}

/// Somebody, and the picture that was taken last.
type Taken = (Box<dyn Subject>, Vec<u8>);

/// Who is before the camera: at rest, or being drawn on another thread.
enum Before {
    Resting(Box<dyn Subject>),
    Drawn(JoinHandle<Taken>),
}

struct Running {
    page: Page,
    began: Instant,
    shown: Shown,
    unanswered: u32,
    /// Since when an answer is awaited.
    waits: Option<Instant>,
    sent: Vec<(Duration, Bytes)>,
}

/// Lets somebody answer, from the start to the last word.
pub(super) async fn attempt(
    mut page: Page,
    subject: Box<dyn Subject>,
    way: Way,
    camera: &CameraReport,
) -> anyhow::Result<Attempt> {
    let started = async {
        match page.start(way, camera).await {
            Ok(()) => page.hear().await,
            Err(_) => Ok(Heard::Lost),
        }
    };
    let shown = match tokio::time::timeout(LOST_AFTER, started).await.unwrap_or(Ok(Heard::Lost))? {
        Heard::Guide(asked) => Shown { asked, since: Duration::ZERO },
        end => return Ok(Attempt { end, sent: Vec::new() }),
    };
    let running =
        Running { page, began: Instant::now(), shown, unanswered: 0, waits: None, sent: Vec::new() };
    running.run(subject).await
}

impl Running {
    async fn run(mut self, subject: Box<dyn Subject>) -> anyhow::Result<Attempt> {
        let mut before = Before::Resting(subject);
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = loop {
            let may_take = matches!(before, Before::Resting(_)) && self.unanswered < MOST_UNANSWERED;
            let lost = self.waits.map(|since| since + LOST_AFTER);
            tokio::select! {
                heard = self.page.hear() => match heard? {
                    Heard::Guide(asked) => self.guided(asked),
                    end => break end,
                },
                taken = drawn(&mut before) => {
                    let (subject, jpeg) = taken.context("a subject cannot be drawn")?;
                    before = Before::Resting(subject);
                    if self.send(jpeg.into()).await.is_err() {
                        break Heard::Lost;
                    }
                }
                _ = ticks.tick(), if may_take => before = self.take(before),
                () = until(lost) => break Heard::Lost,
            }
        };
        Ok(Attempt { end, sent: self.sent })
    }

    fn guided(&mut self, asked: Asked) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.waits = (self.unanswered > 0).then(Instant::now);
        if asked != self.shown.asked {
            self.shown = Shown { asked, since: self.began.elapsed() };
        }
    }

    /// Takes a picture of now.
    fn take(&self, before: Before) -> Before {
        let Before::Resting(mut subject) = before else { return before };
        let (now, shown) = (self.began.elapsed(), self.shown);
        Before::Drawn(tokio::task::spawn_blocking(move || {
            let jpeg = subject.frame(now, &shown);
            (subject, jpeg)
        }))
    }

    async fn send(&mut self, jpeg: Bytes) -> anyhow::Result<()> {
        self.unanswered += 1;
        self.waits.get_or_insert_with(Instant::now);
        self.sent.push((self.began.elapsed(), jpeg.clone()));
        Ok(tokio::time::timeout(LOST_AFTER, self.page.show(jpeg)).await??)
    }
}

async fn drawn(before: &mut Before) -> Result<Taken, tokio::task::JoinError> {
    match before {
        Before::Drawn(drawn) => drawn.await,
        Before::Resting(_) => std::future::pending().await,
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
