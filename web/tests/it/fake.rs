use actix::{Actor, Context, Handler, ResponseFuture};
use bytes::Bytes;
use liveness_events::session::KeptImage;
use liveness_events::{RecordedEvent, Timestamp};
use liveness_projections::Views;
use liveness_web::Handles;
use liveness_web::messages::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

/// What the fake was asked, in the order of asking.
#[derive(Debug)]
pub(crate) enum Asked {
    Create(Box<CreateCheck>),
    CancelOrErase(CancelOrErase),
    CatchUp,
    Start(StartCapture),
    Frame(SubmitFrame),
    Leave(LeaveCapture),
}

/// What the fake answers with.
pub(crate) struct Script {
    pub(crate) views: Views,
    /// Events that the views see only after a `CatchUp`.
    pub(crate) lagging: Vec<RecordedEvent>,
    pub(crate) catch_up: Result<(), Trouble>,
    pub(crate) create: Result<CheckCreated, CreateError>,
    pub(crate) cancel: Result<(), Trouble>,
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) images: Vec<(KeptImage, Bytes)>,
    pub(crate) start: Result<CaptureNotice, CaptureError>,
    /// Answers to frames, in order; after them, guides with rising progress.
    pub(crate) frames: VecDeque<Result<CaptureNotice, CaptureError>>,
    pub(crate) frames_seen: u32,
}

impl Script {
    pub(crate) fn new(views: Views) -> Self {
        Self {
            views,
            lagging: vec![],
            catch_up: Ok(()),
            create: Ok(CheckCreated {
                session: Uuid::from_u128(7),
                expires_at: Timestamp::from_millis(1_800_000_000_000),
            }),
            cancel: Ok(()),
            events: vec![],
            images: vec![],
            start: Ok(CaptureNotice::Guide { step: None, hint: None, progress: 0.0 }),
            frames: VecDeque::new(),
            frames_seen: 0,
        }
    }
}

pub(crate) struct Fake {
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) asked: mpsc::UnboundedSender<Asked>,
    /// A frame is answered when it gets a permit.
    pub(crate) gate: Arc<Semaphore>,
}

impl Actor for Fake {
    type Context = Context<Self>;
}

impl Fake {
    pub(crate) fn handles(self) -> Handles {
        let fake = self.start();
        Handles {
            create_check: fake.clone().recipient(),
            cancel_or_erase: fake.clone().recipient(),
            catch_up: fake.clone().recipient(),
            load_images: fake.clone().recipient(),
            read_events: fake.clone().recipient(),
            start_capture: fake.clone().recipient(),
            submit_frame: fake.clone().recipient(),
            leave_capture: fake.recipient(),
        }
    }
}

impl Handler<CreateCheck> for Fake {
    type Result = Result<CheckCreated, CreateError>;
    fn handle(&mut self, message: CreateCheck, _: &mut Self::Context) -> Self::Result {
        let _ = self.asked.send(Asked::Create(Box::new(message)));
        self.script.lock().unwrap().create.clone()
    }
}

impl Handler<CancelOrErase> for Fake {
    type Result = Result<(), Trouble>;
    fn handle(&mut self, message: CancelOrErase, _: &mut Self::Context) -> Self::Result {
        let _ = self.asked.send(Asked::CancelOrErase(message));
        self.script.lock().unwrap().cancel.clone()
    }
}

impl Handler<CatchUp> for Fake {
    type Result = Result<(), Trouble>;
    fn handle(&mut self, _: CatchUp, _: &mut Self::Context) -> Self::Result {
        let _ = self.asked.send(Asked::CatchUp);
        let mut script = self.script.lock().unwrap();
        script.catch_up.clone()?;
        let lagging = std::mem::take(&mut script.lagging);
        script.views.apply(&lagging).unwrap();
        Ok(())
    }
}

impl Handler<LoadImages> for Fake {
    type Result = Result<Vec<(KeptImage, Bytes)>, Trouble>;
    fn handle(&mut self, _: LoadImages, _: &mut Self::Context) -> Self::Result {
        Ok(self.script.lock().unwrap().images.clone())
    }
}

impl Handler<ReadEvents> for Fake {
    type Result = Result<Vec<RecordedEvent>, Trouble>;
    fn handle(&mut self, message: ReadEvents, _: &mut Self::Context) -> Self::Result {
        let (from, most) = (usize::try_from(message.from).unwrap(), message.most);
        Ok(self.script.lock().unwrap().events.iter().skip(from).take(most).cloned().collect())
    }
}

impl Handler<StartCapture> for Fake {
    type Result = Result<CaptureNotice, CaptureError>;
    fn handle(&mut self, message: StartCapture, _: &mut Self::Context) -> Self::Result {
        let _ = self.asked.send(Asked::Start(message));
        self.script.lock().unwrap().start.clone()
    }
}

impl Handler<SubmitFrame> for Fake {
    type Result = ResponseFuture<Result<CaptureNotice, CaptureError>>;
    fn handle(&mut self, message: SubmitFrame, _: &mut Self::Context) -> Self::Result {
        let _ = self.asked.send(Asked::Frame(message));
        let (gate, script) = (self.gate.clone(), self.script.clone());
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            let mut script = script.lock().unwrap();
            script.frames_seen += 1;
            let progress = f64::from(script.frames_seen) / 100.0;
            let guide = CaptureNotice::Guide { step: None, hint: None, progress };
            script.frames.pop_front().unwrap_or(Ok(guide))
        })
    }
}

impl Handler<LeaveCapture> for Fake {
    type Result = Result<(), Trouble>;
    fn handle(&mut self, message: LeaveCapture, _: &mut Self::Context) -> Self::Result {
        let _ = self.asked.send(Asked::Leave(message));
        Ok(())
    }
}
