mod telling;

use super::close::Close;
use super::incoming::Incoming;
use super::leave::Leaver;
use super::limits::{MAX_NOTICES, MAX_TEXT_BYTES, Meter};
use super::round_trip::RoundTrip;
use super::told::{Camera, CancelReason, Said, Told};
use crate::ask::ask;
use crate::messages::{CaptureError, CaptureNotice, LeaveCapture, StartCapture, SubmitFrame};
use crate::state::AppState;
use actix_web::web;
use actix_ws::{AggregatedMessage, Closed, Session};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use liveness_events::challenge::Way;
use liveness_events::session::AttemptFailure;
use liveness_projections::SessionView;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

type Answer = Result<CaptureNotice, CaptureError>;

/// One connection. Its frames are processed one after the other; at most one waits, and a newer one takes its place.
pub(super) struct Connection {
    state: web::Data<AppState>,
    view: SessionView,
    id: Uuid,
    session: Session,
    incoming: Incoming,
    /// What the session says by itself; none before the start, and once it says no more.
    notices: Option<mpsc::Receiver<CaptureNotice>>,
    /// The start, or the frame, that is being answered.
    work: Option<LocalBoxFuture<'static, Answer>>,
    /// A picture and when it arrived.
    waiting: Option<(Bytes, Instant)>,
    started: bool,
    guide: Told,
    meter: Meter,
    round_trip: RoundTrip,
    opened: Instant,
    heard: Instant,
    leaver: Leaver,
}

/// What a connection waits for.
enum Happening {
    Answered(Answer),
    Noticed(Option<CaptureNotice>),
    Said(AggregatedMessage),
    Tick,
}

impl Connection {
    pub(super) fn new(
        state: web::Data<AppState>,
        view: SessionView,
        session: Session,
        incoming: Incoming,
    ) -> Self {
        let (id, now) = (Uuid::new_v4(), Instant::now());
        Self {
            leaver: Leaver::new(view.id, id),
            state,
            view,
            id,
            session,
            incoming,
            notices: None,
            work: None,
            waiting: None,
            started: false,
            guide: Told::FIRST_GUIDE,
            meter: Meter::new(now),
            round_trip: RoundTrip::default(),
            opened: now,
            heard: now,
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(mut self) {
        let close = match self.serve().await {
            Ok(never) => match never {},
            Err(close) => close,
        };
        match &close {
            Close::Internal(why) => tracing::error!(why, "capture connection ends"),
            other => tracing::debug!(?other, "capture connection ends"),
        }
        if close.is_settled() {
            self.leaver.disarm();
        }
        self.leaver.leave();
        if let Some(reason) = close.reason() {
            // Who does not take it is gone.
            let _ = within(self.state.pace.send_within, self.session.close(Some(reason))).await;
        }
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, Close> {
        let mut ticks = tokio::time::interval(self.state.pace.ping_every.min(self.state.pace.start_within));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let happening = tokio::select! {
                biased;
                answer = answer_to(self.work.as_mut()) => Happening::Answered(answer),
                notice = next_notice(self.notices.as_mut()) => Happening::Noticed(notice),
                message = self.incoming.next() => Happening::Said(message?),
                _ = ticks.tick() => Happening::Tick,
            };
            match happening {
                Happening::Answered(answer) => self.answered(answer).await?,
                Happening::Noticed(Some(notice)) => self.noticed(notice).await?,
                Happening::Noticed(None) => self.notices = None,
                Happening::Said(message) => self.said(message).await?,
                Happening::Tick => self.tick().await?,
            }
            if self.started && self.notices.is_none() && self.work.is_none() {
                return Err(Close::Internal("the session speaks no more".into()));
            }
        }
    }

    async fn tick(&mut self) -> Result<(), Close> {
        let pace = self.state.pace;
        if !self.started && self.opened.elapsed() >= pace.start_within {
            return Err(Close::NotStarted);
        }
        if self.heard.elapsed() >= pace.dead_after {
            return Err(Close::Silent);
        }
        match self.round_trip.ask(Instant::now()) {
            Some(payload) => within(pace.send_within, self.session.ping(payload.as_bytes())).await,
            None => Ok(()),
        }
    }

    async fn said(&mut self, message: AggregatedMessage) -> Result<(), Close> {
        self.heard = Instant::now();
        if !self.meter.admits(self.heard) {
            return Err(Close::TooManyMessages);
        }
        match message {
            AggregatedMessage::Text(text) if text.len() > MAX_TEXT_BYTES => {
                Err(Close::TooLarge("a text may have 1 KiB"))
            }
            AggregatedMessage::Text(text) => match Said::parse(&text) {
                Some(Said::Start { .. }) if self.started => Err(Close::StartedAlready),
                Some(Said::Start { way, camera }) => {
                    self.start(way, camera);
                    Ok(())
                }
                Some(Said::Cancel { reason }) => self.cancel(reason).await,
                None => Err(Close::UnknownMessage),
            },
            AggregatedMessage::Binary(_) if !self.started => Err(Close::StartFirst),
            AggregatedMessage::Binary(jpeg) => self.take_frame(jpeg).await,
            AggregatedMessage::Ping(payload) => {
                within(self.state.pace.send_within, self.session.pong(&payload)).await
            }
            AggregatedMessage::Pong(payload) => {
                self.round_trip.answered(&payload, self.heard);
                Ok(())
            }
            AggregatedMessage::Close(_) => Err(Close::Gone),
        }
    }

    fn start(&mut self, way: Way, camera: Option<Camera>) {
        let (sender, notices) = mpsc::channel(MAX_NOTICES);
        self.notices = Some(notices);
        self.started = true;
        self.leaver.arm(self.state.handles.leave_capture.clone());
        let message = StartCapture {
            session: self.view.id,
            connection: self.id,
            way,
            camera: camera.map(|camera| camera.0),
            notices: sender,
        };
        let state = self.state.clone();
        self.work = Some(async move { ask(&state.handles.start_capture, message).await }.boxed_local());
    }

    async fn take_frame(&mut self, jpeg: Bytes) -> Result<(), Close> {
        if self.work.is_none() {
            self.submit(jpeg, self.heard);
        } else if self.waiting.replace((jpeg, self.heard)).is_some() {
            // Each picture is answered once, also the one that was replaced.
            self.repeat_guide().await?;
        }
        Ok(())
    }

    fn submit(&mut self, jpeg: Bytes, received: Instant) {
        let message = SubmitFrame {
            session: self.view.id,
            connection: self.id,
            jpeg,
            received,
            round_trip: self.round_trip.smoothed(),
        };
        let state = self.state.clone();
        self.work = Some(async move { ask(&state.handles.submit_frame, message).await }.boxed_local());
    }

    async fn cancel(&mut self, reason: CancelReason) -> Result<(), Close> {
        let message =
            LeaveCapture { session: self.view.id, connection: self.id, cancelled: Some(reason.by()) };
        match ask(&self.state.handles.leave_capture, message).await {
            Ok(()) => self.end(Some(reason.code())).await,
            Err(trouble) => self.in_trouble(trouble).await,
        }
    }

    async fn answered(&mut self, answer: Answer) -> Result<(), Close> {
        self.work = None;
        // What ended the attempt meanwhile says why it did; the answer only that it has ended.
        if let Some(notice) = self.notices.as_mut().and_then(|notices| notices.try_recv().ok()) {
            self.noticed(notice).await?;
        }
        match answer {
            Ok(notice) => self.noticed(notice).await?,
            Err(CaptureError::Dropped) => self.repeat_guide().await?,
            Err(CaptureError::BadFrame { why, attempts_left }) => {
                self.attempt_failed(AttemptFailure::Technical, attempts_left).await?;
                return Err(Close::BadPicture(why));
            }
            Err(CaptureError::Trouble(trouble)) => return self.in_trouble(trouble).await,
        }
        if let Some((jpeg, received)) = self.waiting.take() {
            self.submit(jpeg, received);
        }
        Ok(())
    }
}

/// Sends, where the peer takes it in time.
async fn within(time: Duration, sending: impl Future<Output = Result<(), Closed>>) -> Result<(), Close> {
    match tokio::time::timeout(time, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Closed)) | Err(_) => Err(Close::Gone),
    }
}

async fn answer_to<T>(work: Option<&mut LocalBoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

async fn next_notice(notices: Option<&mut mpsc::Receiver<CaptureNotice>>) -> Option<CaptureNotice> {
    match notices {
        Some(notices) => notices.recv().await,
        None => std::future::pending().await,
    }
}
