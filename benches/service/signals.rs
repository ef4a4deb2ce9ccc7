//! Which signals read which measurements, found by trial: a measurement is taken out of every recorded frame and the
//! sessions are judged again. A signal that finds something else has read it.

use liveness_events::measurement::{Cues, Frame};
use liveness_events::session::{SessionEvent, replay};
use liveness_events::verdict::{SignalScore, Verdict};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What comes after measuring, and is read by no signal.
const AFTER: [&str; 2] = ["guidance", "judging"];

/// Parts that the same signals read.
pub(crate) struct Group {
    pub(crate) signals: String,
    pub(crate) parts: Vec<String>,
}

/// All of these parts, each in one group; then, without parts, the signals that found nothing in any of the sessions.
pub(crate) fn groups<'a>(sessions: &[&[SessionEvent]], parts: impl Iterator<Item = &'a str>) -> Vec<Group> {
    let found: Vec<(&[SessionEvent], Verdict)> =
        sessions.iter().filter_map(|events| Some((*events, replay(events)?.recomputed?))).collect();
    let scores = || found.iter().flat_map(|(_, verdict)| &verdict.signals);
    let names = |scores: &mut dyn Iterator<Item = &SignalScore>| -> BTreeSet<String> {
        scores.map(|score| score.signal.to_string()).collect()
    };
    let all = names(&mut scores());
    let present = names(&mut scores().filter(|score| score.value.is_some()));
    let mut groups: Vec<Group> = Vec::new();
    for part in parts {
        let readers = readers(&found, part);
        let signals = match readers.len() {
            _ if AFTER.contains(&part) => "the session and its verdict".to_owned(),
            0 => "none".to_owned(),
            count if count == present.len() => "all".to_owned(),
            _ => readers.into_iter().collect::<Vec<_>>().join(", "),
        };
        match groups.iter_mut().find(|group| group.signals == signals) {
            Some(group) => group.parts.push(part.to_owned()),
            None => groups.push(Group { signals, parts: vec![part.to_owned()] }),
        }
    }
    let absent = all.difference(&present).map(|signal| format!("{signal} (found nothing here)"));
    groups.extend(absent.map(|signals| Group { signals, parts: vec![] }));
    groups
}

fn readers(sessions: &[(&[SessionEvent], Verdict)], part: &str) -> BTreeSet<String> {
    let mut readers = BTreeSet::new();
    for (events, found) in sessions {
        let without: Vec<SessionEvent> = events.iter().map(|event| without(event, part)).collect();
        let Some(verdict) = replay(&without).and_then(|replayed| replayed.recomputed) else { continue };
        let pairs = found.signals.iter().zip(&verdict.signals);
        let of = |score: &SignalScore| (score.value, score.score);
        readers.extend(
            pairs.filter(|(with, without)| of(with) != of(without)).map(|(with, _)| with.signal.to_string()),
        );
    }
    readers
}

fn without(event: &SessionEvent, part: &str) -> SessionEvent {
    let mut event = event.clone();
    if let SessionEvent::FrameReceived { frame, .. } = &mut event {
        take_out(frame, part);
    }
    event
}

/// Takes out what this part measures: of all that is no part of the face, the cue of that name.
fn take_out(Frame { measurement, .. }: &mut Frame, part: &str) {
    let face = measurement.face.as_mut();
    match (part, face) {
        ("decode" | "detector" | "mesh", _) => (measurement.faces, measurement.face) = (0, None),
        ("descriptor", Some(face)) => {
            face.compared.iter_mut().for_each(|compared| compared.similarity = None);
        }
        ("texture", Some(face)) => face.texture = None,
        ("quality", Some(face)) => (face.sharpness, face.brightness, face.contrast) = (0.0, 0.0, 0.0),
        ("planarity", Some(face)) => face.compared.iter_mut().for_each(|compared| compared.planarity = 0.0),
        ("pose", Some(face)) => {
            (face.yaw, face.pitch, face.roll) = (0.0, 0.0, 0.0);
            // As large in all frames: none is nearer than another.
            (face.size, face.eyes_over_nose, face.width_over_height) = (1.0, 0.0, 0.0);
        }
        (cue, _) => measurement.cues = without_cue(&measurement.cues, cue),
    }
}

fn without_cue(cues: &Cues, name: &str) -> Cues {
    // The log's own form of them.
    let text = serde_json::to_value(cues).unwrap_or_default();
    let mut numbers: Map<String, Value> = serde_json::from_value(text).unwrap_or_default();
    numbers.remove(name);
    serde_json::from_value(numbers.into()).unwrap_or_default()
}
