//! Sessions without a network: the aggregate is driven as the service drives it, by a clock that costs no time. Each
//! distinct frame is measured once.

use crate::kit::built;
use crate::people::{FRAME, Source};
use bytes::Bytes;
use liveness::actors::inference::{InferencePool, Job};
use liveness::actors::session::comparing::Comparing;
use liveness::networks::Networks;
use liveness_events::challenge::{Challenge, Step};
use liveness_events::measurement::Frame;
use liveness_events::session::{
    AttemptFailure, Command, Create, ModelUsed, Outcome, Phase, Session, SessionEvent, Status,
};
use liveness_events::values::{AuditImages, LinkValidity, ReturnUrl, Threshold};
use liveness_events::verdict::Verdict;
use liveness_events::{Digest, Timestamp};
use liveness_models::{Analyser, Likeness, Manifest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use uuid::Uuid;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    Judged(Verdict),
    Failed(AttemptFailure),
}

impl Ending {
    pub(crate) fn passed(&self) -> bool {
        matches!(self, Self::Judged(verdict) if verdict.passed)
    }

    /// The confidence, or what failed.
    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Judged(verdict) => format!("confidence {} {:?}", verdict.confidence, verdict.reasons),
            Self::Failed(reason) => reason.code().to_owned(),
        }
    }
}

/// A picture, what it was compared with, and whether it was described.
type Asked = (Digest, Option<usize>, bool);
type Measured = (Frame, Option<Arc<Likeness>>);

/// Measures and judges.
pub(crate) struct Bench {
    networks: Networks,
    pool: InferencePool,
    measured: Mutex<HashMap<Asked, Measured>>,
}

impl Bench {
    /// The one of this process.
    pub(crate) fn get() -> &'static Self {
        static BENCH: OnceLock<Bench> = OnceLock::new();
        BENCH.get_or_init(|| {
            let dirs = [built()];
            let networks = Networks::of(Manifest::built_in().unwrap(), &dirs).unwrap();
            let pool = InferencePool::start(&networks.runtime, &networks.set, 2).unwrap();
            Self { networks, pool, measured: Mutex::default() }
        })
    }

    /// Networks of one's own.
    pub(crate) fn analyser(&self) -> Analyser {
        Analyser::load(&self.networks.runtime, &self.networks.set).unwrap()
    }

    pub(crate) const fn pool(&self) -> &InferencePool {
        &self.pool
    }

    pub(crate) fn models(&self) -> Vec<ModelUsed> {
        self.networks.used().unwrap()
    }

    /// Measures a frame, or recalls what was measured.
    async fn measure(&self, job: Job) -> Measured {
        let (seq, reference) = (job.seq, job.reference.as_ref().map(|reference| reference.seq));
        // The likenesses are kept here, so that no two have one address.
        let likeness = job.reference.as_ref().map(|reference| Arc::as_ptr(&reference.likeness) as usize);
        let asked = (Digest::of(&job.jpeg), likeness, job.describe);
        let recalled = self.measured.lock().unwrap().get(&asked).cloned();
        let (mut frame, likeness) = match recalled {
            Some(found) => found,
            None => {
                let analysed = self.pool.measure(job).await.unwrap();
                let mut measured = self.measured.lock().unwrap();
                measured.entry(asked).or_insert((analysed.frame, analysed.likeness)).clone()
            }
        };
        frame.seq = seq;
        // What a camera sends is never twice the same.
        frame.sha256 = Digest::of(&[&frame.sha256.as_bytes()[..], &seq.to_be_bytes()].concat());
        if let Some(compared) = frame.measurement.face.as_mut().and_then(|face| face.compared.as_mut()) {
            compared.frame = reference.unwrap();
        }
        (frame, likeness)
    }

    /// Lets one attempt of this order run to its end.
    pub(crate) async fn attempt(&self, challenge: Challenge, source: &mut dyn Source) -> Ending {
        let begin = Timestamp::from_millis(1_800_000_000_000);
        let mut session = Session::default();
        let mut comparing = Comparing::default();
        follow(&mut session, &create(begin));
        follow(&mut session, &Command::StartCapture { at: begin, challenge, camera: None });
        let mut since_start = Duration::ZERO;
        loop {
            let attempt = match session.status() {
                Status::Capturing(attempt) => attempt,
                other => panic!("{other:?}"),
            };
            let jpeg: Bytes = source.picture(since_start, step(&attempt.phase));
            let (frame, likeness) = self.measure(comparing.job(attempt, jpeg, attempt.next_seq())).await;
            let (at, seq, number) = (begin.plus(since_start), frame.seq, attempt.number);
            let models = self.models();
            let frame = Box::new(frame);
            let events = follow(&mut session, &Command::RecordFrame { at, attempt: number, frame, models });
            comparing.recorded(&session, &events, seq, likeness);
            if let Some(Outcome::Complete { verdict, .. }) = session.outcome() {
                return Ending::Judged(verdict.clone());
            }
            let failed = events.iter().find_map(|event| match event {
                SessionEvent::AttemptFailed { reason, .. } => Some(*reason),
                _ => None,
            });
            if let Some(reason) = failed {
                return Ending::Failed(reason);
            }
            since_start += FRAME;
        }
    }
}

fn follow(session: &mut Session, command: &Command) -> Vec<SessionEvent> {
    let events = session.decide(command).unwrap();
    *session = events.iter().fold(std::mem::take(session), Session::evolve);
    events
}

const fn step(phase: &Phase) -> Option<Step> {
    match phase {
        Phase::Framing => None,
        Phase::Doing { step, .. } => Some(*step),
    }
}

fn create(at: Timestamp) -> Command {
    Command::Create(Box::new(Create {
        at,
        owner: Uuid::nil(),
        link_validity: LinkValidity::DEFAULT,
        return_url: ReturnUrl::parse("https://example.com/").unwrap(),
        webhook_url: None,
        threshold: Threshold::DEFAULT,
        audit_images: AuditImages::DEFAULT,
        token: Digest::of(b"token"),
        capture_key: Digest::of(b"capture key"),
        request: None,
    }))
}
