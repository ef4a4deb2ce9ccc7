//! From one log to another and back, in whichever state either is left.

mod far;

use super::*;
use crate::event_log::{EventLog, ExpectedRevision, NewEvent, RecordedEvent};
use crate::sample;
use bytes::Bytes;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// Sessions of the round trip.
const SESSIONS: u128 = 40;

async fn export_all(log: &dyn EventLog) -> Vec<u8> {
    let mut writer = ExportWriter::begin(Vec::new(), 0).unwrap();
    export(log, &mut writer).await.unwrap();
    writer.finish().unwrap().1
}

async fn import_all(log: &dyn EventLog, export: &[u8]) -> Result<Imported, ImportError> {
    import(log, &mut ExportReader::new(export)?).await
}

/// The lines of the events without their positions, in the order of streams.
fn sorted(export: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(export).unwrap();
    let mut lines: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix(r#"{"position":"#))
        .map(|line| line.split_once(',').unwrap().1.to_owned())
        .collect();
    lines.sort();
    lines
}

fn trailer(export: &[u8]) -> Trailer {
    let mut reader = ExportReader::new(export).unwrap();
    while reader.next().unwrap().is_some() {}
    reader.trailer().unwrap()
}

fn events_of(export: &[u8]) -> Vec<RecordedEvent> {
    let mut reader = ExportReader::new(export).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

/// An export of these events whose last line is right.
fn sealed(events: &[RecordedEvent]) -> Vec<u8> {
    let mut writer = ExportWriter::begin(Vec::new(), 0).unwrap();
    events.iter().for_each(|event| writer.event(event).unwrap());
    writer.finish().unwrap().1
}

async fn fill(log: &dyn EventLog) {
    for number in 1..=SESSIONS {
        sample::whole(log, Uuid::from_u128(number), 4).await;
    }
    // What no event of ours is comes back all the same, and what is of nobody's concern stays at home.
    let strange = |data: &'static [u8]| NewEvent {
        id: Uuid::new_v4(),
        event_type: "Strange \"ä\"\n".into(),
        data: Bytes::from_static(data),
        metadata: Bytes::new(),
    };
    let events = [b" {\n}".as_slice(), b"\xff\x00", b"null", b"[1.50,\"\\u00e4\"]"].map(strange).into();
    log.append("liveness-strange", ExpectedRevision::NoStream, events).await.unwrap();
    log.append("lease-work", ExpectedRevision::NoStream, vec![strange(b"{}")]).await.unwrap();
}

/// The whole way between any two logs, both of which are empty.
async fn round_trip(from: Arc<dyn EventLog>, to: Arc<dyn EventLog>) {
    fill(&*from).await;
    let exported = export_all(&*from).await;
    let all = trailer(&exported).count;
    assert!(!String::from_utf8_lossy(&exported).contains("lease-"), "leases are exported");

    // An import that is cut off keeps what it appended; the whole one goes on behind that; a third one changes nothing.
    let cut = exported.len() / 2;
    let interrupted = import_all(&*to, &exported[..cut]).await.unwrap_err();
    assert!(matches!(interrupted, ImportError::Export(ExportError::Interrupted { .. })), "{interrupted}");
    let second = import_all(&*to, &exported).await.unwrap();
    assert_eq!(second.new + second.present, all);
    let third = import_all(&*to, &exported).await.unwrap();
    assert_eq!(third, Imported { new: 0, present: all });

    let again = export_all(&*to).await;
    assert_eq!(sorted(&again), sorted(&exported));
    assert_eq!(trailer(&again).content, trailer(&exported).content);
    for number in 1..=SESSIONS {
        let order = |export: &[u8]| {
            let id = Uuid::from_u128(number).to_string();
            let text = String::from_utf8_lossy(export);
            let lines = text.lines().filter(|line| line.contains(&format!("-{id}\",\"revision\"")));
            lines.map(|line| line.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(order(&again), order(&exported), "a session's events are in another order");
    }
}

#[actix_web::test]
async fn a_log_comes_over_whole() {
    let ((from, _one), (to, _other)) = (sample::open(), sample::open());
    round_trip(from, to).await;
}

#[actix_web::test]
async fn an_import_that_failed_half_way_is_gone_on_with() {
    let ((from, _one), (to, _other)) = (sample::open(), sample::open());
    fill(&*from).await;
    let exported = export_all(&*from).await;
    let events = events_of(&exported);
    let half = sealed(&events[..events.len() / 2]);
    let first = import_all(&*to, &half).await.unwrap();
    assert_eq!(first, Imported { new: trailer(&half).count, present: 0 });
    let second = import_all(&*to, &exported).await.unwrap();
    assert_eq!(second.present, first.new);
    assert_eq!(sorted(&export_all(&*to).await), sorted(&exported));
}

#[actix_web::test]
async fn what_the_store_holds_otherwise_is_named_and_stays() {
    let ((from, _one), (to, _other)) = (sample::open(), sample::open());
    let session = Uuid::from_u128(1);
    sample::whole(&*from, session, 4).await;
    let exported = export_all(&*from).await;
    import_all(&*to, &exported).await.unwrap();
    let before = export_all(&*to).await;

    let mut altered = events_of(&exported);
    altered[5].data = Bytes::from_static(b"{}");
    let refused = import_all(&*to, &sealed(&altered)).await.unwrap_err();
    assert!(matches!(&refused, ImportError::Differs { revision: 5, .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("liveness-{session}, revision 5")), "{refused}");
    assert_eq!(export_all(&*to).await, before);

    let (empty, _third) = sample::open();
    let mut lacking = events_of(&exported);
    lacking.remove(3);
    let refused = import_all(&*empty, &sealed(&lacking)).await.unwrap_err();
    assert!(matches!(&refused, ImportError::Gap { revision: 4, .. }), "{refused}");
}

async fn resume(log: &dyn EventLog, path: &Path) -> anyhow::Result<ExportWriter<std::io::BufWriter<File>>> {
    ExportWriter::resume(log, OpenOptions::new().read(true).write(true).open(path)?).await
}

#[actix_web::test]
async fn an_export_of_another_log_is_not_gone_on_with() {
    let ((log, folder), (other, _other)) = (sample::open(), sample::open());
    sample::whole(&*log, Uuid::from_u128(1), 4).await;
    let path = folder.path().join("export.ndjson");
    let whole = export_all(&*log).await;
    std::fs::write(&path, &whole).unwrap();
    // The same sessions, at the same revisions and positions, but other events.
    sample::whole(&*other, Uuid::from_u128(1), 4).await;
    let same = |export: &[u8]| {
        events_of(export).last().map(|last| (last.position, last.stream.clone(), last.revision))
    };
    assert_eq!(same(&export_all(&*other).await), same(&whole));
    // The same events, at other positions.
    let (copy, _copy) = sample::open();
    sample::whole(&*copy, Uuid::from_u128(2), 4).await;
    import_all(&*copy, &whole).await.unwrap();
    let (empty, _empty) = sample::open();
    for log in [&other, &copy, &empty] {
        let refused = resume(&**log, &path).await.err().unwrap().to_string();
        assert!(refused.contains("another log") && refused.contains("or another file"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), whole, "the file is left as it is");
    }
    resume(&*log, &path).await.unwrap();
}

#[actix_web::test]
async fn an_export_that_was_cut_off_anywhere_is_gone_on_with() {
    let (log, folder) = sample::open();
    sample::whole(&*log, Uuid::from_u128(1), 4).await;
    let whole = export_all(&*log).await;
    let path = folder.path().join("export.ndjson");
    let first_line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [first_line, first_line + 1, whole.len() / 2, whole.len() - 1, whole.len()] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let mut writer = resume(&*log, &path).await.unwrap();
        export(&*log, &mut writer).await.unwrap();
        writer.finish().unwrap().1.flush().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole, "cut at {cut}");
    }
    let mut altered = whole.clone();
    altered[first_line + 3] ^= 1;
    std::fs::write(&path, &altered).unwrap();
    assert!(resume(&*log, &path).await.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), altered, "a wrong file is left as it is");
}

#[actix_web::test]
async fn one_byte_changed_anywhere_is_noticed() {
    let (log, _folder) = sample::open();
    sample::whole(&*log, Uuid::from_u128(1), 2).await;
    let whole = export_all(&*log).await;
    ExportReader::new(BufReader::new(&whole[..])).unwrap().check().unwrap();
    let check = |export: &[u8]| {
        let mut reader = ExportReader::new(export)?;
        let mut wrong = None;
        loop {
            match reader.next() {
                Ok(Some(_)) => {}
                Ok(None) => break wrong.map_or(Ok(()), Err),
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
    };
    for place in 0..whole.len() {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        assert!(check(&altered).is_err(), "byte {place} was changed and nothing was noticed");
    }
    let mut longer = whole.clone();
    longer.push(b'\n');
    assert!(check(&longer).is_err());
}
