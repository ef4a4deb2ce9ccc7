//! Appends whose answer is lost, refused or incomplete.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinSet;
use tonic::Status;

use super::{AppendFault, Server, open};
use crate::event_log::contract::{event, events, grow, ids};
use crate::event_log::eventstoredb::APPENDS_AT_ONCE;
use crate::event_log::{AppendError, Direction, EventLog as _, ExpectedRevision, StreamFrom};

use ExpectedRevision::{Any, Exact, NoStream};

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_there_once() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    let lost = || server.script.append(AppendFault::TakeAndFail(Status::unavailable("connection lost")));
    let (first, second, third) = (events(2), events(1), events(3));
    for (expected, appended, revision) in [(NoStream, &first, 1), (Exact(1), &second, 2), (Any, &third, 5)] {
        lost();
        let answer = log.append("a", expected, appended.clone()).await.unwrap();
        assert_eq!(answer.revision, revision);
        let last = server.log().read_stream("a", Direction::Backwards, StreamFrom::End, 1).await.unwrap();
        assert_eq!((last[0].revision, last[0].position), (answer.revision, answer.position));
    }
    let stored = server.log().read_stream("a", Direction::Forwards, StreamFrom::Start, 9).await.unwrap();
    let all: Vec<_> = first.iter().chain(&second).chain(&third).map(|event| event.id).collect();
    assert_eq!(ids(&stored), all);
}

#[tokio::test]
async fn an_append_that_stays_open_may_be_repeated_later() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    for _ in 0..3 {
        server.script.append(AppendFault::TakeAndFail(Status::unavailable("connection lost")));
    }
    let batch = events(2);
    let open = log.append("a", NoStream, batch.clone()).await.unwrap_err();
    assert!(matches!(open, AppendError::Unavailable(_)), "{open:?}");
    // Somebody else has gone on meanwhile.
    server.log().append("a", Exact(1), events(1)).await.unwrap();
    assert_eq!(log.append("a", NoStream, batch).await.unwrap().revision, 1);
    let refused = log.append("a", NoStream, events(2)).await.unwrap_err();
    assert!(matches!(refused, AppendError::WrongExpectedRevision { actual: Some(2), .. }), "{refused:?}");
}

/// Before 22.6 the store does not say where an event of a stream stands, and for a repeated append it may not either.
#[tokio::test]
async fn a_place_that_the_store_keeps_is_found() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    server.script.unplaced.store(true, Ordering::Relaxed);
    grow(&log, "a", 2).await;
    grow(&log, "a-longer", 1).await;
    server.script.append(AppendFault::TakeAndKeepThePlace);
    let batch = events(2);
    let appended = log.append("a", Exact(1), batch.clone()).await.unwrap();
    assert_eq!((appended.revision, appended.position), (3, 5));
    assert_eq!(log.append("a", Exact(1), batch).await.unwrap(), appended);
    let read = log.read_stream("a", Direction::Backwards, StreamFrom::End, 3).await.unwrap();
    assert_eq!(read.iter().map(|event| event.position).collect::<Vec<_>>(), [5, 4, 2]);
}

#[tokio::test]
async fn a_limit_of_the_store_is_told_as_one() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    let told = "Maximum Append Size of 1024 Exceeded.";
    server.script.append(AppendFault::Refuse(Status::invalid_argument(told)));
    let error = log.append("a", NoStream, vec![event()]).await.unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { max: 1024, .. }), "{error:?}");
    server.script.append(AppendFault::Refuse(Status::resource_exhausted("busy")));
    let error = log.append("a", NoStream, vec![event()]).await.unwrap_err();
    assert!(matches!(error, AppendError::Overloaded), "{error:?}");
    assert_eq!(server.log().head().await.unwrap(), 0);
}

/// A status says nothing about a stream: only the message for it does.
#[tokio::test]
async fn not_found_is_not_taken_for_an_answer() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    grow(&log, "a", 1).await;
    server.script.refuse(Some(Status::not_found("Leader info available")));
    let error = log.append("a", Exact(0), events(1)).await.unwrap_err();
    assert!(matches!(error, AppendError::Unavailable(_)), "{error:?}");
    server.script.refuse(None);
    assert_eq!(log.append("a", Exact(0), events(1)).await.unwrap().revision, 1);
}

/// Fault 7: a lone call is slow, and so many are under way at once; and no more than that.
#[tokio::test]
async fn many_appends_are_under_way_at_once_and_no_more() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    for _ in 0..APPENDS_AT_ONCE {
        server.script.append(AppendFault::Hang);
    }
    let mut under_way = JoinSet::new();
    for number in 0..=APPENDS_AT_ONCE {
        let log = Arc::clone(&log);
        under_way.spawn(async move { log.append(&format!("a{number}"), NoStream, events(1)).await });
    }
    // All of them wait for the store but one.
    let refused = under_way.join_next().await.unwrap().unwrap().unwrap_err();
    assert!(matches!(refused, AppendError::Overloaded), "{refused:?}");
    under_way.abort_all();
    while under_way.join_next().await.is_some() {}
    server.script.appends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    log.append("c", NoStream, events(1)).await.unwrap();
}
