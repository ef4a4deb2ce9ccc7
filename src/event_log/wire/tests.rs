//! The wire face as clients see it: over a real socket, through the generated clients.

mod access;
mod appends;
mod bounds;
mod reads;
mod services;
mod subscriptions;

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};
use uuid::Uuid;

use super::protocol::shared::{Empty, StreamIdentifier};
use super::protocol::streams::read_req::Options;
use super::protocol::streams::read_req::options::all_options::AllOption;
use super::protocol::streams::read_req::options::filter_options::{Expression, Filter, Window};
use super::protocol::streams::read_req::options::stream_options::RevisionOption;
use super::protocol::streams::read_req::options::uuid_option::Content as IdContent;
use super::protocol::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, FilterOptions, Position, ReadDirection, StreamOption,
    StreamOptions, SubscriptionOptions, UuidOption,
};
use super::protocol::streams::read_resp::Content;
use super::protocol::streams::read_resp::read_event::RecordedEvent as WireEvent;
use super::protocol::streams::streams_client::StreamsClient;
use super::protocol::streams::{ReadReq, ReadResp};
use super::{Security, WireServer, WireSettings};
use crate::event_log::contract::{Log, PATIENCE};
use crate::event_log::embedded::EmbeddedLog;
use crate::event_log::{Appended, ExpectedRevision, NewEvent};

/// A wire face over a log of its own, open to everybody.
struct Served {
    log: Log,
    server: WireServer,
    _folder: TempDir,
}

impl Served {
    async fn new(write: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let log: Log = Arc::new(EmbeddedLog::open(folder.path().join("events.db")).unwrap());
        let settings = WireSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            advertise: None,
            write,
            security: Security::Insecure,
        };
        let server = WireServer::start(Arc::clone(&log), &settings).await.unwrap();
        Self { log, server, _folder: folder }
    }

    async fn channel(&self) -> Channel {
        let address = format!("http://{}", self.server.address());
        Endpoint::from_shared(address).unwrap().connect().await.unwrap()
    }

    async fn client(&self) -> StreamsClient<Channel> {
        StreamsClient::new(self.channel().await)
    }

    /// Appends events of one type, each naming its number.
    async fn grow(&self, stream: &str, event_type: &str, count: usize) -> Appended {
        let events = (0..count).map(|number| event(event_type, number)).collect();
        self.log.append(stream, ExpectedRevision::Any, events).await.unwrap()
    }
}

fn event(event_type: &str, number: usize) -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        event_type: event_type.to_owned(),
        data: Bytes::from(format!(r#"{{"number":{number}}}"#)),
        metadata: Bytes::from_static(b"{}"),
    }
}

/// Waits within bounds for what has to happen.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it did not happen")
}

fn identifier(name: &str) -> Option<StreamIdentifier> {
    Some(StreamIdentifier { stream_name: name.as_bytes().to_vec().into() })
}

/// A read of all there is of one stream, as text ids.
fn of_stream(name: &str, direction: ReadDirection, from: RevisionOption) -> Options {
    Options {
        stream_option: Some(StreamOption::Stream(StreamOptions {
            stream_identifier: identifier(name),
            revision_option: Some(from),
        })),
        read_direction: direction.into(),
        count_option: Some(CountOption::Count(u64::MAX)),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        uuid_option: Some(UuidOption { content: Some(IdContent::String(Empty {})) }),
        ..Options::default()
    }
}

/// A read of all there is of the whole log, as text ids.
fn of_all(direction: ReadDirection, from: AllOption) -> Options {
    let all = Some(StreamOption::All(AllOptions { all_option: Some(from) }));
    let stream = RevisionOption::Start(Empty {});
    Options { stream_option: all, ..of_stream("-", direction, stream) }
}

const fn start() -> RevisionOption {
    RevisionOption::Start(Empty {})
}

const fn end() -> RevisionOption {
    RevisionOption::End(Empty {})
}

const fn from_start() -> AllOption {
    AllOption::Start(Empty {})
}

const fn from_end() -> AllOption {
    AllOption::End(Empty {})
}

const fn at(position: u64) -> AllOption {
    AllOption::Position(Position { commit_position: position, prepare_position: position })
}

fn expression(prefixes: &[&str], regex: &str) -> Expression {
    let prefix = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    Expression { regex: regex.to_owned(), prefix }
}

fn filtered(options: Options, filter: Filter, window: u32, multiplier: u32) -> Options {
    let filter = FilterOptions {
        filter: Some(filter),
        window: Some(Window::Max(window)),
        checkpoint_interval_multiplier: multiplier,
    };
    Options { filter_option: Some(FilterOption::Filter(filter)), ..options }
}

fn following(options: Options) -> Options {
    Options { count_option: Some(CountOption::Subscription(SubscriptionOptions {})), ..options }
}

async fn open(client: &mut StreamsClient<Channel>, options: Options) -> Result<Streaming<ReadResp>, Status> {
    let request = ReadReq { options: Some(options) };
    Ok(client.read(request).await?.into_inner())
}

/// What a read that ends by itself gives.
async fn read(client: &mut StreamsClient<Channel>, options: Options) -> Result<Vec<Content>, Status> {
    let mut answer = open(client, options).await?;
    let mut contents = Vec::new();
    while let Some(message) = soon(answer.message()).await? {
        contents.push(message.content.unwrap());
    }
    Ok(contents)
}

async fn next(answer: &mut Streaming<ReadResp>) -> Content {
    soon(answer.message()).await.unwrap().expect("a subscription has no end").content.unwrap()
}

fn recorded(content: Content) -> WireEvent {
    match content {
        Content::Event(event) => event.event.unwrap(),
        other => panic!("no event: {other:?}"),
    }
}

/// Stream and revision of each event.
fn places(contents: Vec<Content>) -> Vec<(String, u64)> {
    let place = |event: WireEvent| {
        let name = event.stream_identifier.unwrap().stream_name;
        (String::from_utf8(name.to_vec()).unwrap(), event.stream_revision)
    };
    contents.into_iter().map(recorded).map(place).collect()
}

fn revisions(contents: Vec<Content>) -> Vec<u64> {
    contents.into_iter().map(recorded).map(|event| event.stream_revision).collect()
}
