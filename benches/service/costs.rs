//! What a session costs, by what costs it: each part in the process of the bench, on one thread, over recorded frames,
//! beside the bare ONNX loop.

use crate::bare::Bare;
use crate::laps::Laps;
use crate::machine;
use crate::networks::{Installed, Networks};
use crate::person::Album;
use crate::recorded::Shot;
use crate::report;
use crate::signals;
use liveness_events::session::{Command, Session, SessionEvent};
use liveness_events::verdict;
use std::hint::black_box;
use std::time::Duration;

/// A session as the log holds it.
pub(crate) struct Recorded {
    pub(crate) shots: Vec<Shot>,
    pub(crate) events: Vec<SessionEvent>,
}

/// Processor time in seconds a frame.
pub(crate) struct Costs {
    /// Of the service's own code, by parts.
    parts: Vec<(String, f64)>,
    /// Of the networks alone.
    bare: Vec<(String, f64)>,
    notes: String,
}

impl Costs {
    /// Lets parts and bare loop take turns on these sessions.
    pub(crate) fn measure(album: &Album, sessions: &[&Recorded], rounds: usize) -> anyhow::Result<Self> {
        let installed = Installed::find()?;
        let mut networks = Networks::load(album, 1)?;
        let mut bare_networks = Bare::load(&installed)?;
        let (mut parts, mut bare) = (Laps::new(), Laps::new());
        let (mut parts_used, mut bare_used) = (Duration::ZERO, Duration::ZERO);
        for Recorded { shots, events } in sessions.iter().cycle().take(sessions.len() * rounds) {
            let before = machine::cpu("self")?;
            bare.restart();
            for shot in shots {
                bare_networks.run(shot.describe, |network| bare.done(network))?;
            }
            let between = machine::cpu("self")?;
            for shot in shots {
                parts.restart();
                networks.measure_by_parts(album, shot, &mut |part| parts.done(part))?;
            }
            decide(events, &mut parts);
            bare_used += between - before;
            parts_used += machine::cpu("self")? - between;
        }
        let frames: usize = sessions.iter().map(|session| session.shots.len()).sum();
        let described = sessions.iter().flat_map(|session| &session.shots).filter(|shot| shot.describe);
        let described = described.count() as f64 * 100.0 / frames as f64;
        let a_frame = |laps: Laps, used| {
            let each = |(name, seconds)| (name, seconds / (frames * rounds) as f64);
            laps.shared_out(used).into_iter().map(each).collect()
        };
        let (parts, bare) = (a_frame(parts, parts_used), a_frame(bare, bare_used));
        let notes = format!(
            "{frames} frames of {} sessions, {described:.0}% of them described, {rounds} times on one thread",
            sessions.len()
        );
        Ok(Self { parts, bare, notes })
    }

    /// Of the bare ONNX loop, in seconds a frame.
    pub(crate) fn bare(&self) -> f64 {
        sum(&self.bare)
    }

    /// By parts, for a session of so many frames for which the service used so many seconds.
    pub(crate) fn by_parts(&self, frames: f64, used: f64) -> String {
        let row = |name: &str, seconds: f64| {
            let over = format!("{:.3}", seconds / self.bare());
            vec![name.to_owned(), millis(seconds), format!("{:.4}", seconds * frames), over]
        };
        let measured = sum(&self.parts);
        let mut rows: Vec<_> = self.parts.iter().map(|(name, seconds)| row(name, *seconds)).collect();
        rows.push(row("**these together**", measured));
        rows.push(row("all else of the service", used / frames - measured));
        rows.push(row("**the service**", used / frames));
        rows.extend(self.bare.iter().map(|(name, seconds)| row(&format!("bare ONNX: {name}"), *seconds)));
        rows.push(row("**bare ONNX**", self.bare()));
        let head = ["part", "ms a frame", &format!("s a session of {frames:.0} frames"), "over bare ONNX"];
        format!("Processor time by part: {}\n\n{}", self.notes, report::table(&head, &rows))
    }

    /// By signals: each part stands with the signals that read it, once.
    pub(crate) fn by_signals(&self, frames: f64, sessions: &[&Recorded]) -> String {
        let events: Vec<_> = sessions.iter().map(|session| &*session.events).collect();
        let parts = self.parts.iter().map(|(name, _)| name.as_str());
        let rows = signals::groups(&events, parts).into_iter().map(|group| {
            let of_group = self.parts.iter().filter(|(name, _)| group.parts.contains(name));
            // The sum of nothing is below zero otherwise.
            let seconds = of_group.fold(0.0, |sum, (_, seconds)| sum + seconds);
            vec![
                group.signals,
                group.parts.join(", "),
                millis(seconds),
                format!("{:.4}", seconds * frames),
                format!("{:.3}", seconds / self.bare()),
            ]
        });
        let a_session = format!("s a session of {frames:.0} frames");
        let head = ["signals", "parts that they read", "ms a frame", &a_session, "over bare ONNX"];
        let rows: Vec<_> = rows.collect();
        format!("Processor time by signal: each part once\n\n{}", report::table(&head, &rows))
    }
}

/// Decides on each frame as the session's actor does, and judges at the end.
fn decide(events: &[SessionEvent], laps: &mut Laps) {
    let mut session = Session::default();
    for (index, event) in events.iter().enumerate() {
        let next = events.get(index + 1);
        laps.restart();
        match (event, session.attempt(), session.created()) {
            // Deciding on the last frame is judging, which follows.
            (SessionEvent::FrameReceived { at, frame }, Some(attempt), _)
                if !matches!(next, Some(SessionEvent::Completed { .. })) =>
            {
                let (attempt, frame) = (attempt.number, Box::new(frame.clone()));
                let command = Command::RecordFrame { at: *at, attempt, frame, models: vec![] };
                let _ = black_box(session.decide(&command));
                session = session.evolve(event);
                laps.done("guidance");
            }
            (SessionEvent::Completed { policy, .. }, Some(attempt), Some(created)) => {
                black_box(verdict::judge(*policy, &attempt.evidence, created.threshold));
                laps.done("judging");
                session = session.evolve(event);
            }
            _ => session = session.evolve(event),
        }
    }
}

fn sum(parts: &[(String, f64)]) -> f64 {
    parts.iter().map(|(_, seconds)| seconds).sum()
}

fn millis(seconds: f64) -> String {
    format!("{:.4}", seconds * 1e3)
}
