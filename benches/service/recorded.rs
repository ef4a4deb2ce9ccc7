//! What the service did, as its log tells it.

use crate::person::Album;
use liveness_events::session::{Session, SessionEvent};
use liveness_events::stored::Stored as _;
use liveness_events::stream;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use uuid::Uuid;

/// What was asked of the networks for one frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shot {
    /// Picture of the album.
    pub(crate) picture: usize,
    /// Picture that it was compared with.
    pub(crate) reference: Option<usize>,
    /// Whether the face was described.
    pub(crate) describe: bool,
    /// When its events were committed, in microseconds since the Unix epoch.
    pub(crate) committed: i64,
}

/// Every frame of every session, or of one, in the order of the log within each session.
pub(crate) fn shots(log: &Path, album: &Album, only: Option<Uuid>) -> anyhow::Result<Vec<Shot>> {
    let connection = open(log)?;
    let mut streams = connection.prepare("SELECT id, name FROM streams")?;
    let mut events =
        connection.prepare("SELECT type, data, created FROM events WHERE stream = ?1 ORDER BY revision")?;
    let mut shots = Vec::new();
    let mut rows = streams.query([])?;
    while let Some(row) = rows.next()? {
        let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
        let Some(session) = stream::session_id(&name) else { continue };
        if only.is_some_and(|only| only != session) {
            continue;
        }
        let mut follow = Follow::default();
        let mut rows = events.query([id])?;
        while let Some(row) = rows.next()? {
            let event_type: String = row.get(0)?;
            let event = SessionEvent::decode(&event_type, &row.get::<_, Vec<u8>>(1)?)?;
            follow.event(&event, row.get(2)?, album)?;
        }
        shots.append(&mut follow.shots);
    }
    Ok(shots)
}

/// Mean size, in bytes of data and metadata, of the events that the log holds of a session.
pub(crate) fn bytes_a_session(log: &Path) -> anyhow::Result<f64> {
    let query = "SELECT CAST(sum(length(e.data) + length(e.metadata)) AS REAL) / count(DISTINCT e.stream)
                 FROM events e JOIN streams s ON s.id = e.stream WHERE s.name LIKE ?1 || '%'";
    Ok(open(log)?.query_row(query, [stream::SESSION_PREFIX], |row| row.get(0))?)
}

/// Data and metadata of the last event that created a session.
pub(crate) fn created_event(log: &Path) -> anyhow::Result<(String, Vec<u8>, Vec<u8>)> {
    let query = "SELECT e.type, e.data, e.metadata FROM events e JOIN streams s ON s.id = e.stream
                 WHERE s.name LIKE ?1 || '%' ORDER BY e.position DESC LIMIT 1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    Ok(open(log)?.query_row(query, [stream::SESSION_PREFIX], row)?)
}

fn open(log: &Path) -> anyhow::Result<Connection> {
    Ok(Connection::open_with_flags(log, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// Follows one session the way its actor does.
#[derive(Default)]
struct Follow {
    session: Session,
    shots: Vec<Shot>,
    reference: Option<usize>,
}

impl Follow {
    fn event(&mut self, event: &SessionEvent, committed: i64, album: &Album) -> anyhow::Result<()> {
        match event {
            SessionEvent::CaptureStarted { .. } => self.reference = None,
            SessionEvent::FrameReceived { frame, .. } => self.shots.push(Shot {
                picture: album.find(&frame.sha256)?,
                reference: self.reference,
                describe: self.session.attempt().is_some_and(|attempt| attempt.wants_descriptor()),
                committed,
            }),
            // The frame at which the first step was issued is what the later ones are compared with.
            SessionEvent::StepIssued { index: 0, .. } => {
                self.reference = self.shots.last().map(|shot| shot.picture);
            }
            _ => {}
        }
        self.session = std::mem::take(&mut self.session).evolve(event);
        Ok(())
    }
}
