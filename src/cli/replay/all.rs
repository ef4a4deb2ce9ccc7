//! Replays every session that has a verdict: whether each follows from its events, and what another policy would have
//! changed.

use crate::event_log::{EventLog, Position};
use crate::journal;
use liveness_events::session::{SessionEvent, replay, replay_by};
use liveness_events::stream;
use liveness_events::verdict::{PolicyVersion, Verdict};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use uuid::Uuid;

/// Events that one read of the log fetches.
const PAGE: usize = 1024;

/// One session, for machines.
#[derive(Debug, Serialize)]
struct Line {
    uuid: Uuid,
    equal: bool,
    recorded: Told,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_policy: Option<Told>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Told {
    policy: PolicyVersion,
    passed: bool,
    confidence: f64,
}

impl Told {
    const fn of(policy: PolicyVersion, verdict: &Verdict) -> Self {
        Self { policy, passed: verdict.passed, confidence: verdict.confidence }
    }
}

#[derive(Default)]
struct Counted {
    sessions: u64,
    different: u64,
    now_passed: u64,
    no_longer_passed: u64,
}

pub(super) async fn run(
    log: &dyn EventLog,
    policy: Option<PolicyVersion>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let mut counted = Counted::default();
    let mut after: Position = 0;
    loop {
        let page = log.read_all(after, &[stream::SESSION_PREFIX.to_owned()], PAGE).await?;
        for event in page.events.iter().filter(|event| event.event_type == "SessionCompleted") {
            let Some(uuid) = stream::session_id(&event.stream) else { continue };
            let Some(line) = line(log, uuid, policy).await? else { continue };
            counted.add(&line);
            tell(&line, json, out)?;
        }
        after = page.next;
        if page.end {
            break;
        }
    }
    if !json {
        counted.tell(policy, out)?;
    }
    Ok(if counted.different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn line(log: &dyn EventLog, uuid: Uuid, policy: Option<PolicyVersion>) -> anyhow::Result<Option<Line>> {
    let (events, _) = journal::load::<SessionEvent>(log, &stream::session(uuid)).await?;
    let Some(replayed) = replay(&events) else { return Ok(None) };
    let by_policy = policy.and_then(|policy| Some(Told::of(policy, &replay_by(&events, policy)?)));
    let recorded = Told::of(replayed.policy, &replayed.recorded);
    Ok(Some(Line { uuid, equal: replayed.is_equal(), recorded, by_policy }))
}

/// In a terminal only what is not as it was: a thousand sessions that are equal are no news.
fn tell(line: &Line, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        return Ok(writeln!(out, "{}", serde_json::to_string(line)?)?);
    }
    if !line.equal {
        writeln!(out, "{}  THE VERDICTS DIFFER", line.uuid)?;
    }
    if let Some(other) = line.by_policy.filter(|other| other.passed != line.recorded.passed) {
        let word = |told: Told| if told.passed { "passed" } else { "not passed" };
        let (was, is) = (line.recorded, other);
        writeln!(
            out,
            "{}  {} {:.1} by policy {}, {} {:.1} by policy {}",
            line.uuid,
            word(was),
            was.confidence,
            u32::from(was.policy),
            word(is),
            is.confidence,
            u32::from(is.policy)
        )?;
    }
    Ok(())
}

impl Counted {
    fn add(&mut self, line: &Line) {
        self.sessions += 1;
        self.different += u64::from(!line.equal);
        if let Some(other) = line.by_policy {
            self.now_passed += u64::from(other.passed && !line.recorded.passed);
            self.no_longer_passed += u64::from(!other.passed && line.recorded.passed);
        }
    }

    fn tell(&self, policy: Option<PolicyVersion>, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "sessions {}, verdicts that differ {}", self.sessions, self.different)?;
        if let Some(policy) = policy {
            writeln!(
                out,
                "by policy {}: {} would pass that did not, {} would no longer pass",
                u32::from(policy),
                self.now_passed,
                self.no_longer_passed
            )?;
        }
        Ok(())
    }
}
