//! The service of the streams: positions and revisions as the real one means them.

use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use futures::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status, Streaming};

use super::events::{proposed, recorded};
use super::script::{AppendFault, BellFault, ReadFault, Script};
use super::{Node, take};
use crate::event_log::wire::protocol::shared::{Empty, StreamIdentifier};
use crate::event_log::wire::protocol::streams::append_req::{
    Content as AppendContent, options::ExpectedStreamRevision,
};
use crate::event_log::wire::protocol::streams::append_resp::{
    self, Position as AppendPosition, Result as AppendResult, Success, WrongExpectedVersion,
    success::{CurrentRevisionOption, PositionOption},
    wrong_expected_version::{CurrentRevisionOption as Actual, ExpectedRevisionOption as Expected},
};
use crate::event_log::wire::protocol::streams::read_req::Options;
use crate::event_log::wire::protocol::streams::read_req::options::{
    CountOption, StreamOption, all_options::AllOption, stream_options::RevisionOption,
};
use crate::event_log::wire::protocol::streams::read_resp::{
    Content, StreamNotFound, SubscriptionConfirmation,
};
use crate::event_log::wire::protocol::streams::streams_server::Streams;
use crate::event_log::wire::protocol::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp,
    TombstoneReq, TombstoneResp,
};
use crate::event_log::{
    AppendError, Appended, Direction, EventLog as _, ExpectedRevision, RecordedEvent, StreamFrom,
    SubscriptionEvent,
};

type Answers = Pin<Box<dyn Stream<Item = Result<ReadResp, Status>> + Send>>;

fn told(content: Content) -> Result<ReadResp, Status> {
    Ok(ReadResp { content: Some(content) })
}

fn failed(error: impl std::fmt::Display) -> Status {
    Status::internal(error.to_string())
}

impl Node {
    fn authorized<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let header = request.metadata().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        self.script.authorizations.lock().unwrap_or_else(PoisonError::into_inner).push(header);
        self.script.refusal()
    }

    async fn finite(&self, options: Options, count: u64) -> Result<Vec<Content>, Status> {
        let max = usize::try_from(count).unwrap_or(usize::MAX);
        let backwards = options.read_direction == 1;
        let events = match options.stream_option.unwrap() {
            StreamOption::All(all) => self.all(all.all_option.unwrap(), backwards, max).await?,
            StreamOption::Stream(of) => {
                let name = String::from_utf8(of.stream_identifier.unwrap().stream_name.to_vec()).unwrap();
                let from = match of.revision_option.unwrap() {
                    RevisionOption::Revision(revision) => StreamFrom::Revision(revision),
                    RevisionOption::Start(_) => StreamFrom::Start,
                    RevisionOption::End(_) => StreamFrom::End,
                };
                let direction = if backwards { Direction::Backwards } else { Direction::Forwards };
                let any = self.log.read_stream(&name, Direction::Forwards, StreamFrom::Start, 1).await;
                if any.map_err(failed)?.is_empty() {
                    let stream_identifier = Some(StreamIdentifier { stream_name: name.into() });
                    return Ok(vec![Content::StreamNotFound(StreamNotFound { stream_identifier })]);
                }
                let placed = !self.script.unplaced.load(Ordering::Relaxed);
                let events = self.log.read_stream(&name, direction, from, max).await.map_err(failed)?;
                return Ok(events.into_iter().map(|event| recorded(event, placed)).collect());
            }
        };
        Ok(events.into_iter().map(|event| recorded(event, true)).collect())
    }

    /// As the real one: forwards the position belongs to what is read, backwards it does not, and a place where no event
    /// begins is an error.
    async fn all(&self, from: AllOption, backwards: bool, max: usize) -> Result<Vec<RecordedEvent>, Status> {
        let mut at = match from {
            AllOption::Position(position) => {
                let before = position.commit_position - 1;
                let there = self.log.read_all(before, &[], 1).await.map_err(failed)?;
                let beyond = there.events.is_empty();
                let exact = there.events.first().is_some_and(|event| event.position - 1 == before);
                if !(exact || beyond && !backwards) {
                    return Err(Status::internal("InvalidPosition"));
                }
                if backwards { position.commit_position } else { before }
            }
            AllOption::Start(_) => 0,
            AllOption::End(_) => u64::MAX,
        };
        let mut events = Vec::new();
        while events.len() < max {
            let left = max - events.len();
            let page = if backwards {
                self.log.read_all_backwards(at, &[], left).await
            } else {
                self.log.read_all(at, &[], left).await
            };
            let page = page.map_err(failed)?;
            events.extend(page.events);
            at = page.next;
            if page.end {
                break;
            }
        }
        Ok(events)
    }

    fn subscription(&self) -> Result<Answers, Status> {
        Script::count(&self.script.subscribed);
        let confirmation = || told(Content::Confirmation(SubscriptionConfirmation::default()));
        let fault = *self.script.bell.lock().unwrap_or_else(PoisonError::into_inner);
        let first = stream::iter([confirmation()]);
        Ok(match fault {
            Some(BellFault::EndOk) => Box::pin(first),
            Some(BellFault::Mute) => Box::pin(first.chain(stream::pending())),
            Some(BellFault::Silent) => Box::pin(stream::pending()),
            Some(BellFault::Flood) => Box::pin(stream::repeat_with(confirmation)),
            Some(BellFault::Refuse) => return Err(Status::unavailable("Server Is Too Busy")),
            None => {
                let log = std::sync::Arc::clone(&self.log);
                let live = async move {
                    let head = log.head().await.map_err(failed).unwrap_or(0);
                    let following = log.subscribe_all(head, Vec::new());
                    stream::unfold(following, async |mut following| {
                        loop {
                            if let SubscriptionEvent::Event(event) = following.next().await.ok()? {
                                return Some((told(recorded(event, true)), following));
                            }
                        }
                    })
                };
                Box::pin(first.chain(stream::once(live).flatten()))
            }
        })
    }

    async fn take(&self, mut messages: Streaming<AppendReq>) -> Result<AppendResp, Status> {
        let (mut stream, mut expected, mut events) = (String::new(), None, Vec::new());
        while let Some(message) = messages.message().await? {
            match message.content.unwrap() {
                AppendContent::Options(options) => {
                    let name = options.stream_identifier.unwrap().stream_name;
                    stream = String::from_utf8(name.to_vec()).unwrap();
                    expected = options.expected_stream_revision;
                }
                AppendContent::ProposedMessage(message) => events.push(proposed(message)),
            }
        }
        Script::count(&self.script.appended);
        let (expected, told) = match expected.unwrap() {
            ExpectedStreamRevision::Revision(revision) => {
                (ExpectedRevision::Exact(revision), Expected::ExpectedRevision(revision))
            }
            ExpectedStreamRevision::NoStream(_) => {
                (ExpectedRevision::NoStream, Expected::ExpectedNoStream(Empty {}))
            }
            // The adapter names the revision always: the real one tells such a repetition only for a while.
            ExpectedStreamRevision::Any(_) | ExpectedStreamRevision::StreamExists(_) => {
                return Err(Status::invalid_argument("any revision"));
            }
        };
        match self.log.append(&stream, expected, events).await {
            Ok(appended) => Ok(AppendResp { result: Some(success(appended)) }),
            Err(AppendError::WrongExpectedRevision { actual, .. }) => {
                let actual = actual.map_or(Actual::CurrentNoStream(Empty {}), Actual::CurrentRevision);
                let wrong = WrongExpectedVersion {
                    current_revision_option: Some(actual),
                    expected_revision_option: Some(told),
                    ..WrongExpectedVersion::default()
                };
                Ok(AppendResp { result: Some(AppendResult::WrongExpectedVersion(wrong)) })
            }
            Err(AppendError::IdConflict { id }) => Err(Status::invalid_argument(id.to_string())),
            Err(error) => Err(Status::unavailable(error.to_string())),
        }
    }
}

fn success(appended: Appended) -> append_resp::Result {
    let (commit_position, prepare_position) = (appended.position, appended.position);
    AppendResult::Success(Success {
        current_revision_option: Some(CurrentRevisionOption::CurrentRevision(appended.revision)),
        position_option: Some(PositionOption::Position(AppendPosition { commit_position, prepare_position })),
    })
}

#[tonic::async_trait]
impl Streams for Node {
    type ReadStream = Answers;
    type BatchAppendStream = Pin<Box<dyn Stream<Item = Result<BatchAppendResp, Status>> + Send>>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Answers>, Status> {
        self.authorized(&request)?;
        let options = request.into_inner().options.unwrap();
        let Some(CountOption::Count(count)) = options.count_option else {
            return Ok(Response::new(self.subscription()?));
        };
        // The watch looks at the end now and then: no fault is meant for it.
        let looks =
            options.read_direction == 1 && matches!(options.stream_option, Some(StreamOption::All(_)));
        let fault = if looks { None } else { take(&self.script.reads) };
        let mut answers: Vec<_> = self.finite(options, count).await?.into_iter().map(told).collect();
        match fault {
            None => {}
            Some(ReadFault::Refuse(status)) => return Err(status),
            Some(ReadFault::Hang) => return Ok(Response::new(Box::pin(stream::pending()))),
            Some(ReadFault::Senseless) => answers.push(Ok(ReadResp { content: None })),
            Some(ReadFault::NoId) => {
                if let Some(Ok(ReadResp { content: Some(Content::Event(event)) })) = answers.first_mut() {
                    event.event.as_mut().unwrap().id = None;
                }
            }
            Some(ReadFault::BreakOff(status)) => {
                answers.truncate(1);
                answers.push(Err(status));
            }
        }
        Ok(Response::new(Box::pin(stream::iter(answers))))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.authorized(&request)?;
        let messages = request.into_inner();
        match take(&self.script.appends) {
            None => self.take(messages).await.map(Response::new),
            Some(AppendFault::Refuse(status)) => Err(status),
            Some(AppendFault::TakeAndFail(status)) => {
                self.take(messages).await?;
                Err(status)
            }
            Some(AppendFault::TakeAndKeepThePlace) => {
                let mut answer = self.take(messages).await?;
                if let Some(AppendResult::Success(success)) = &mut answer.result {
                    success.position_option = Some(PositionOption::NoPosition(Empty {}));
                }
                Ok(Response::new(answer))
            }
            Some(AppendFault::Hang) => std::future::pending().await,
            Some(AppendFault::Senseless) => Ok(Response::new(AppendResp { result: None })),
        }
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("delete"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("tombstone"))
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("batch append"))
    }
}
