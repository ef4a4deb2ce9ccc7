//! Sessions that were recorded, judged again from an export of their log: nothing is played a second time.

use super::trial::{Outcome, Scored, Signal};
use super::words::counted;
use crate::transfer::ExportReader;
use anyhow::{Context as _, bail};
use liveness_events::session::{ExpiredBecause, SessionEvent, replay, replay_by};
use liveness_events::stored::Stored as _;
use liveness_events::stream;
use liveness_events::verdict::{PolicyVersion, Verdict};
use std::collections::{HashMap, HashSet};
use std::io::BufRead;
use uuid::Uuid;

/// Name of the export beside the manifest, as `liveness export --to` writes it.
pub const FILE: &str = "sessions.ndjson";

/// Recorded sessions and the policy that judges them.
#[derive(Debug)]
pub struct Recorded {
    policy: PolicyVersion,
    sessions: HashMap<Uuid, Vec<SessionEvent>>,
    /// Sessions of the export that no label names.
    unlabelled: usize,
    /// Sessions that were judged by another policy when they were recorded.
    of_others: usize,
    /// Sessions whose recorded verdict does not follow from their events.
    different: usize,
}

impl Recorded {
    /// Reads the events of these sessions from an export.
    ///
    /// # Errors
    /// When the export cannot be read or was altered, or holds an event that is not known to this version.
    pub fn read(
        export: impl BufRead,
        labelled: &HashSet<Uuid>,
        policy: PolicyVersion,
    ) -> anyhow::Result<Self> {
        let mut sessions = HashMap::<Uuid, Vec<SessionEvent>>::new();
        let mut unlabelled = HashSet::new();
        let mut export = ExportReader::new(export)?;
        while let Some(event) = export.next()? {
            let Some(session) = stream::session_id(&event.stream) else { continue };
            if labelled.contains(&session) {
                let event = SessionEvent::decode_recorded(&event).with_context(|| session.to_string())?;
                sessions.entry(session).or_default().push(event);
            } else {
                unlabelled.insert(session);
            }
        }
        Ok(Self { policy, sessions, unlabelled: unlabelled.len(), of_others: 0, different: 0 })
    }

    /// Judges a session; each once.
    ///
    /// # Errors
    /// When it is not in the export from its beginning; one that came to no score is no error.
    pub fn judge(&mut self, session: Uuid) -> anyhow::Result<Outcome> {
        let events =
            self.sessions.remove(&session).with_context(|| format!("{FILE} has no session {session}"))?;
        if !matches!(events.first(), Some(SessionEvent::Created(_))) {
            bail!("{FILE} has no beginning of session {session}");
        }
        let Some(replayed) = replay(&events) else {
            return Ok(Outcome::Failed { reason: why_not(&events).to_owned() });
        };
        self.of_others += usize::from(replayed.policy != self.policy);
        self.different += usize::from(!replayed.is_equal());
        let verdict = replay_by(&events, self.policy).context("its verdict rests on no capture")?;
        Ok(Outcome::Scored(verdict.into()))
    }

    /// What a reader of the report must know of all that was judged, a sentence each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let sessions = |count| counted(count, "session", "sessions");
        let mut notes = Vec::new();
        if self.unlabelled > 0 {
            notes.push(format!("Without a label and left out: {} of the export.", sessions(self.unlabelled)));
        }
        if self.of_others > 0 {
            let (others, policy) = (sessions(self.of_others), u32::from(self.policy));
            notes.push(format!(
                "Recorded under another policy: {others}. What it did not ask for is missing to policy {policy}."
            ));
        }
        if self.different > 0 {
            let different = sessions(self.different);
            notes.push(format!("The recorded verdict does not follow from the events: {different}."));
        }
        notes
    }
}

/// Why a session without a verdict came to none: its last attempt's failure, or how it ended without one.
fn why_not(events: &[SessionEvent]) -> &'static str {
    let failed = events.iter().rev().find_map(|event| match event {
        SessionEvent::AttemptFailed { reason, .. } => Some(reason.code()),
        _ => None,
    });
    let ended = events.iter().find_map(|event| match event {
        SessionEvent::Expired { because: ExpiredBecause::LinkEnded, .. } => Some("link_ended"),
        SessionEvent::Expired { because: ExpiredBecause::AttemptsExhausted, .. } => {
            Some("attempts_exhausted")
        }
        SessionEvent::Cancelled { .. } => Some("cancelled"),
        _ => None,
    });
    failed.or(ended).unwrap_or("not_ended")
}

impl From<Verdict> for Scored {
    fn from(verdict: Verdict) -> Self {
        let signals = verdict.signals.into_iter().map(|part| Signal {
            name: part.signal.to_string(),
            value: part.value,
            // A signal without a value was not measured, whatever a policy makes of that.
            score: part.value.and(part.score),
            lost: part.lost,
        });
        Self { confidence: verdict.confidence, signals: signals.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::transfer::{ExportWriter, export};
    use std::io::BufReader;

    const SCORED: Uuid = Uuid::from_u128(1);
    const EXPIRED: Uuid = Uuid::from_u128(2);

    async fn exported() -> Vec<u8> {
        let (log, _folder) = sample::open();
        sample::whole(&*log, SCORED, 6).await;
        sample::record(&*log, EXPIRED, &sample::expired(EXPIRED)).await;
        sample::whole(&*log, Uuid::from_u128(3), 2).await;
        let mut writer = ExportWriter::begin(Vec::new(), 0).unwrap();
        export(&*log, &mut writer).await.unwrap();
        writer.finish().unwrap().1
    }

    fn read(export: &[u8], policy: PolicyVersion) -> anyhow::Result<Recorded> {
        let labelled = [SCORED, EXPIRED, Uuid::from_u128(9)].into();
        Recorded::read(BufReader::new(export), &labelled, policy)
    }

    #[actix_web::test]
    async fn a_session_is_judged_again_from_its_events() {
        let export = exported().await;
        let mut recorded = read(&export, PolicyVersion::V1).unwrap();
        let outcome = recorded.judge(SCORED).unwrap();
        let Outcome::Scored(scored) = &outcome else { panic!("{outcome:?}") };
        // Six frames that follow none of the turns, though the sample claims a confidence of 98.5.
        assert_eq!(scored.confidence, 0.0);
        assert!(scored.is_fused());
        assert_eq!(scored.signal("one_face").unwrap().score, Some(1.0));
        assert_eq!(scored.signal("depth").unwrap().score, None);
        assert_eq!(
            recorded.notes(),
            [
                "Without a label and left out: 1 session of the export.",
                "The recorded verdict does not follow from the events: 1 session."
            ]
        );
    }

    #[actix_web::test]
    async fn another_policy_says_that_it_was_not_asked() {
        let mut recorded = read(&exported().await, PolicyVersion::V2).unwrap();
        recorded.judge(SCORED).unwrap();
        assert!(recorded.notes()[1].ends_with("missing to policy 2."), "{:?}", recorded.notes());
    }

    #[actix_web::test]
    async fn a_session_without_a_verdict_is_a_non_response() {
        let mut recorded = read(&exported().await, PolicyVersion::V1).unwrap();
        let outcome = recorded.judge(EXPIRED).unwrap();
        assert_eq!(outcome, Outcome::Failed { reason: "link_ended".into() });
    }

    #[actix_web::test]
    async fn labels_without_a_session_and_altered_exports_are_refused() {
        let mut export = exported().await;
        let nine = Uuid::from_u128(9);
        let mut recorded = read(&export, PolicyVersion::V1).unwrap();
        let told = recorded.judge(nine).unwrap_err().to_string();
        assert_eq!(told, format!("sessions.ndjson has no session {nine}"));
        let middle = export.len() / 2;
        export.truncate(middle);
        assert!(read(&export, PolicyVersion::V1).is_err());
    }
}
