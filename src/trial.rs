//! One attempt without a network and in no real time: the session decides and the networks measure as in the service, by
//! a clock that goes on by one picture at a time.

use crate::actors::inference::{Unmeasured, analyse};
use crate::actors::session::comparing::Comparing;
use liveness_events::challenge::{Challenge, Step};
use liveness_events::session::{Command, Create, ModelUsed, Refusal, Session, SessionEvent, Status};
use liveness_events::values::{AuditImages, LinkValidity, ReturnUrl, Threshold};
use liveness_events::{Digest, Timestamp};
use liveness_models::Analyser;
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;

/// Time from one picture to the next: what the page sends at most.
pub const FRAME: Duration = Duration::from_millis(125);
/// When trials begin: any time will do, and the same one gives the same events.
const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// What the page shows, and since when on the attempt's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// What is asked; none while the face is brought into the oval.
    pub step: Option<Step>,
    /// Since when.
    pub since: Duration,
}

/// Why an attempt could not be played.
#[derive(Debug, Error)]
pub enum TrialError {
    /// The subject showed what is no picture, or a network failed.
    #[error(transparent)]
    Unmeasured(#[from] Unmeasured),
    /// The session refused a command, which is a mistake of this program.
    #[error("the session refuses: {0}")]
    Refused(#[from] Refusal),
    /// What stands for a backend's request is wrong.
    #[error("{0}")]
    Malformed(String),
}

/// Lets one attempt run to its end, and gives all events of its session. `picture` is called once for each picture, with
/// the time since the start, and gives a JPEG.
///
/// # Errors
/// When a picture cannot be measured.
pub fn play(
    analyser: &mut Analyser,
    models: &[ModelUsed],
    challenge: Challenge,
    threshold: Threshold,
    mut picture: impl FnMut(Duration, Shown) -> Vec<u8>,
) -> Result<Vec<SessionEvent>, TrialError> {
    let mut trial = Trial { session: Session::default(), events: vec![], comparing: Comparing::default() };
    trial.tell(&create(threshold)?)?;
    trial.tell(&Command::StartCapture { at: BEGIN, challenge, camera: None })?;
    let mut now = Duration::ZERO;
    let mut shown = Shown { step: None, since: now };
    while let Status::Capturing(attempt) = trial.session.status() {
        let number = attempt.number;
        // A trial can be played again: its chance is the frame's number.
        let job = trial.comparing.job(attempt, picture(now, shown).into(), attempt.next_seq());
        let analysed = analyse(analyser, &job)?;
        let (at, seq) = (BEGIN.plus(now), analysed.frame.seq);
        let frame = Box::new(analysed.frame);
        let events =
            trial.tell(&Command::RecordFrame { at, attempt: number, frame, models: models.to_vec() })?;
        trial.comparing.recorded(&trial.session, &events, seq, analysed.likeness);
        if events.iter().any(|event| matches!(event, SessionEvent::AttemptFailed { .. })) {
            break;
        }
        if let Some(step) = events.iter().find_map(issued) {
            shown = Shown { step: Some(step), since: now };
        }
        now += FRAME;
    }
    Ok(trial.events)
}

fn issued(event: &SessionEvent) -> Option<Step> {
    match event {
        SessionEvent::StepIssued { step, .. } => Some(*step),
        _ => None,
    }
}

struct Trial {
    session: Session,
    events: Vec<SessionEvent>,
    comparing: Comparing,
}

impl Trial {
    fn tell(&mut self, command: &Command) -> Result<Vec<SessionEvent>, Refusal> {
        let events = self.session.decide(command)?;
        self.session = events.iter().fold(std::mem::take(&mut self.session), Session::evolve);
        self.events.extend(events.iter().cloned());
        Ok(events)
    }
}

fn create(threshold: Threshold) -> Result<Command, TrialError> {
    let return_url =
        ReturnUrl::parse("https://trial.invalid/").map_err(|why| TrialError::Malformed(why.to_string()))?;
    Ok(Command::Create(Box::new(Create {
        at: BEGIN,
        owner: Uuid::nil(),
        link_validity: LinkValidity::DEFAULT,
        return_url,
        webhook_url: None,
        threshold,
        audit_images: AuditImages::DEFAULT,
        token: Digest::of(b"token"),
        capture_key: Digest::of(b"capture key"),
        request: None,
    })))
}
