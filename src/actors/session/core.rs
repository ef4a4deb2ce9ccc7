use super::comparing::Comparing;
use super::messages::{Create, CreateFailed, Created};
use crate::actors::Services;
use crate::actors::inference::{Analysed, Unmeasured};
use crate::event_log::AppendError;
use crate::journal::{self, Head, LoadError, WriteError};
use bytes::Bytes;
use liveness_events::challenge::{Challenge, Way};
use liveness_events::measurement::Frame;
use liveness_events::session::guidance::{self, Hint};
use liveness_events::session::{
    AttemptFailure, CameraReport, CancelledBy, Command, EndedWithout, ErasedBecause, ExpiredBecause, Outcome,
    Phase, Refusal, Session, SessionEvent, Status,
};
use liveness_events::stored::session_type_name;
use liveness_events::{Digest, Timestamp, stream};
use liveness_web::messages::{CaptureError, CaptureNotice, CheckCreated, Ended, SubmitFrame, Trouble};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use uuid::Uuid;

/// Times that a command is decided anew after another writer of the same stream was faster. There is one such writer at
/// most for each node, so a third time is already strange.
const MAX_CONFLICTS: u32 = 4;
/// When to come again while the log has a long queue.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// A session in memory: what its stream amounts to, and what is needed beside that while it is in use.
pub(super) struct Core {
    services: Services,
    id: Uuid,
    stream: String,
    session: Session,
    head: Head,
    /// Number of the attempt that was begun here. Another one in progress is driven by another node.
    driven: Option<u8>,
    /// Compares the frames of the attempt; lost with the actor, and so is the attempt.
    comparing: Comparing,
    /// Pictures that may yet be kept, by the number of their frame.
    pictures: HashMap<u32, Bytes>,
    /// What the page is to be told although it did not ask.
    pub(super) notice: Option<CaptureNotice>,
}

/// Why a command was not carried out.
pub(super) enum Failed {
    Refused(Refusal),
    Trouble(Trouble),
}

impl Core {
    pub(super) fn new(services: Services, id: Uuid) -> Self {
        Self {
            services,
            id,
            stream: stream::session(id),
            session: Session::default(),
            head: Head::default(),
            driven: None,
            comparing: Comparing::default(),
            pictures: HashMap::new(),
            notice: None,
        }
    }

    /// Reads the stream anew.
    pub(super) async fn rehydrate(&mut self) -> Result<(), LoadError> {
        let (events, head) = journal::load(&*self.services.log, &self.stream).await?;
        self.session = Session::fold(&events);
        self.head = head;
        self.hand_over();
        Ok(())
    }

    /// Reads the stream anew where another node may have written to it since. Whoever drives an attempt learns of such
    /// a node by a refused append; whoever does nothing but look would not.
    async fn refresh(&mut self) -> Result<(), Trouble> {
        if !self.services.shares_log || self.session.attempt().is_some() && !self.is_driven_elsewhere() {
            return Ok(());
        }
        self.rehydrate().await.map_err(|error| match unavailable(&error) {
            Failed::Trouble(trouble) => trouble,
            Failed::Refused(refusal) => Trouble::Unavailable(refusal.to_string()),
        })
    }

    pub(super) const fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    /// Decides, keeps the pictures that the events name, appends, evolves. Another writer's events are read and the
    /// command is decided anew.
    async fn execute(
        &mut self,
        causation: Uuid,
        command: impl Fn(Timestamp) -> Command,
    ) -> Result<Vec<SessionEvent>, Failed> {
        for _ in 0..MAX_CONFLICTS {
            let command = command(self.services.clock.now());
            let mut events = self.session.decide(&command).map_err(Failed::Refused)?;
            if events.is_empty() {
                return Ok(events);
            }
            self.keep_pictures(&mut events).await?;
            let log = &*self.services.log;
            match journal::append(log, &self.stream, self.head, self.id, causation, &events).await {
                Ok(head) => {
                    self.head = head;
                    for event in events.iter().filter(|event| event.is_terminal()) {
                        tracing::info!(session.id = %self.id, event = session_type_name(event), "session ended");
                    }
                    self.session = events.iter().fold(std::mem::take(&mut self.session), Session::evolve);
                    self.drop_unwanted_pictures();
                    return Ok(events);
                }
                Err(WriteError::Append(AppendError::WrongExpectedRevision { .. })) => {
                    self.rehydrate().await.map_err(|error| unavailable(&error))?;
                }
                Err(WriteError::Append(AppendError::Overloaded)) => {
                    return Err(Failed::Trouble(Trouble::Busy { retry_after: BUSY_RETRY }));
                }
                Err(error) => {
                    // Whether the events were taken is not known: what the stream says now is what counts.
                    let failed = unavailable(&error);
                    self.rehydrate().await.map_err(|error| unavailable(&error))?;
                    return Err(failed);
                }
            }
        }
        tracing::warn!(session.id = %self.id, "gave up after repeated conflicts");
        Err(Failed::Trouble(Trouble::Busy { retry_after: BUSY_RETRY }))
    }

    /// Images are stored before the event that names them, which then says how they were sealed: a crash between the
    /// two leaves an image that nothing names, which is swept away, and never an event that names an image which is not
    /// there.
    async fn keep_pictures(&self, events: &mut [SessionEvent]) -> Result<(), Failed> {
        for event in events {
            let SessionEvent::Completed { images, sealed, .. } = event else { continue };
            let pictures: BTreeMap<Digest, Bytes> = images
                .iter()
                .filter_map(|image| Some((image.sha256, self.pictures.get(&image.seq)?.clone())))
                .collect();
            if !pictures.is_empty() {
                let put = self.services.images.put(self.id, &pictures).await;
                *sealed = Some(put.map_err(|error| unavailable(&error))?);
            }
        }
        Ok(())
    }

    /// Lets go of an attempt whose place another node's has taken, and has the page told so.
    fn hand_over(&mut self) {
        if self.driven.is_some() && self.is_driven_elsewhere() {
            tracing::info!(session.id = %self.id, "capture went on at another node");
            self.driven = None;
            self.drop_unwanted_pictures();
            self.notice = Some(CaptureNotice::Replaced);
        }
    }

    /// Whether an attempt is in progress that was not begun here.
    fn is_driven_elsewhere(&self) -> bool {
        self.session.attempt().is_some_and(|attempt| self.driven != Some(attempt.number))
    }

    fn drop_unwanted_pictures(&mut self) {
        match self.session.attempt() {
            Some(attempt) => self.pictures.retain(|seq, _| attempt.wants_picture(*seq)),
            None => {
                self.pictures.clear();
                self.comparing = Comparing::default();
            }
        }
    }

    pub(super) async fn create(&mut self, message: Create) -> Result<Created, CreateFailed> {
        let command = message.command;
        let created = self
            .execute(message.request_id, |at| {
                let mut command = command.clone();
                command.at = at;
                Command::Create(Box::new(command))
            })
            .await;
        match (created, self.session.created()) {
            (Ok(_), Some(created)) => Ok(Created {
                check: CheckCreated { session: self.id, expires_at: created.expires_at },
                position: self.head.position,
            }),
            (Err(Failed::Refused(_)), Some(earlier)) => Err(CreateFailed::Exists {
                request: earlier.request,
                at: earlier.at,
                created: CheckCreated { session: self.id, expires_at: earlier.expires_at },
            }),
            (Err(Failed::Trouble(trouble)), _) => Err(CreateFailed::Trouble(trouble)),
            (Ok(_) | Err(Failed::Refused(_)), None) => {
                Err(CreateFailed::Trouble(Trouble::Unavailable("the session was not recorded".into())))
            }
        }
    }

    pub(super) async fn start_capture(
        &mut self,
        causation: Uuid,
        way: Way,
        camera: Option<CameraReport>,
    ) -> Result<CaptureNotice, CaptureError> {
        let challenge = Challenge::draw(way, random_number()?);
        let start = |at| Command::StartCapture { at, challenge: challenge.clone(), camera: camera.clone() };
        let started = self.execute(causation, start).await;
        match started {
            Ok(_) => {
                self.driven = self.session.attempt().map(|attempt| attempt.number);
                Ok(self.where_it_stands(None))
            }
            Err(Failed::Refused(Refusal::Expired)) => {
                self.check_time(causation).await?;
                Ok(self.where_it_stands(None))
            }
            Err(Failed::Refused(_)) => Ok(self.where_it_stands(None)),
            Err(Failed::Trouble(trouble)) => Err(trouble.into()),
        }
    }

    /// What a connection is told whose frames are not looked at any more.
    pub(super) fn went_on(&self) -> CaptureNotice {
        match self.session.attempt() {
            Some(_) => CaptureNotice::Replaced,
            None => self.where_it_stands(None),
        }
    }

    /// Measures a frame, records it, and says what the person is to be told next.
    pub(super) async fn submit(
        &mut self,
        SubmitFrame { connection: causation, jpeg, received, round_trip, .. }: SubmitFrame,
    ) -> Result<CaptureNotice, CaptureError> {
        let Some(attempt) = self.session.attempt().filter(|attempt| self.driven == Some(attempt.number))
        else {
            return Ok(self.went_on());
        };
        let number = attempt.number;
        // Without chance, each frame is described.
        let job = self.comparing.job(attempt, jpeg.clone(), getrandom::u32().unwrap_or(0));
        let Analysed { mut frame, likeness } = match self.services.inference.measure(job).await {
            Ok(analysed) => analysed,
            Err(Unmeasured::Dropped) => return Err(CaptureError::Dropped),
            Err(Unmeasured::BadPicture(why)) => {
                self.fail_attempt(causation, AttemptFailure::Technical).await?;
                if self.session.outcome().is_some() {
                    // It was the last attempt: the page is to be told of the end, not of a picture.
                    return Ok(self.where_it_stands(None));
                }
                return Err(CaptureError::BadFrame { why, attempts_left: self.session.attempts_left() });
            }
            Err(Unmeasured::Failed(why)) => {
                tracing::error!(session.id = %self.id, error = why, "frame could not be measured");
                self.fail_attempt(causation, AttemptFailure::Technical).await?;
                return Ok(self.where_it_stands(None));
            }
        };
        let cues = &mut frame.measurement.cues;
        if let Some(time) = round_trip {
            cues.insert("round_trip", &[time.as_secs_f64()]);
        }
        cues.insert("waited", &[received.elapsed().as_secs_f64()]);
        self.pictures.insert(frame.seq, jpeg);
        let models = &self.services.models.clone();
        let recorded = self
            .execute(causation, |at| Command::RecordFrame {
                at,
                attempt: number,
                frame: Box::new(frame.clone()),
                models: models.clone(),
            })
            .await;
        match recorded {
            Ok(events) => {
                self.comparing.recorded(&self.session, &events, frame.seq, likeness);
                Ok(self.what_became(&events, Some(&frame)))
            }
            Err(Failed::Refused(Refusal::Expired)) => {
                self.check_time(causation).await?;
                Ok(self.where_it_stands(None))
            }
            Err(Failed::Refused(Refusal::OtherAttempt)) => Ok(CaptureNotice::Replaced),
            Err(Failed::Refused(_)) => Ok(self.where_it_stands(None)),
            // The page shows the next one: a crowded log is no reason to lose the attempt.
            Err(Failed::Trouble(Trouble::Busy { .. })) => Err(CaptureError::Dropped),
            Err(Failed::Trouble(trouble)) => Err(trouble.into()),
        }
    }

    pub(super) async fn fail_attempt(
        &mut self,
        causation: Uuid,
        reason: AttemptFailure,
    ) -> Result<(), Trouble> {
        let Some(attempt) = self.driven else { return Ok(()) };
        match self.execute(causation, |at| Command::FailAttempt { at, attempt, reason }).await {
            Ok(_) | Err(Failed::Refused(_)) => Ok(()),
            Err(Failed::Trouble(trouble)) => Err(trouble),
        }
    }

    pub(super) async fn cancel(&mut self, causation: Uuid, by: CancelledBy) -> Result<(), Trouble> {
        match self.execute(causation, |at| Command::Cancel { at, by }).await {
            Ok(events) => {
                self.notice = (!events.is_empty()).then(|| self.what_became(&events, None));
                Ok(())
            }
            // What has ended can no longer be called off, and need not be.
            Err(Failed::Refused(_)) => Ok(()),
            Err(Failed::Trouble(trouble)) => Err(trouble),
        }
    }

    /// Cancels an open check, erases the images of a complete one.
    pub(super) async fn cancel_or_erase(&mut self, causation: Uuid) -> Result<(), Trouble> {
        self.refresh().await?;
        if self.session.outcome().is_none() {
            self.cancel(causation, CancelledBy::Backend).await?;
        }
        // It may have become complete at another node just then.
        if let Some(Outcome::Complete { .. }) = self.session.outcome() {
            self.erase(causation, ErasedBecause::Requested).await?;
        }
        Ok(())
    }

    /// Erases the images and then says so: a crash between the two erases them again.
    pub(super) async fn erase(&mut self, causation: Uuid, because: ErasedBecause) -> Result<bool, Trouble> {
        self.refresh().await?;
        self.services.images.erase(self.id).await.map_err(|error| {
            tracing::warn!(session.id = %self.id, %error, "images could not be erased");
            Trouble::Unavailable("the images cannot be erased at the moment".into())
        })?;
        match self.execute(causation, |at| Command::EraseImages { at, because }).await {
            Ok(events) => Ok(!events.is_empty()),
            Err(Failed::Refused(_)) => Ok(false),
            Err(Failed::Trouble(trouble)) => Err(trouble),
        }
    }

    pub(super) async fn check_time(&mut self, causation: Uuid) -> Result<bool, Trouble> {
        self.refresh().await?;
        match self.execute(causation, |at| Command::CheckTime { at }).await {
            Ok(events) if events.is_empty() => Ok(false),
            Ok(events) => {
                self.notice = Some(self.what_became(&events, None));
                Ok(true)
            }
            Err(Failed::Refused(_)) => Ok(false),
            Err(Failed::Trouble(trouble)) => Err(trouble),
        }
    }

    fn what_became(&self, events: &[SessionEvent], frame: Option<&Frame>) -> CaptureNotice {
        let failed = events.iter().find_map(|event| match event {
            SessionEvent::AttemptFailed { reason, .. } => Some(*reason),
            _ => None,
        });
        match failed {
            Some(reason) if self.session.outcome().is_none() => {
                CaptureNotice::AttemptFailed { reason, attempts_left: self.session.attempts_left() }
            }
            _ => self.where_it_stands(frame),
        }
    }

    fn where_it_stands(&self, frame: Option<&Frame>) -> CaptureNotice {
        match self.session.status() {
            Status::Ended(Outcome::Complete { .. }) => CaptureNotice::Complete,
            Status::Ended(Outcome::Without(without)) => CaptureNotice::Ended(match without {
                EndedWithout::Expired(ExpiredBecause::LinkEnded) => Ended::Expired,
                EndedWithout::Expired(ExpiredBecause::AttemptsExhausted) => Ended::AttemptsExhausted,
                EndedWithout::Cancelled(_) => Ended::Cancelled,
            }),
            Status::Waiting => CaptureNotice::AttemptFailed {
                reason: AttemptFailure::Technical,
                attempts_left: self.session.attempts_left(),
            },
            Status::Capturing(attempt) => CaptureNotice::Guide {
                step: match attempt.phase {
                    Phase::Framing => None,
                    Phase::Doing { step, .. } => Some(step),
                },
                hint: frame.and_then(|frame| -> Option<Hint> { guidance::hint(attempt, frame) }),
                progress: attempt.progress(),
            },
        }
    }
}

fn unavailable(error: &dyn std::error::Error) -> Failed {
    tracing::error!(%error, "session could not go on");
    Failed::Trouble(Trouble::Unavailable("the service cannot record what happens at the moment".into()))
}

fn random_number() -> Result<u128, Trouble> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Trouble::Unavailable("the service cannot draw a challenge at the moment".into())
    })?;
    Ok(u128::from_be_bytes(bytes))
}
