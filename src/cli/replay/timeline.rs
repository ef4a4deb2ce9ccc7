//! A session as a person reads it: what was asked, where the head was turned to, what was said, and how it ended. It is
//! plain text of at most 100 columns, so that it looks the same in a terminal, a file and a mail.

use liveness_events::Timestamp;
use liveness_events::challenge::Step;
use liveness_events::measurement::Frame;
use liveness_events::session::guidance::hint;
use liveness_events::session::{Attempt, Phase, Session, SessionEvent};
use liveness_events::verdict::REACHED_DEGREES;
use std::io::{self, Write};
use std::time::Duration;

/// Time that one row shows.
const ROW: Duration = Duration::from_millis(250);
/// Without a frame for so long, the row says so.
const PAUSE: Duration = Duration::from_secs(1);
/// Columns on each side of straight ahead.
const SIDE: usize = 20;
/// Columns of the time before each line.
const INDENT: usize = 11;
/// Degrees of one column: the whole is 40 degrees to either side.
const DEGREES: f64 = 2.0;

/// Draws all events in their order.
pub(super) fn draw(events: &[SessionEvent], out: &mut dyn Write) -> io::Result<()> {
    let begin = events.first().map_or(Timestamp::from_millis(0), SessionEvent::at);
    let mut timeline =
        Timeline { out, begin, session: Session::default(), row: None, heard_at: None, asked: String::new() };
    for event in events {
        let session = std::mem::take(&mut timeline.session);
        timeline.session = session.evolve(event);
        timeline.event(event)?;
    }
    timeline.end_row()
}

struct Timeline<'a> {
    out: &'a mut dyn Write,
    begin: Timestamp,
    session: Session,
    row: Option<Row>,
    heard_at: Option<Timestamp>,
    /// What the last row said was asked.
    asked: String,
}

/// Frames of one row: the same was asked, and the same hint was given, all the while.
struct Row {
    since: Timestamp,
    asked: String,
    told: String,
    frames: usize,
    /// How far the head was turned: the least, the most, and the last; none without a face.
    turned: Option<(f64, f64, f64)>,
}

impl Timeline<'_> {
    fn event(&mut self, event: &SessionEvent) -> io::Result<()> {
        match event {
            SessionEvent::FrameReceived { at, frame } => return self.frame(*at, frame),
            // What is asked stands beside the frames that follow.
            SessionEvent::StepIssued { .. } => return self.end_row(),
            _ => self.end_row()?,
        }
        let told = match event {
            SessionEvent::Created(created) => {
                format!("created    at {}, link ends at {}", created.at, created.expires_at)
            }
            SessionEvent::CaptureStarted { attempt, challenge, .. } => {
                let steps = challenge.steps().iter().filter(|step| **step != Step::Hold);
                let steps: Vec<&str> = steps.map(|step| step.name()).collect();
                let first = format!("attempt {attempt}  challenge: ");
                wrapped(&first, &steps)
            }
            SessionEvent::AttemptFailed { attempt, reason, .. } => {
                format!("attempt {attempt}  failed: {}", reason.code())
            }
            SessionEvent::Completed { verdict, images, .. } => {
                let passed = if verdict.passed { "passed" } else { "not passed" };
                let (confidence, kept) = (verdict.confidence, images.len());
                format!("complete   {passed}, confidence {confidence:.1}, {kept} images kept")
            }
            SessionEvent::Expired { because, .. } => format!("expired    {because:?}"),
            SessionEvent::Cancelled { by, .. } => format!("cancelled  by {by:?}"),
            SessionEvent::ImagesErased { because, images, .. } => {
                format!("erased     {} images, {because:?}", images.len())
            }
            SessionEvent::FrameReceived { .. } | SessionEvent::StepIssued { .. } => return Ok(()),
        };
        let seconds = self.seconds(event.at());
        writeln!(self.out, "{seconds:>9.3}  {told}")?;
        if matches!(event, SessionEvent::CaptureStarted { .. }) {
            self.heard_at = None;
            self.asked.clear();
            let axis = axis();
            writeln!(self.out, "  seconds  asked          {axis}    yaw  frames  hint")?;
        }
        Ok(())
    }

    fn frame(&mut self, at: Timestamp, frame: &Frame) -> io::Result<()> {
        let pause = self.heard_at.map_or(Duration::ZERO, |heard| at.since(heard));
        if pause >= PAUSE {
            self.end_row()?;
            writeln!(self.out, "{:>9}  no frame for {:.1} s", "", pause.as_secs_f64())?;
        }
        self.heard_at = Some(at);
        let Some(attempt) = self.session.attempt() else { return Ok(()) };
        let asked = asked(attempt);
        let told = hint(attempt, frame).map_or_else(String::new, |hint| hint.code().to_owned());
        let turned = frame.measurement.face.as_ref().map(|face| attempt.evidence.turned(face));
        let goes_on = self.row.as_ref().is_some_and(|row| {
            row.asked == asked
                && row.told == told
                && at.since(row.since) < ROW
                && row.turned.is_some() == turned.is_some()
        });
        if !goes_on {
            self.end_row()?;
        }
        let row = self.row.get_or_insert(Row { since: at, asked, told, frames: 0, turned: None });
        row.frames += 1;
        row.turned = turned.map(|turned| {
            row.turned.map_or((turned, turned, turned), |(least, most, _)| {
                (least.min(turned), most.max(turned), turned)
            })
        });
        Ok(())
    }

    fn end_row(&mut self) -> io::Result<()> {
        let Some(Row { since, asked, told, frames, turned }) = self.row.take() else { return Ok(()) };
        let seconds = self.seconds(since);
        let shown = if asked == self.asked { "" } else { asked.as_str() };
        let yaw = turned.map_or_else(|| "-".to_owned(), |(_, _, last)| format!("{last:+.0}"));
        let line = format!("{seconds:>9.3}  {shown:<13}  {}  {yaw:>5}  {frames:>6}  {told}", curve(turned));
        writeln!(self.out, "{}", line.trim_end())?;
        self.asked = asked;
        Ok(())
    }

    fn seconds(&self, at: Timestamp) -> f64 {
        at.since(self.begin).as_secs_f64()
    }
}

/// Words after a first one, in lines of at most 100 columns together with the time before them.
fn wrapped(first: &str, words: &[&str]) -> String {
    let mut text = first.to_owned();
    let mut width = INDENT + first.len();
    for (place, word) in words.iter().enumerate() {
        let comma = if place + 1 < words.len() { ", " } else { "" };
        if width + word.len() + comma.len() > 100 {
            text = format!("{}\n{:indent$}", text.trim_end(), "", indent = INDENT + first.len());
            width = INDENT + first.len();
        }
        text += &format!("{word}{comma}");
        width += word.len() + comma.len();
    }
    text
}

fn asked(attempt: &Attempt) -> String {
    match attempt.phase {
        Phase::Framing => "framing".to_owned(),
        Phase::Doing { step, .. } => step.name().to_owned(),
    }
}

/// The column of so many degrees; the person's own left is on the left, as they see themselves in the page.
fn column(degrees: f64) -> usize {
    let columns = (degrees / DEGREES).round().clamp(-(SIDE as f64), SIDE as f64);
    // Between 0 and twice the side by the clamp.
    (SIDE as f64 - columns) as usize
}

fn axis() -> String {
    format!("{:<SIDE$}0{:>SIDE$}", "+40 left", "right -40")
}

/// A row of the curve: how far the head was turned in it, straight ahead, and where a turn counts as done.
fn curve(turned: Option<(f64, f64, f64)>) -> String {
    let mut line = vec![b' '; 2 * SIDE + 1];
    line[SIDE] = b'|';
    line[column(REACHED_DEGREES)] = b'.';
    line[column(-REACHED_DEGREES)] = b'.';
    if let Some((least, most, last)) = turned {
        line[column(most)..=column(least)].fill(b'-');
        line[column(last)] = b'o';
    }
    String::from_utf8(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use uuid::Uuid;

    #[test]
    fn a_session_is_drawn_in_a_hundred_columns() {
        let mut events = sample::scored(Uuid::from_u128(1), 40);
        events.push(sample::erased());
        let mut drawn = Vec::new();
        draw(&events, &mut drawn).unwrap();
        let drawn = String::from_utf8(drawn).unwrap();
        assert!(drawn.lines().all(|line| line.len() <= 100), "{drawn}");
        assert!(drawn.is_ascii(), "{drawn}");
        for told in ["challenge: ", "turn-left", "complete   passed, confidence 98.5", "erased     1 images"]
        {
            assert!(drawn.contains(told), "{told} is missing: {drawn}");
        }
        // Frames 0 to 39 look from -20 to 19 degrees, and four rows of four frames show ten degrees.
        let curves: Vec<_> = drawn.lines().filter(|line| line.contains('o') && line.contains('|')).collect();
        assert!(curves.len() > 8, "{drawn}");
        assert!(curves[0].find('o') > curves[8].find('o'), "a turn to the left goes to the left: {drawn}");
    }

    #[test]
    fn the_scale_ends_where_it_ends() {
        assert_eq!((column(-400.0), column(0.0), column(400.0)), (2 * SIDE, SIDE, 0));
    }
}
