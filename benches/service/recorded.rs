//! What the service did, as its log tells it.

use crate::person::Album;
use liveness_events::Digest;
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

/// An event and when it was committed, in microseconds since the Unix epoch.
pub(crate) struct Committed {
    pub(crate) event: SessionEvent,
    at: i64,
}

/// Every frame of every session, or of one, in the order of the log within each session.
pub(crate) fn shots(log: &Path, album: &Album, only: Option<Uuid>) -> anyhow::Result<Vec<Shot>> {
    let connection = open(log)?;
    let mut streams = connection.prepare("SELECT name FROM streams")?;
    let mut shots = Vec::new();
    let mut rows = streams.query([])?;
    while let Some(row) = rows.next()? {
        let session = stream::session_id(&row.get::<_, String>(0)?);
        let Some(session) = session.filter(|session| only.is_none_or(|only| only == *session)) else {
            continue;
        };
        shots.extend(follow(&read(&connection, session)?, |sha256| album.find(sha256))?);
    }
    Ok(shots)
}

/// The events of a session.
pub(crate) fn events(log: &Path, session: Uuid) -> anyhow::Result<Vec<Committed>> {
    read(&open(log)?, session)
}

/// The frames of a session; `find` tells which picture of the album the log knows by a hash.
pub(crate) fn follow(
    events: &[Committed],
    find: impl Fn(&Digest) -> anyhow::Result<usize>,
) -> anyhow::Result<Vec<Shot>> {
    let mut follow = Follow::default();
    for event in events {
        follow.event(event, &find)?;
    }
    Ok(follow.shots)
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

fn read(connection: &Connection, session: Uuid) -> anyhow::Result<Vec<Committed>> {
    let query = "SELECT e.type, e.data, e.created FROM events e JOIN streams s ON s.id = e.stream
                 WHERE s.name = ?1 ORDER BY e.revision";
    let mut events = connection.prepare_cached(query)?;
    let mut rows = events.query([stream::session(session)])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let event = SessionEvent::decode(&row.get::<_, String>(0)?, &row.get::<_, Vec<u8>>(1)?)?;
        read.push(Committed { event, at: row.get(2)? });
    }
    Ok(read)
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
    fn event(
        &mut self,
        Committed { event, at }: &Committed,
        find: impl Fn(&Digest) -> anyhow::Result<usize>,
    ) -> anyhow::Result<()> {
        match event {
            SessionEvent::CaptureStarted { .. } => self.reference = None,
            SessionEvent::FrameReceived { frame, .. } => self.shots.push(Shot {
                picture: find(&frame.sha256)?,
                reference: self.reference,
                describe: self.session.attempt().is_some_and(|attempt| attempt.wants_descriptor()),
                committed: *at,
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
