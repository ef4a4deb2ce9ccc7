//! Each kind of tampering is named, with stream and revision: in an export and in a log.

use super::*;
use crate::clock::Clock;
use crate::event_log::embedded::EmbeddedLog;
use crate::receipts::announce;
use crate::sample;
use crate::transfer::{ExportWriter, export};
use bytes::Bytes;
use liveness_events::metadata::{Metadata, hash_of};
use std::io::Write as _;
use std::path::Path;
use tokio::sync::OnceCell;

const A: Uuid = Uuid::from_u128(0xa);
const B: Uuid = Uuid::from_u128(0xb);
/// Long after all sample sessions.
const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);

/// Two sessions of nine events each: 0 to 2 before the frames, 3 to 6 frames, 7 the end, 8 the erasure. Each has a
/// delivery and two receipts.
async fn recorded() -> Vec<RecordedEvent> {
    static ONCE: OnceCell<Vec<RecordedEvent>> = OnceCell::const_new();
    let record = || async {
        let (log, _folder) = sample::open();
        announce(&*log, &Clock::default(), &sample::key()).await.unwrap();
        sample::whole(&*log, A, 4).await;
        sample::whole(&*log, B, 4).await;
        log.read_all(0, &[], 4096).await.unwrap().events
    };
    ONCE.get_or_init(record).await.clone()
}

fn keys() -> Vec<PublicKey> {
    vec![sample::key().public()]
}

fn written(events: &[RecordedEvent]) -> File {
    let mut writer = ExportWriter::begin(Vec::new(), 0).unwrap();
    events.iter().for_each(|event| writer.event(event).unwrap());
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&writer.finish().unwrap().1).unwrap();
    file
}

/// A log of these events, put into its file past all that guards it; none where the file itself refuses them.
async fn planted(events: &[RecordedEvent], folder: &Path) -> Option<EmbeddedLog> {
    let path = folder.join("events.db");
    EmbeddedLog::open(&path).unwrap().close().await;
    let mut file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "synchronous", "OFF").unwrap();
    let file = file.transaction().unwrap();
    for event in events {
        file.execute("INSERT OR IGNORE INTO streams (name) VALUES (?1)", [&event.stream]).unwrap();
        file.execute(
            "INSERT INTO events (stream, revision, id, type, data, metadata, created)
             VALUES ((SELECT id FROM streams WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, 0)",
            rusqlite::params![
                event.stream,
                i64::try_from(event.revision).unwrap(),
                event.id.as_bytes(),
                event.event_type,
                &event.data[..],
                &event.metadata[..]
            ],
        )
        .ok()?;
    }
    file.commit().unwrap();
    Some(EmbeddedLog::open(&path).unwrap())
}

fn named(report: &Report) -> Vec<(String, u64, Kind)> {
    let place = |finding: &Finding| {
        (finding.stream.clone().unwrap_or_default(), finding.revision.unwrap_or_default(), finding.kind)
    };
    let mut named: Vec<_> = report.findings.iter().map(place).collect();
    named.sort();
    named
}

/// Sees that a way of tampering is found in an export, in a log, and when only the session is looked at.
async fn tampered(
    what: &str,
    tamper: impl FnOnce(&mut Vec<RecordedEvent>),
    expected: &[(String, u64, Kind)],
) {
    let mut events = recorded().await;
    tamper(&mut events);
    let report = verify_export(&written(&events), &keys(), NOW).unwrap();
    assert_eq!(named(&report), expected, "{what}, in an export: {:#?}", report.findings);
    let folder = tempfile::tempdir().unwrap();
    let Some(log) = planted(&events, folder.path()).await else { return };
    let report = verify_log(&log, &keys(), NOW).await.unwrap();
    assert_eq!(named(&report), expected, "{what}, in a log: {:#?}", report.findings);
    let report = verify_session(&log, A, &keys(), NOW).await.unwrap().unwrap();
    assert_eq!(named(&report), expected, "{what}, in a session: {:#?}", report.findings);
}

fn session() -> String {
    stream::session(A)
}

fn at(events: &[RecordedEvent], name: &str, revision: u64) -> usize {
    events.iter().position(|event| event.stream == name && event.revision == revision).unwrap()
}

fn alter(events: &mut [RecordedEvent], revision: u64) {
    let event = &mut events[at(events, &session(), revision)];
    let text = String::from_utf8(event.data.to_vec()).unwrap();
    event.data = Bytes::from(text.replacen("2025-11-24T16", "2025-11-24T17", 1));
}

fn set_previous(event: &mut RecordedEvent, previous: Option<liveness_events::Digest>) {
    let mut metadata: Metadata = serde_json::from_slice(&event.metadata).unwrap();
    metadata.previous = previous;
    event.metadata = serde_json::to_vec(&metadata).unwrap().into();
}

/// Gives the events of the session revisions without gaps.
fn renumber(events: &mut [RecordedEvent]) {
    let mine = events.iter_mut().filter(|event| event.stream == session());
    mine.zip(0..).for_each(|(event, revision)| event.revision = revision);
}

/// Writes the chain of the session anew from a revision on.
fn chain_anew(events: &mut [RecordedEvent], from: u64) {
    let last = events.iter().filter(|event| event.stream == session()).count() as u64;
    for revision in from..last {
        let previous = hash_of(&events[at(events, &session(), revision - 1)]).unwrap();
        let index = at(events, &session(), revision);
        set_previous(&mut events[index], Some(previous));
    }
}

/// Puts a copy of a frame in front of the event of this revision.
fn insert(events: &mut Vec<RecordedEvent>, revision: u64) {
    let mut stranger = events[at(events, &session(), 4)].clone();
    stranger.id = Uuid::new_v4();
    let previous = hash_of(&events[at(events, &session(), revision - 1)]).unwrap();
    set_previous(&mut stranger, Some(previous));
    let place = at(events, &session(), revision - 1) + 1;
    events.insert(place, stranger);
    renumber(events);
}

#[actix_web::test]
async fn what_was_not_touched_is_sound() {
    tampered("nothing", |_| {}, &[]).await;
    let report = verify_export(&written(&recorded().await), &keys(), NOW).unwrap();
    assert_eq!((report.streams, report.events, report.receipts), (7, 25, 4));
}

#[actix_web::test]
async fn an_altered_event() {
    let altered = |revision| [(session(), revision, Kind::EventAltered)];
    for revision in 0..=8 {
        tampered("data", |events| alter(events, revision), &altered(revision)).await;
    }
    for revision in 1..=8 {
        let previous = |events: &mut Vec<RecordedEvent>| {
            let index = at(events, &session(), revision);
            set_previous(&mut events[index], Some(liveness_events::Digest::of(b"another")));
        };
        tampered("the hash of the event before", previous, &altered(revision)).await;
    }
    let index = |events: &[RecordedEvent]| at(events, &session(), 4);
    let kind = |events: &mut Vec<RecordedEvent>| {
        let index = index(events);
        events[index].event_type = "StepIssued".into();
    };
    tampered("type", kind, &altered(4)).await;
    let id = |events: &mut Vec<RecordedEvent>| {
        let index = index(events);
        events[index].id = Uuid::new_v4();
    };
    tampered("id", id, &altered(4)).await;
    let both = |events: &mut Vec<RecordedEvent>| {
        alter(events, 3);
        alter(events, 6);
    };
    let expected = [(session(), 3, Kind::EventAltered), (session(), 6, Kind::EventAltered)];
    tampered("two events", both, &expected).await;
    let anew = |events: &mut Vec<RecordedEvent>| {
        alter(events, 4);
        chain_anew(events, 5);
    };
    let expected = [(session(), 7, Kind::EventAltered), (session(), 8, Kind::EventAltered)];
    tampered("an event, and the chain written anew", anew, &expected).await;
}

/// Puts `data` of an event of the session into another shape.
fn rewrite(events: &mut [RecordedEvent], revision: u64, from: &str, to: &str) {
    let event = &mut events[at(events, &session(), revision)];
    let text = String::from_utf8(event.data.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    event.data = Bytes::from(text.replacen(from, to, 1));
}

#[actix_web::test]
async fn an_event_with_another_meaning_and_the_same_canonical_form() {
    for (from, to) in
        [(r#""yaw":"#, r#""yaw":99,"yaw":"#), (r#""bytes":48213"#, r#""bytes":9007199254740993"#)]
    {
        // Frames that receipts cover, and the last one of a session that has no end.
        for (revision, last) in [(4, false), (6, false), (5, true), (6, true)] {
            let ambiguous = |events: &mut Vec<RecordedEvent>| {
                if last {
                    let ours = |event: &RecordedEvent| LaneKey::of(&event.stream) == LaneKey::Session(A);
                    events.retain(|event| !ours(event) || (event.stream == session() && event.revision <= 6));
                }
                rewrite(events, revision, from, to);
            };
            tampered(to, ambiguous, &[(session(), revision, Kind::EventAltered)]).await;
        }
    }
}

#[actix_web::test]
async fn an_end_that_tells_no_time_or_a_time_to_come_needs_its_receipt() {
    let told = format!(r#""at":"{}""#, sample::scored(A, 4)[7].at());
    let times = [r#""then":"2025-11-24T16:00:00Z""#, r#""at":null"#, r#""at":"2099-01-01T00:00:00Z""#];
    for time in times {
        let rewritten = |events: &mut Vec<RecordedEvent>| {
            events.retain(|event| {
                LaneKey::of(&event.stream) != LaneKey::Session(A)
                    || (event.stream == session() && event.revision <= 7)
            });
            rewrite(events, 7, &told, time);
        };
        tampered(time, rewritten, &[(session(), 7, Kind::ReceiptMissing)]).await;
    }
}

#[actix_web::test]
async fn a_removed_event() {
    for revision in 0..=6 {
        let expected = [(session(), revision, Kind::EventRemoved)];
        let remove = |events: &mut Vec<RecordedEvent>| {
            events.remove(at(events, &session(), revision));
        };
        tampered("leaving a gap", remove, &expected).await;
        let close = |events: &mut Vec<RecordedEvent>| {
            remove(events);
            renumber(events);
        };
        tampered("closing the gap", close, &expected).await;
    }
    let several = |events: &mut Vec<RecordedEvent>| {
        for _ in 0..3 {
            let index = at(events, &session(), 4);
            events.remove(index);
            renumber(events);
        }
    };
    tampered("three of them", several, &[(session(), 4, Kind::EventRemoved)]).await;
}

#[actix_web::test]
async fn an_inserted_event() {
    for revision in 1..=7 {
        let expected = [(session(), revision, Kind::EventInserted)];
        tampered("in the chain", |events| insert(events, revision), &expected).await;
        let loose = |events: &mut Vec<RecordedEvent>| {
            insert(events, revision);
            let index = at(events, &session(), revision);
            set_previous(&mut events[index], Some(liveness_events::Digest::of(b"nothing")));
        };
        tampered("loosely", loose, &expected).await;
    }
    for linked in [true, false] {
        let behind = |events: &mut Vec<RecordedEvent>| {
            insert(events, 9);
            if !linked {
                let index = at(events, &session(), 9);
                set_previous(&mut events[index], None);
            }
        };
        tampered("behind the end", behind, &[(session(), 9, Kind::EventInserted)]).await;
    }
    let twice = |events: &mut Vec<RecordedEvent>| {
        let mut again = events[at(events, &session(), 4)].clone();
        again.id = Uuid::new_v4();
        events.push(again);
    };
    tampered("at a revision that there is", twice, &[(session(), 4, Kind::EventInserted)]).await;
}

#[actix_web::test]
async fn two_swapped_events() {
    for (first, second) in [(0, 1), (3, 4), (7, 8), (2, 6)] {
        let expected = [(session(), first, Kind::EventsSwapped)];
        let revisions = |events: &mut Vec<RecordedEvent>| {
            let (one, other) = (at(events, &session(), first), at(events, &session(), second));
            events.swap(one, other);
            (events[one].revision, events[other].revision) = (first, second);
        };
        tampered("with their revisions", revisions, &expected).await;
    }
    // In a log, whose streams are ordered by revision, it is the later one that is met at the wrong place.
    let mut events = recorded().await;
    let (one, other) = (at(&events, &session(), 3), at(&events, &session(), 4));
    events.swap(one, other);
    let report = verify_export(&written(&events), &keys(), NOW).unwrap();
    assert_eq!(named(&report), [(session(), 3, Kind::EventsSwapped)]);
    let folder = tempfile::tempdir().unwrap();
    let log = planted(&events, folder.path()).await.unwrap();
    let report = verify_log(&log, &keys(), NOW).await.unwrap();
    assert_eq!(named(&report), [(session(), 4, Kind::EventsSwapped)]);
}

#[actix_web::test]
async fn a_tail_that_was_cut() {
    for revision in 0..=8 {
        let cut = |events: &mut Vec<RecordedEvent>| {
            events.retain(|event| event.stream != session() || event.revision < revision);
        };
        tampered("and its receipts left", cut, &[(session(), revision, Kind::TailCut)]).await;
        if revision == 8 {
            continue;
        }
        let with_receipts = |events: &mut Vec<RecordedEvent>| {
            cut(events);
            events.retain(|event| event.stream != stream::receipts(A));
        };
        tampered("and its receipts too", with_receipts, &[(session(), revision, Kind::TailCut)]).await;
    }
}

#[actix_web::test]
async fn receipts_that_are_not_right() {
    let receipts = stream::receipts(A);
    let last = |events: &[RecordedEvent]| at(events, &stream::receipts(A), 1);
    let other = |events: &mut Vec<RecordedEvent>| {
        let index = last(events);
        events[index].data = events[at(events, &stream::receipts(B), 1)].data.clone();
    };
    let missing = |revision| (session(), revision, Kind::ReceiptMissing);
    let of_another = (receipts.clone(), 1, Kind::ReceiptOfAnotherSession);
    tampered("of another session", other, &[missing(8), of_another]).await;

    for (from, to) in [(r#""passed":true"#, r#""passed":false"#), (r#""signature":""#, r#""signature":"0"#)] {
        let forged = |events: &mut Vec<RecordedEvent>| {
            let index = last(events);
            let text = String::from_utf8(events[index].data.to_vec()).unwrap();
            events[index].data = Bytes::from(text.replacen(from, to, 1));
        };
        tampered("forged", forged, &[missing(8), (receipts.clone(), 1, Kind::ReceiptForged)]).await;
    }
    let removed = |events: &mut Vec<RecordedEvent>| {
        events.remove(last(events));
    };
    tampered("removed", removed, &[missing(8)]).await;
    let none = |events: &mut Vec<RecordedEvent>| events.retain(|event| event.stream != stream::receipts(A));
    tampered("none left", none, &[missing(7), missing(8)]).await;

    let strangers = crate::receipts::ReceiptKey::from_seed(&[9; 32]).unwrap();
    let report = verify_export(&written(&recorded().await), &[strangers.public()], NOW).unwrap();
    assert_eq!(report.receipts, 0);
    assert_eq!(report.findings.iter().filter(|finding| finding.kind == Kind::ReceiptForged).count(), 4);
}

#[actix_web::test]
async fn one_byte_of_an_export() {
    let mut whole = Vec::new();
    let mut file = written(&recorded().await);
    file.seek(SeekFrom::Start(0)).unwrap();
    std::io::Read::read_to_end(&mut file, &mut whole).unwrap();
    let begin = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for place in (begin..whole.len()).step_by(97) {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&altered).unwrap();
        let report = verify_export(&file, &keys(), NOW).unwrap();
        assert!(report.findings.iter().any(|finding| finding.kind == Kind::Checksum), "{place}: {report:#?}");
    }
}

#[actix_web::test]
async fn a_receipt_is_awaited_for_a_moment() {
    let (log, _folder) = sample::open();
    let events = sample::expired(A);
    let head = journal::Head::default();
    let ended_at = events[1].at();
    journal::append(&*log, &session(), head, A, A, &events).await.unwrap();
    for (later, awaited) in [(Duration::ZERO, 1), (RECEIPT_GRACE, 0)] {
        let report = verify_log(&*log, &keys(), ended_at.plus(later)).await.unwrap();
        assert_eq!((report.receipts_awaited, report.is_sound()), (awaited, awaited == 1));
    }
}

#[actix_web::test]
async fn a_whole_session_that_is_gone_is_missed_by_an_earlier_export() {
    let earlier = written(&recorded().await);
    let mut events = recorded().await;
    events.retain(|event| LaneKey::of(&event.stream) != LaneKey::Session(A));
    let folder = tempfile::tempdir().unwrap();
    let log = planted(&events, folder.path()).await.unwrap();
    assert!(verify_log(&log, &keys(), NOW).await.unwrap().is_sound(), "nothing in the log speaks of it");
    let mut file = &earlier;
    file.seek(SeekFrom::Start(0)).unwrap();
    let findings = compare(&log, &mut ExportReader::new(BufReader::new(file)).unwrap()).await.unwrap();
    let report = Report { findings, ..Report::default() };
    let mut gone: Vec<_> =
        LaneKey::Session(A).streams().into_iter().map(|name| (name, 0, Kind::EventRemoved)).collect();
    gone.sort();
    assert_eq!(named(&report), gone);
}

#[actix_web::test]
async fn ten_thousand_sessions_are_sound_and_one_byte_among_them_is_found() {
    let (log, folder) = sample::open();
    announce(&*log, &Clock::default(), &sample::key()).await.unwrap();
    let record = |number: u128| {
        let log = &log;
        async move {
            let session = Uuid::from_u128(number << 64);
            sample::record(&**log, session, &sample::expired(session)).await;
        }
    };
    // Many at once share a flush of the disk.
    futures::StreamExt::for_each_concurrent(futures::stream::iter(1..=10_000), 256, record).await;
    let report = verify_log(&*log, &keys(), NOW).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.streams, report.events, report.receipts), (30_001, 40_001, 10_000));

    // One that was met early, and is long out of memory.
    let session = Uuid::from_u128(77 << 64);
    let file = rusqlite::Connection::open(folder.path().join("events.db")).unwrap();
    let change =
        "UPDATE events SET data = CAST(replace(CAST(data AS TEXT), 'T16', 'T17') AS BLOB) WHERE revision = 1
                  AND stream = (SELECT id FROM streams WHERE name = ?1)";
    assert_eq!(file.execute(change, [stream::session(session)]).unwrap(), 1);
    let report = verify_log(&*log, &keys(), NOW).await.unwrap();
    assert_eq!(named(&report), [(stream::session(session), 1, Kind::EventAltered)]);
    export(&*log, &mut ExportWriter::begin(std::io::sink(), 0).unwrap()).await.unwrap();
}
