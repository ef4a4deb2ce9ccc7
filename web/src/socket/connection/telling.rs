//! What the page is told, and what of it ends the connection.

use super::{Connection, within};
use crate::messages::{CaptureNotice, Ended, Trouble};
use crate::page::return_address;
use crate::problem::RETRY_AFTER_OUTAGE;
use crate::socket::close::Close;
use crate::socket::told::Told;
use liveness_events::session::AttemptFailure;
use std::time::Duration;

impl Connection {
    pub(super) async fn in_trouble(&mut self, trouble: Trouble) -> Result<(), Close> {
        match trouble {
            Trouble::Busy { retry_after } => self.come_again(retry_after).await,
            Trouble::Unavailable(why) => {
                tracing::error!(why, "capture is asked to come again");
                self.come_again(RETRY_AFTER_OUTAGE).await
            }
        }
    }

    async fn come_again(&mut self, after: Duration) -> Result<(), Close> {
        self.tell(&Told::Busy { retry_after: after.as_secs().max(1) }).await?;
        Err(Close::Busy)
    }

    pub(super) async fn noticed(&mut self, notice: CaptureNotice) -> Result<(), Close> {
        match notice {
            CaptureNotice::Guide { step, hint, progress } => {
                let state = if step.is_some() { "step" } else { "framing" };
                let colour = step.and_then(|step| step.colour()).map(|colour| colour.hex());
                let (step, hint) = (step.map(|step| step.code()), hint.map(|hint| hint.code()));
                self.guide = Told::Guide { state, step, colour, hint, progress };
                self.repeat_guide().await
            }
            CaptureNotice::AttemptFailed { reason, attempts_left } => {
                self.attempt_failed(reason, attempts_left).await?;
                Err(Close::Over)
            }
            CaptureNotice::Complete => self.end(None).await,
            CaptureNotice::Ended(Ended::Expired) => self.end(Some("expired")).await,
            CaptureNotice::Ended(Ended::AttemptsExhausted) => self.end(Some("attempts_exhausted")).await,
            CaptureNotice::Ended(Ended::Cancelled) => self.end(Some("cancelled")).await,
            CaptureNotice::Replaced => Err(Close::TakenOver),
        }
    }

    pub(super) async fn attempt_failed(
        &mut self,
        reason: AttemptFailure,
        attempts_left: u8,
    ) -> Result<(), Close> {
        self.leaver.disarm();
        self.tell(&Told::AttemptFailed { reason: reason.code(), attempts_left }).await
    }

    /// The check is over: with a verdict, or by an error.
    pub(super) async fn end(&mut self, error: Option<&'static str>) -> Result<(), Close> {
        self.leaver.disarm();
        let return_to = return_address(&self.state, &self.view, error).map(Into::into);
        let outcome = if error.is_some() { "error" } else { "complete" };
        self.tell(&Told::End { outcome, error, return_to }).await?;
        Err(Close::Over)
    }

    /// What stands until something new is measured.
    pub(super) async fn repeat_guide(&mut self) -> Result<(), Close> {
        let guide = self.guide.clone();
        self.tell(&guide).await
    }

    async fn tell(&mut self, told: &Told) -> Result<(), Close> {
        let text = serde_json::to_string(told).map_err(|error| Close::Internal(error.to_string()))?;
        within(self.state.pace.send_within, self.session.text(text)).await
    }
}
