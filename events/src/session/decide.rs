use super::guidance::{self, Advance};
use super::{
    Attempt, AttemptFailure, CameraReport, Command, Create, Created, EndedWithout, ErasedBecause,
    ExpiredBecause, MAX_ATTEMPTS, ModelUsed, Outcome, Refusal, Session, SessionEvent, Status,
};
use crate::Timestamp;
use crate::challenge::Challenge;
use crate::measurement::Frame;
use crate::verdict;

impl Session {
    /// What follows from a command: events, none where nothing changes.
    ///
    /// # Errors
    /// A [`Refusal`] where the command cannot be followed; nothing has happened then.
    pub fn decide(&self, command: &Command) -> Result<Vec<SessionEvent>, Refusal> {
        match command {
            Command::Create(create) => self.create(create),
            Command::StartCapture { at, challenge, camera } => {
                self.start_capture(*at, challenge, camera.as_ref())
            }
            Command::RecordFrame { at, attempt, frame, models } => {
                self.record_frame(*at, *attempt, frame, models)
            }
            Command::FailAttempt { at, attempt, reason } => self.fail_attempt(*at, *attempt, *reason),
            Command::CheckTime { at } => Ok(self.check_time(*at)),
            Command::Cancel { at, by } => match self.open(*at) {
                Ok(_) => Ok(vec![SessionEvent::Cancelled { at: *at, by: *by }]),
                Err(Refusal::Cancelled) => Ok(vec![]),
                Err(refusal) => Err(refusal),
            },
            Command::EraseImages { at, because } => self.erase_images(*at, *because),
        }
    }

    fn create(&self, create: &Create) -> Result<Vec<SessionEvent>, Refusal> {
        if self.created.is_some() {
            return Err(Refusal::Exists);
        }
        let Create {
            at,
            owner,
            link_validity,
            return_url,
            webhook_url,
            threshold,
            audit_images,
            token,
            capture_key,
            request,
        } = create.clone();
        let expires_at = at.plus(link_validity.duration());
        Ok(vec![SessionEvent::Created(Created {
            at,
            owner,
            expires_at,
            return_url,
            webhook_url,
            threshold,
            audit_images,
            token,
            capture_key,
            request,
        })])
    }

    /// What was asked for, of a session that can still be used.
    fn open(&self, at: Timestamp) -> Result<&Created, Refusal> {
        let created = self.created.as_ref().ok_or(Refusal::Unknown)?;
        match &self.status {
            Status::Waiting | Status::Capturing(_) if at >= created.expires_at => Err(Refusal::Expired),
            Status::Waiting | Status::Capturing(_) => Ok(created),
            Status::Ended(Outcome::Complete { .. }) => Err(Refusal::Complete),
            Status::Ended(Outcome::Without(EndedWithout::Cancelled(_))) => Err(Refusal::Cancelled),
            Status::Ended(Outcome::Without(EndedWithout::Expired(because))) => Err(match because {
                ExpiredBecause::LinkEnded => Refusal::Expired,
                ExpiredBecause::AttemptsExhausted => Refusal::AttemptsExhausted,
            }),
        }
    }

    /// What was asked for, and the attempt of this number, which must be the one in progress.
    fn capturing(&self, at: Timestamp, number: u8) -> Result<(&Created, &Attempt), Refusal> {
        let created = self.open(at)?;
        match self.attempt() {
            None => Err(Refusal::NotCapturing),
            Some(attempt) if attempt.number != number => Err(Refusal::OtherAttempt),
            Some(attempt) => Ok((created, attempt)),
        }
    }

    /// A start while a capture is in progress takes its place: the page was loaded again, or opened elsewhere.
    fn start_capture(
        &self,
        at: Timestamp,
        challenge: &Challenge,
        camera: Option<&CameraReport>,
    ) -> Result<Vec<SessionEvent>, Refusal> {
        self.open(at)?;
        let mut events = match self.attempt() {
            Some(attempt) => failed(at, attempt.number, AttemptFailure::ConnectionLost),
            None => vec![],
        };
        if self.attempts < MAX_ATTEMPTS {
            events.push(SessionEvent::CaptureStarted {
                at,
                attempt: self.attempts + 1,
                challenge: challenge.clone(),
                camera: camera.cloned(),
            });
        }
        Ok(events)
    }

    fn record_frame(
        &self,
        at: Timestamp,
        number: u8,
        frame: &Frame,
        models: &[ModelUsed],
    ) -> Result<Vec<SessionEvent>, Refusal> {
        let (created, attempt) = self.capturing(at, number)?;
        if frame.seq != attempt.next_seq() {
            return Err(Refusal::OutOfOrder);
        }
        if at >= attempt.deadline() {
            return Ok(self.check_time(at));
        }
        let mut events = vec![SessionEvent::FrameReceived { at, frame: frame.clone() }];
        match guidance::advance(attempt, at, frame) {
            Advance::Stay => {}
            Advance::Issue { index, step } => events.push(SessionEvent::StepIssued { at, index, step }),
            Advance::Failed(reason) => events.extend(failed(at, attempt.number, reason)),
            Advance::Finished => events.push(complete(created, attempt, at, frame, models)),
        }
        Ok(events)
    }

    fn fail_attempt(
        &self,
        at: Timestamp,
        number: u8,
        reason: AttemptFailure,
    ) -> Result<Vec<SessionEvent>, Refusal> {
        let (_, attempt) = self.capturing(at, number)?;
        Ok(failed(at, attempt.number, reason))
    }

    fn check_time(&self, at: Timestamp) -> Vec<SessionEvent> {
        let (Some(created), false) = (&self.created, matches!(self.status, Status::Ended(_))) else {
            return vec![];
        };
        if at >= created.expires_at {
            return vec![SessionEvent::Expired { at, because: ExpiredBecause::LinkEnded }];
        }
        match self.attempt() {
            Some(attempt) if at >= attempt.deadline() => {
                failed(at, attempt.number, guidance::failure_at_deadline(attempt, at))
            }
            _ => vec![],
        }
    }

    fn erase_images(&self, at: Timestamp, because: ErasedBecause) -> Result<Vec<SessionEvent>, Refusal> {
        match (&self.created, &self.status) {
            (None, _) => Err(Refusal::Unknown),
            (Some(_), Status::Ended(Outcome::Complete { images, sealed, .. })) if !images.is_empty() => {
                let images = images.iter().map(|image| image.sha256).collect();
                Ok(vec![SessionEvent::ImagesErased { at, because, images, sealed: sealed.clone() }])
            }
            (Some(_), _) => Ok(vec![]),
        }
    }
}

/// The end of an attempt without a score, and of the session where it was the last one.
fn failed(at: Timestamp, attempt: u8, reason: AttemptFailure) -> Vec<SessionEvent> {
    let mut events = vec![SessionEvent::AttemptFailed { at, attempt, reason }];
    if attempt >= MAX_ATTEMPTS {
        events.push(SessionEvent::Expired { at, because: ExpiredBecause::AttemptsExhausted });
    }
    events
}

fn complete(
    created: &Created,
    attempt: &Attempt,
    at: Timestamp,
    last: &Frame,
    models: &[ModelUsed],
) -> SessionEvent {
    let attempt = attempt.with(at, last);
    let policy = attempt.evidence.challenge().policy();
    SessionEvent::Completed {
        at,
        policy,
        verdict: verdict::judge(policy, &attempt.evidence, created.threshold),
        models: models.to_vec(),
        images: attempt.kept_images(created.audit_images.get()),
        // Whoever seals them says so, before this is recorded.
        sealed: None,
    }
}
