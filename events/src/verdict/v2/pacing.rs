//! The answers come as fast as people react, not sooner and not much later.
//!
//! Unit: seconds from a turn's being told to the beginning of the motion by which it is reached, median of the turns, without the
//! round trip, of which up to 0.3 s count: who answers pings late is no slower to see the page. Who sways to and fro before has
//! not begun.
//! Source: simple reactions to a visual sign take 0.2 to 0.3 s (Woods et al., Front. Hum. Neurosci. 2015), moving the head
//! and reading the arrow the rest; the ramps are own choice: who is slow at one turn is quick at another, a stream that
//! comes late is late at all of them. At eight pictures a second it is known to 0.13 s, too roughly
//! to tell regular answers from human ones. Fails on people who hesitate.

use super::ramp::{Ramp, median};
use super::{Found, Signal};
use crate::verdict::{Asked, Evidence, REACHED_DEGREES, Seen};

/// Degrees towards the turn, from where the head was when it was asked, at which it has begun.
const BEGUN: f64 = 5.0;
/// Seconds of the round trip that count.
const LONGEST_TRIP: f64 = 0.3;
const TOO_LATE: Ramp = Ramp { zero: 2.2, one: 1.5 };
const TOO_SOON: Ramp = Ramp { zero: 0.0, one: 0.1 };

pub(super) const SIGNAL: Signal =
    Signal { name: "pacing", weight: 0.4, doubt: 0.0, reason: "answered_late", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let reaction = median(evidence.asked().filter_map(|asked| reaction(evidence, asked)))?;
    let (late, soon) = (TOO_LATE.score(reaction), TOO_SOON.score(reaction));
    let reason = (soon < late).then_some("answered_before_asked");
    Some(Found { value: reaction, score: late.min(soon), reason })
}

fn reaction(evidence: &Evidence, asked: Asked<'_>) -> Option<f64> {
    let turn = asked.issued.step.turn()?;
    let before = evidence.frames()[..asked.issued.frames_before].iter().rev().find_map(Seen::only_face);
    let from = before.map_or(0.0, |face| evidence.towards(turn, face));
    let faces =
        asked.frames.iter().filter_map(|seen| Some((seen, evidence.towards(turn, seen.only_face()?))));
    let faces: Vec<(&Seen, f64)> = faces.collect();
    let reached = faces.iter().position(|(_, towards)| *towards >= REACHED_DEGREES)?;
    let motion = faces[..=reached].iter().rev().take_while(|(_, towards)| towards - from >= BEGUN);
    let (seen, _) = motion.last()?;
    let cue = |name, most| seen.cues().number(name).unwrap_or(0.0).clamp(0.0, most);
    Some(seen.at.since(asked.issued.at).as_secs_f64() - cue("round_trip", LONGEST_TRIP) - cue("waited", 1.0))
}
