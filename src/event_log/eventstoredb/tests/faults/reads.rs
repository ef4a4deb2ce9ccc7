//! Reads that break off, and answers that are none.

use tonic::Status;

use super::{ReadFault, Server, open, patient};
use crate::event_log::contract::{events, grow, ids};
use crate::event_log::{Direction, EventLog as _, ExpectedRevision, ReadError, StreamFrom};

#[tokio::test]
async fn a_stream_is_not_missing_because_a_status_says_not_found() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    grow(&log, "a", 1).await;
    server.script.refuse(Some(Status::not_found("Leader info available")));
    let read = log.read_stream("a", Direction::Forwards, StreamFrom::Start, 9).await;
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
}

#[tokio::test]
async fn a_read_that_breaks_off_gives_no_part() {
    let server = Server::start().await;
    let log = open(&server.connection_string());
    let (written, _) = grow(&log, "a", 3).await;
    server.script.read(ReadFault::BreakOff(Status::unavailable("going away")));
    let read = log.read_stream("a", Direction::Forwards, StreamFrom::Start, 9).await;
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    let read = log.read_stream("a", Direction::Forwards, StreamFrom::Start, 9).await.unwrap();
    assert_eq!(ids(&read), written);
}

/// A page of large events is cut by their bytes, and the next call goes on behind it.
#[tokio::test]
async fn large_events_are_read_in_parts() {
    let server = Server::start().await;
    let mut written = Vec::new();
    for number in 0..24_u64 {
        let mut large = events(2);
        for event in &mut large {
            event.data = vec![b'1'; 480 * 1024].into();
        }
        written.extend(large.iter().map(|event| event.id));
        let expected =
            (number * 2).checked_sub(1).map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
        server.log().append("large", expected, large).await.unwrap();
    }
    let log = open(&server.connection_string());
    let page = log.read_all(0, &[], usize::MAX).await.unwrap();
    assert!(page.events.len() < written.len() && !page.end);
    let read = log.read_stream("large", Direction::Forwards, StreamFrom::Start, usize::MAX).await.unwrap();
    assert_eq!(ids(&read), written);
    written.reverse();
    let read = log.read_stream("large", Direction::Backwards, StreamFrom::End, usize::MAX).await.unwrap();
    assert_eq!(ids(&read), written);
}

#[tokio::test]
async fn refused_reads_pass() {
    let server = Server::start().await;
    let log = patient(&server.connection_string());
    grow(&log, "a", 1).await;
    for status in
        [Status::unavailable("Server Is Too Busy"), Status::internal("?"), Status::aborted("timed out")]
    {
        server.script.read(ReadFault::Refuse(status));
        assert_eq!(log.read_all(0, &[], 9).await.unwrap().events.len(), 1);
    }
}
