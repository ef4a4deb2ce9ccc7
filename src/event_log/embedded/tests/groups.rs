//! Groups of appends: each for itself when refused, all together when the disk fails.

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::{Semaphore, oneshot};

use super::super::writer::{Append, Writer};
use super::super::{reader, schema};
use crate::event_log::contract::{event, events};
use crate::event_log::{AppendError, Appended, ExpectedRevision, NewEvent};

use ExpectedRevision::{Exact, NoStream};

type Answer = oneshot::Receiver<Result<Appended, AppendError>>;

fn request(stream: &str, expected: ExpectedRevision, events: Vec<NewEvent>) -> (Append, Answer) {
    let (reply, answer) = oneshot::channel();
    let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    (Append { stream: stream.to_owned(), expected, events, reply, room }, answer)
}

fn commit(writer: &mut Writer, group: Vec<(Append, Answer)>) -> Vec<Result<Appended, AppendError>> {
    let (appends, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    writer.commit(appends);
    answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect()
}

#[test]
fn a_refused_append_does_not_hurt_its_group() {
    let folder = TempDir::new().unwrap();
    let connection = schema::open_for_writing(&folder.path().join("events.db")).unwrap();
    let (mut writer, head) = Writer::new(connection);
    let first = events(2);
    let answers = commit(
        &mut writer,
        vec![
            request("a", NoStream, first.clone()),
            request("a", NoStream, events(1)),
            request("b", Exact(4), events(3)),
            request("b", NoStream, vec![event(), first[0].clone()]),
            request("a", NoStream, first),
            request("a", Exact(1), events(1)),
            request("b", NoStream, events(1)),
        ],
    );
    let at = |revision, position| Appended { revision, position };
    assert_eq!(*answers[0].as_ref().unwrap(), at(1, 2));
    assert!(matches!(answers[1], Err(AppendError::WrongExpectedRevision { actual: Some(1), .. })));
    assert!(matches!(answers[2], Err(AppendError::WrongExpectedRevision { actual: None, .. })));
    assert!(matches!(answers[3], Err(AppendError::IdConflict { .. })));
    assert_eq!(*answers[4].as_ref().unwrap(), at(1, 2));
    assert_eq!(*answers[5].as_ref().unwrap(), at(2, 3));
    assert_eq!(*answers[6].as_ref().unwrap(), at(0, 4));
    assert_eq!(*head.borrow(), 4);
}

#[test]
fn a_full_disk_fails_the_group_and_passes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let connection = schema::open_for_writing(&path).unwrap();
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limited = |pages: i64| format!("PRAGMA max_page_count = {pages}");
    connection.query_row(&limited(pages + 4), [], |_| Ok(())).unwrap();
    let (mut writer, head) = Writer::new(connection);
    let small = events(1);
    let large = vec![NewEvent { data: Bytes::from(vec![b' '; 100_000]), ..event() }];
    let group = || {
        vec![
            request("a", NoStream, small.clone()),
            request("b", NoStream, large.clone()),
            request("a", NoStream, events(1)),
        ]
    };
    for answer in commit(&mut writer, group()) {
        assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
    }
    assert_eq!(*head.borrow(), 0);
    let answers = commit(&mut writer, vec![request("a", NoStream, small.clone())]);
    assert_eq!(answers[0].as_ref().unwrap().position, 1);
    writer.connection.query_row(&limited(pages + 1000), [], |_| Ok(())).unwrap();
    let answers = commit(&mut writer, group());
    assert_eq!(answers[0].as_ref().unwrap().position, 1, "repeated");
    assert_eq!(answers[1].as_ref().unwrap().position, 2);
    assert!(matches!(answers[2], Err(AppendError::WrongExpectedRevision { .. })));
    drop(writer);
    let connection = schema::open_for_reading(&path).unwrap();
    assert_eq!(reader::head(&connection).unwrap(), 2);
}
