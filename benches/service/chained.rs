//! A large log, written straight into its tables: sessions whose chains and receipts are right.

use crate::process::scratch;
use anyhow::Context as _;
use liveness::event_log::EventLog as _;
use liveness::event_log::embedded::EmbeddedLog;
use liveness::receipts::ReceiptKey;
use liveness_events::challenge::{Challenge, Step, Way};
use liveness_events::measurement::{Bounds, Cues, Face, Frame, Measurement};
use liveness_events::metadata::{self, Metadata};
use liveness_events::receipt::{self, KeyAnnounced, Receipt};
use liveness_events::session::{Created, ExpiredBecause, SessionEvent};
use liveness_events::stored::Stored;
use liveness_events::values::{AuditImages, ReturnUrl, Threshold};
use liveness_events::{Digest, Timestamp, stream};
use rusqlite::{Connection, Transaction};
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// Events of a session with its receipt.
pub(crate) const SESSION_EVENTS: u64 = 100;
/// Sessions whose events stand between each other's, as many captures at once bring it about.
const SIDE_BY_SIDE: u64 = 50;
/// When all of it happened.
const BEGIN: Timestamp = Timestamp::from_millis(1_764_000_000_000);

/// Writes a log of so many sessions into a data directory of its own, and one event more: the key that signs.
pub(crate) fn log(sessions: u64) -> anyhow::Result<TempDir> {
    let folder = scratch()?;
    let path = folder.path().join("events.db");
    // It makes the tables.
    let log = EmbeddedLog::open(&path)?;
    futures::executor::block_on(log.close());
    drop(log);
    let mut connection = Connection::open(&path)?;
    // Nothing but this run depends on it, and its ids are random places in an index.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let transaction = connection.transaction()?;
    let key = ReceiptKey::from_seed(&[7; 32])?;
    let announced = KeyAnnounced { at: BEGIN, key: key.public() };
    Stream::new(&transaction, stream::RECEIPT_KEYS.to_owned(), Uuid::nil())?.append(&announced)?;
    for group in 0..sessions.div_ceil(SIDE_BY_SIDE) {
        let ids = (group * SIDE_BY_SIDE..sessions.min((group + 1) * SIDE_BY_SIDE)).map(|_| Uuid::new_v4());
        write(&transaction, &key, ids.collect())?;
    }
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(folder)
}

/// Writes the sessions revision by revision, then their receipts.
fn write(transaction: &Transaction<'_>, key: &ReceiptKey, sessions: Vec<Uuid>) -> anyhow::Result<()> {
    let mut streams = sessions
        .iter()
        .map(|session| Stream::new(transaction, stream::session(*session), *session))
        .collect::<anyhow::Result<Vec<_>>>()?;
    // The last one is the receipt.
    for revision in 0..SESSION_EVENTS - 1 {
        for stream in &mut streams {
            stream.append(&event(stream.session, revision)?)?;
        }
    }
    for of_session in streams {
        let session = of_session.session;
        let end = [event(session, SESSION_EVENTS - 2)?];
        let receipt = Receipt {
            at: BEGIN.plus(Duration::from_secs(600)),
            key_id: key.public().id(),
            session,
            revision: SESSION_EVENTS - 2,
            head: of_session.previous.context("the session has no events")?,
            summary: receipt::summary(&end).context("the session has no end")?,
        };
        Stream::new(transaction, stream::receipts(session), session)?.append(&key.sign(receipt)?)?;
    }
    Ok(())
}

/// The end of a stream.
struct Stream<'a> {
    connection: &'a Connection,
    row: i64,
    name: String,
    session: Uuid,
    next: u64,
    previous: Option<Digest>,
}

impl<'a> Stream<'a> {
    fn new(connection: &'a Connection, name: String, session: Uuid) -> anyhow::Result<Self> {
        connection.prepare_cached("INSERT INTO streams (name) VALUES (?1)")?.execute([&name])?;
        let row = connection.last_insert_rowid();
        Ok(Self { connection, row, name, session, next: 0, previous: None })
    }

    fn append(&mut self, event: &impl Stored) -> anyhow::Result<()> {
        let (event_type, data) = event.encode()?;
        let (id, session) = (Uuid::new_v4(), self.session);
        let metadata = Metadata { correlation_id: session, causation_id: session, previous: self.previous };
        let metadata = serde_json::to_vec(&metadata)?;
        self.previous = Some(metadata::hash(&self.name, self.next, id, event_type, &data, &metadata)?);
        let insert = "INSERT INTO events (stream, revision, id, type, data, metadata, created)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let created = BEGIN.as_millis() * 1000;
        let row =
            (self.row, i64::try_from(self.next)?, id.as_bytes(), event_type, &data[..], metadata, created);
        self.connection.prepare_cached(insert)?.execute(row)?;
        self.next += 1;
        Ok(())
    }
}

/// What happens in a session: frames, until its link ends.
fn event(session: Uuid, revision: u64) -> anyhow::Result<SessionEvent> {
    let at = BEGIN.plus(Duration::from_millis(revision * 100));
    Ok(match revision {
        0 => SessionEvent::Created(Created {
            at,
            owner: Uuid::from_u128(7),
            expires_at: BEGIN.plus(Duration::from_secs(600)),
            return_url: ReturnUrl::parse("https://shop.example/checkout/liveness")?,
            webhook_url: None,
            threshold: Threshold::DEFAULT,
            audit_images: AuditImages::DEFAULT,
            token: Digest::of(session.as_bytes()),
            capture_key: Digest::of(b"capture key"),
            request: None,
        }),
        1 => SessionEvent::CaptureStarted {
            at,
            attempt: 1,
            challenge: Challenge::draw(Way::Light, 0),
            camera: None,
        },
        2 => SessionEvent::StepIssued { at, index: 0, step: Step::TurnLeft },
        _ if revision == SESSION_EVENTS - 2 => {
            SessionEvent::Expired { at, because: ExpiredBecause::LinkEnded }
        }
        _ => frame(at, revision as u32),
    })
}

fn frame(at: Timestamp, seq: u32) -> SessionEvent {
    let face = Face {
        bounds: Bounds { left: 0.2512, top: 0.2049, width: 0.5031, height: 0.5127 },
        size: 0.4667,
        presence: 0.9981,
        yaw: f64::from(seq % 40) - 20.25,
        pitch: -3.5,
        roll: 0.75,
        eyes_over_nose: 1.9125,
        width_over_height: 0.8775,
        sharpness: 112.5,
        brightness: 0.52,
        contrast: 0.17,
        compared: None,
        texture: None,
    };
    let measurement = Measurement { faces: 1, face: Some(face), cues: Cues::default() };
    let sha256 = Digest::of(&seq.to_le_bytes());
    let frame = Frame { seq, sha256, bytes: 48_213, width: 640, height: 480, measurement };
    SessionEvent::FrameReceived { at, frame }
}
