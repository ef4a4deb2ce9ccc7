use crate::journal;
use crate::settings::StoreArgs;
use crate::stores::open_log;
use anyhow::bail;
use clap::Args;
use liveness_events::session::{Replayed, SessionEvent, replay};
use liveness_events::stored::session_type_name;
use liveness_events::verdict::Verdict;
use liveness_events::{Timestamp, stream};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The session
    uuid: Uuid,
    /// For machines: one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stores: StoreArgs,
}

/// What a replay found, for machines.
#[derive(Debug, Serialize)]
struct Report<'a> {
    uuid: Uuid,
    events: usize,
    replayed: Option<&'a Replayed>,
    equal: bool,
}

pub(super) async fn run(args: &ReplayArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let log = open_log(&args.stores)?;
    let (events, _) = journal::load::<SessionEvent>(&*log, &stream::session(args.uuid)).await?;
    if events.is_empty() {
        bail!("there is no session {}", args.uuid);
    }
    let replayed = replay(&events);
    // A session that came to no score has nothing that could differ.
    let equal = replayed.as_ref().is_none_or(Replayed::is_equal);
    if args.json {
        let report = Report { uuid: args.uuid, events: events.len(), replayed: replayed.as_ref(), equal };
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&events, replayed.as_ref(), out)?;
    }
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(events: &[SessionEvent], replayed: Option<&Replayed>, out: &mut dyn Write) -> std::io::Result<()> {
    let begin = events.first().map_or(Timestamp::from_millis(0), SessionEvent::at);
    for (revision, event) in events.iter().enumerate() {
        let seconds = event.at().since(begin).as_secs_f64();
        writeln!(
            out,
            "{revision:>5}  {seconds:>9.3} s  {:<16}  {}",
            session_type_name(event),
            summary(event)
        )?;
    }
    let Some(replayed) = replayed else { return writeln!(out, "\nno verdict: nothing was scored") };
    writeln!(out, "\nrecorded    {}", line(&replayed.recorded))?;
    let Some(recomputed) = &replayed.recomputed else { return writeln!(out, "NOTHING TO RECOMPUTE IT FROM") };
    writeln!(out, "recomputed  {}", line(recomputed))?;
    for signal in &recomputed.signals {
        let value = signal.value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.4}"));
        let name = serde_json::to_value(signal.signal).unwrap_or_default();
        let name = name.as_str().unwrap_or_default();
        writeln!(out, "  {name:<12} {value:>12}   score {:.2}   lost {:>5.1}", signal.score, signal.lost)?;
    }
    writeln!(out, "{}", if replayed.is_equal() { "the verdicts are equal" } else { "THE VERDICTS DIFFER" })
}

fn line(verdict: &Verdict) -> String {
    let passed = if verdict.passed { "passed" } else { "not passed" };
    let reasons: Vec<String> =
        verdict.reasons.iter().filter_map(|reason| serde_json::to_string(reason).ok()).collect();
    let reasons = reasons.join(" ").replace('"', "");
    format!(
        "{passed}, confidence {:.1} over a threshold of {}  {reasons}",
        verdict.confidence, verdict.threshold
    )
}

fn summary(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Created(created) => format!("link ends at {}", created.expires_at),
        SessionEvent::CaptureStarted { attempt, challenge, .. } => {
            let turns = challenge.turns().map(|turn| format!("{turn:?}").to_lowercase());
            format!("attempt {attempt}: {}", turns.join(", "))
        }
        SessionEvent::FrameReceived { frame, .. } => match (&frame.measurement.face, frame.measurement.faces)
        {
            (Some(face), faces) => {
                let flat = face
                    .compared
                    .map_or_else(String::new, |compared| format!("  residual {:.3}", compared.planarity));
                format!("#{:<4} yaw {:>6.1}  size {:.2}  faces {faces}{flat}", frame.seq, face.yaw, face.size)
            }
            (None, faces) => format!("#{:<4} no face  faces {faces}", frame.seq),
        },
        SessionEvent::StepIssued { step, .. } => step.code().to_owned(),
        SessionEvent::AttemptFailed { attempt, reason, .. } => {
            format!("attempt {attempt}: {}", reason.code())
        }
        SessionEvent::Completed { verdict, images, .. } => {
            format!("{}  {} images", line(verdict), images.len())
        }
        SessionEvent::Expired { because, .. } => format!("{because:?}"),
        SessionEvent::Cancelled { by, .. } => format!("by {by:?}"),
        SessionEvent::ImagesErased { because, images, .. } => format!("{} images, {because:?}", images.len()),
    }
}
