//! Appends, one by one and many over one call.

use std::collections::HashMap;

use futures::stream;
use prost::Message as _;
use tonic::Code;

use super::super::answer::{IdForm, id};
use super::super::protocol::google::rpc;
use super::super::protocol::shared;
use super::super::protocol::streams::append_req::options::ExpectedStreamRevision as Expected;
use super::super::protocol::streams::append_req::{Content as Part, Options as Begin, ProposedMessage};
use super::super::protocol::streams::append_resp::success::CurrentRevisionOption;
use super::super::protocol::streams::append_resp::wrong_expected_version as wrong;
use super::super::protocol::streams::append_resp::{Result as Outcome, WrongExpectedVersion};
use super::super::protocol::streams::batch_append_req::options::{
    DeadlineOption, ExpectedStreamPosition as BatchExpected,
};
use super::super::protocol::streams::batch_append_req::{self as batch, Options as BatchBegin};
use super::super::protocol::streams::batch_append_resp::Result as BatchOutcome;
use super::super::protocol::streams::{
    AppendReq, BatchAppendReq, BatchAppendResp, DeleteReq, TombstoneReq, delete_req, tombstone_req,
};
use super::*;
use crate::event_log::{MAX_APPEND_BYTES, MAX_APPEND_EVENTS};

const EMPTY: Empty = Empty {};

fn begin(stream: &str, expected: Expected) -> AppendReq {
    let options = Begin { stream_identifier: identifier(stream), expected_stream_revision: Some(expected) };
    AppendReq { content: Some(Part::Options(options)) }
}

fn properties() -> HashMap<String, String> {
    [("type", "Happened"), ("content-type", "application/json")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn proposed(event_id: Uuid, form: IdForm, data: impl Into<Bytes>) -> AppendReq {
    AppendReq {
        content: Some(Part::ProposedMessage(ProposedMessage {
            id: Some(id(event_id, form)),
            metadata: properties(),
            custom_metadata: Bytes::from_static(b"{}"),
            data: data.into(),
        })),
    }
}

fn new() -> AppendReq {
    proposed(Uuid::new_v4(), IdForm::Text, "{}")
}

async fn append(client: &mut StreamsClient<Channel>, messages: Vec<AppendReq>) -> Result<Outcome, Status> {
    let answer = soon(client.append(stream::iter(messages))).await?;
    Ok(answer.into_inner().result.unwrap())
}

/// The revision that an append ended at.
fn revision(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Success(success) => match success.current_revision_option.unwrap() {
            CurrentRevisionOption::CurrentRevision(revision) => revision,
            CurrentRevisionOption::NoStream(_) => panic!("nothing was appended"),
        },
        Outcome::WrongExpectedVersion(wrong) => panic!("{wrong:?}"),
    }
}

fn exception(status: &Status) -> Option<&str> {
    status.metadata().get("exception").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn expectations_hold_or_are_answered_by_where_the_stream_is() {
    use wrong::{CurrentRevisionOption as Current, ExpectedRevisionOption as Told};
    let served = Served::new(true).await;
    let mut client = served.client().await;
    for (expected, outcome) in [
        (
            Expected::StreamExists(EMPTY),
            Err((Current::CurrentNoStream(EMPTY), Told::ExpectedStreamExists(EMPTY))),
        ),
        (Expected::Revision(0), Err((Current::CurrentNoStream(EMPTY), Told::ExpectedRevision(0)))),
        (Expected::NoStream(EMPTY), Ok(0)),
        (Expected::NoStream(EMPTY), Err((Current::CurrentRevision(0), Told::ExpectedNoStream(EMPTY)))),
        (Expected::Revision(0), Ok(1)),
        (Expected::Revision(0), Err((Current::CurrentRevision(1), Told::ExpectedRevision(0)))),
        (Expected::Revision(u64::MAX), Err((Current::CurrentRevision(1), Told::ExpectedRevision(u64::MAX)))),
        (Expected::Any(EMPTY), Ok(2)),
        (Expected::StreamExists(EMPTY), Ok(3)),
    ] {
        let told = append(&mut client, vec![begin("s", expected), new()]).await.unwrap();
        match outcome {
            Ok(expected) => assert_eq!(revision(told), expected),
            Err((current, expected)) => {
                let wrong = WrongExpectedVersion {
                    current_revision_option: Some(current),
                    expected_revision_option: Some(expected),
                    ..WrongExpectedVersion::default()
                };
                assert_eq!(told, Outcome::WrongExpectedVersion(wrong));
            }
        }
    }
}

#[tokio::test]
async fn a_repeated_append_is_answered_as_the_first_one_whatever_the_form_of_its_ids() {
    let served = Served::new(true).await;
    let mut client = served.client().await;
    let ids = [Uuid::new_v4(), Uuid::new_v4()];
    let messages = |form| {
        let mut messages = vec![begin("s", Expected::NoStream(EMPTY))];
        messages.extend(ids.map(|event_id| proposed(event_id, form, r#"{"a":1}"#)));
        messages
    };
    let first = append(&mut client, messages(IdForm::Structured)).await.unwrap();
    assert_eq!(append(&mut client, messages(IdForm::Text)).await.unwrap(), first);
    let Outcome::Success(success) = first else { panic!("{first:?}") };
    assert!(success.position_option.is_some());
    let stored = served.log.read_all(0, &[], 9).await.unwrap().events;
    assert_eq!(stored.iter().map(|event| event.id).collect::<Vec<_>>(), ids);
    assert_eq!((&stored[0].event_type[..], &stored[0].data[..]), ("Happened", &br#"{"a":1}"#[..]));
    // The same id elsewhere is neither a repetition nor an event.
    let elsewhere = vec![begin("t", Expected::Any(EMPTY)), proposed(ids[0], IdForm::Text, "{}")];
    let status = append(&mut client, elsewhere).await.unwrap_err();
    assert_eq!((status.code(), exception(&status)), (Code::InvalidArgument, Some("invalid-transaction")));
}

#[tokio::test]
async fn what_is_too_large_is_told_with_the_limit() {
    let served = Served::new(true).await;
    let mut client = served.client().await;
    let big = |size: usize| proposed(Uuid::new_v4(), IdForm::Text, vec![b' '; size]);
    let any = || begin("s", Expected::Any(EMPTY));
    let many = std::iter::once(any()).chain((0..=MAX_APPEND_EVENTS).map(|_| new())).collect();
    let pieces = std::iter::once(any()).chain((0..30).map(|_| big(MAX_APPEND_BYTES / 4))).collect();
    // More than the limit for a message that servers of this protocol have unless they are told otherwise.
    for messages in [vec![any(), big(5 * 1024 * 1024)], pieces, many] {
        let status = append(&mut client, messages).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(exception(&status), Some("maximum-append-size-exceeded"));
        let limit = status.metadata().get("maximum-append-size").unwrap();
        assert_eq!(limit.to_str().unwrap(), MAX_APPEND_BYTES.to_string());
    }
    assert_eq!(served.log.head().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_no_append_is_refused_by_its_fault() {
    let served = Served::new(true).await;
    let mut client = served.client().await;
    let any = || begin("s", Expected::Any(EMPTY));
    let with = |change: fn(&mut ProposedMessage)| {
        let mut message = new();
        let Some(Part::ProposedMessage(event)) = &mut message.content else { panic!("no event") };
        change(event);
        vec![any(), message]
    };
    let nothing = AppendReq { content: None };
    let expects_nothing = Begin { stream_identifier: identifier("s"), expected_stream_revision: None };
    let expects_nothing = AppendReq { content: Some(Part::Options(expects_nothing)) };
    for (messages, code, name) in [
        (vec![], Code::InvalidArgument, None),
        (vec![new()], Code::InvalidArgument, None),
        (vec![any()], Code::InvalidArgument, None),
        (vec![any(), any()], Code::InvalidArgument, None),
        (vec![any(), nothing], Code::InvalidArgument, None),
        (vec![expects_nothing, new()], Code::InvalidArgument, None),
        (vec![begin("", Expected::Any(EMPTY)), new()], Code::InvalidArgument, None),
        (with(|event| event.id = None), Code::InvalidArgument, None),
        (
            with(|event| event.metadata.clear()),
            Code::InvalidArgument,
            Some("missing-required-metadata-property"),
        ),
        // Metadata of streams, and what else is the system's own.
        (vec![begin("$$s", Expected::Any(EMPTY)), new()], Code::PermissionDenied, Some("access-denied")),
    ] {
        let status = append(&mut client, messages.clone()).await.unwrap_err();
        assert_eq!((status.code(), exception(&status)), (code, name), "{messages:?}");
    }
    assert_eq!(served.log.head().await.unwrap(), 0);
}

#[tokio::test]
async fn a_log_for_reading_refuses_by_the_error_that_every_client_knows() {
    let served = Served::new(false).await;
    let mut client = served.client().await;
    let denied = |status: Status| {
        assert_eq!((status.code(), exception(&status)), (Code::PermissionDenied, Some("access-denied")));
    };
    denied(append(&mut client, vec![begin("s", Expected::Any(EMPTY)), new()]).await.unwrap_err());
    // 15 MB, of which nothing is waited for.
    let big = (0..15).map(|_| proposed(Uuid::new_v4(), IdForm::Text, vec![b' '; 1024 * 1024]));
    let messages = std::iter::once(begin("s", Expected::Any(EMPTY))).chain(big).collect();
    denied(append(&mut client, messages).await.unwrap_err());
    let answers = batches(&mut client, vec![whole("s", BatchExpected::Any(()), 1)]).await.unwrap();
    let status = refusal(&answers[0]);
    assert_eq!((status.code, details(&status).0), (Code::PermissionDenied as i32, "AccessDenied".to_owned()));
    assert_eq!(served.log.head().await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_is_ever_deleted() {
    let served = Served::new(true).await;
    served.grow("s", "T", 1).await;
    let mut client = served.client().await;
    let options = delete_req::Options {
        stream_identifier: identifier("s"),
        expected_stream_revision: Some(delete_req::options::ExpectedStreamRevision::Any(EMPTY)),
    };
    let deleted = client.delete(DeleteReq { options: Some(options) }).await.unwrap_err();
    let options = tombstone_req::Options {
        stream_identifier: identifier("s"),
        expected_stream_revision: Some(tombstone_req::options::ExpectedStreamRevision::Any(EMPTY)),
    };
    let buried = client.tombstone(TombstoneReq { options: Some(options) }).await.unwrap_err();
    for status in [deleted, buried] {
        assert_eq!((status.code(), exception(&status)), (Code::PermissionDenied, Some("access-denied")));
    }
}

fn batch_part(
    correlation: Uuid,
    options: Option<BatchBegin>,
    events: usize,
    is_final: bool,
) -> BatchAppendReq {
    let event = || batch::ProposedMessage {
        id: Some(id(Uuid::new_v4(), IdForm::Text)),
        metadata: properties(),
        custom_metadata: Bytes::new(),
        data: Bytes::from_static(b"{}"),
    };
    BatchAppendReq {
        correlation_id: Some(id(correlation, IdForm::Text)),
        options,
        proposed_messages: (0..events).map(|_| event()).collect(),
        is_final,
    }
}

fn batch_options(stream: &str, expected: BatchExpected) -> BatchBegin {
    BatchBegin {
        stream_identifier: identifier(stream),
        expected_stream_position: Some(expected),
        deadline_option: None,
    }
}

/// A batch in one message.
fn whole(stream: &str, expected: BatchExpected, events: usize) -> BatchAppendReq {
    batch_part(Uuid::new_v4(), Some(batch_options(stream, expected)), events, true)
}

async fn batches(
    client: &mut StreamsClient<Channel>,
    requests: Vec<BatchAppendReq>,
) -> Result<Vec<BatchAppendResp>, Status> {
    let mut answers = soon(client.batch_append(stream::iter(requests))).await?.into_inner();
    let mut told = Vec::new();
    while let Some(answer) = soon(answers.message()).await? {
        told.push(answer);
    }
    Ok(told)
}

fn refusal(answer: &BatchAppendResp) -> rpc::Status {
    match answer.result.clone().unwrap() {
        BatchOutcome::Error(status) => status,
        BatchOutcome::Success(success) => panic!("{success:?}"),
    }
}

/// Name and bytes of a status' details.
fn details(status: &rpc::Status) -> (String, Vec<u8>) {
    let details = status.details.clone().unwrap();
    let name = details.type_url.strip_prefix("type.googleapis.com/event_store.client.").unwrap();
    (name.to_owned(), details.value)
}

#[tokio::test]
async fn batches_are_collected_by_their_ids_and_answered_one_by_one() {
    let served = Served::new(true).await;
    let mut client = served.client().await;
    let [a, b] = [Uuid::new_v4(), Uuid::new_v4()];
    // Deadlines as clients send them: far beyond all time, and long gone.
    let mut first = batch_options("a", BatchExpected::NoStream(()));
    let forever = prost_types::Duration { seconds: 315_576_000_000, nanos: 0 };
    first.deadline_option = Some(DeadlineOption::Deadline(forever));
    let mut second = batch_options("b", BatchExpected::Any(()));
    second.deadline_option =
        Some(DeadlineOption::Deadline21100(prost_types::Timestamp { seconds: 1, nanos: 0 }));
    let answers = batches(
        &mut client,
        vec![
            batch_part(a, Some(first), 2, false),
            batch_part(b, Some(second), 1, false),
            batch_part(a, None, 1, false),
            batch_part(b, None, 0, true),
            batch_part(a, None, 1, true),
        ],
    )
    .await
    .unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|answer| {
            let BatchOutcome::Success(success) = answer.result.clone().unwrap() else { panic!("{answer:?}") };
            assert!(success.position_option.is_some());
            assert!(answer.expected_stream_position.is_some());
            let name = answer.stream_identifier.clone().unwrap().stream_name;
            let correlation = super::super::answer::parse_id(answer.correlation_id.as_ref()).unwrap();
            (correlation, name, success.current_revision_option.unwrap())
        })
        .collect();
    use super::super::protocol::streams::batch_append_resp::success::CurrentRevisionOption::CurrentRevision;
    assert_eq!(told, [(b, "b".into(), CurrentRevision(0)), (a, "a".into(), CurrentRevision(3))]);
}

#[tokio::test]
async fn a_refused_batch_is_typed_and_the_next_one_answered() {
    use shared::wrong_expected_version::{
        CurrentStreamRevisionOption as Current, ExpectedStreamPositionOption as Told,
    };
    let served = Served::new(true).await;
    served.grow("s", "T", 2).await;
    let mut client = served.client().await;
    let requests = vec![
        whole("s", BatchExpected::StreamPosition(0), 1),
        whole("t", BatchExpected::StreamExists(()), 1),
        whole("s", BatchExpected::Any(()), MAX_APPEND_EVENTS + 1),
        whole("$s", BatchExpected::Any(()), 1),
        whole("s", BatchExpected::StreamPosition(1), 1),
    ];
    let answers = batches(&mut client, requests).await.unwrap();
    for (answer, current, expected) in [
        (&answers[0], Current::CurrentStreamRevision(1), Told::ExpectedStreamPosition(0)),
        (&answers[1], Current::CurrentNoStream(()), Told::ExpectedStreamExists(())),
    ] {
        let status = refusal(answer);
        assert_eq!(status.code, Code::AlreadyExists as i32);
        let (name, bytes) = details(&status);
        assert_eq!(name, "WrongExpectedVersion");
        let wrong = shared::WrongExpectedVersion::decode(&bytes[..]).unwrap();
        assert_eq!(wrong.current_stream_revision_option, Some(current));
        assert_eq!(wrong.expected_stream_position_option, Some(expected));
    }
    assert_eq!(details(&refusal(&answers[2])).0, "MaximumAppendSizeExceeded");
    assert_eq!(details(&refusal(&answers[3])).0, "AccessDenied");
    assert!(matches!(answers[4].result, Some(BatchOutcome::Success(_))), "{:?}", answers[4]);
}

#[tokio::test]
async fn batches_that_are_begun_and_never_ended_are_bounded() {
    let served = Served::new(true).await;
    let mut client = served.client().await;
    let begun = || batch_part(Uuid::new_v4(), Some(batch_options("s", BatchExpected::Any(()))), 1, false);
    let status = batches(&mut client, (0..100).map(|_| begun()).collect()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let no_options = batch_part(Uuid::new_v4(), None, 1, true);
    assert_eq!(batches(&mut client, vec![no_options]).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(served.log.head().await.unwrap(), 0);
}
