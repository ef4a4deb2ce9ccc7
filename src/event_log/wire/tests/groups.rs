//! Persistent subscriptions.

mod answers;
mod consumers;
mod lasting;
mod management;

use std::path::Path;

use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use tonic::Code;

use super::super::answer::{IdForm, id, parse_id};
use super::super::protocol::persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient;
use super::super::protocol::persistent_subscriptions::read_req::nack::Action;
use super::super::protocol::persistent_subscriptions::read_req::{Ack, Content as Said, Nack};
use super::super::protocol::persistent_subscriptions::read_resp::read_event::Count;
use super::super::protocol::persistent_subscriptions::read_resp::{Content as Told, ReadEvent};
use super::super::protocol::persistent_subscriptions::{
    CreateReq, DeleteReq, GetInfoReq, ReadReq as GroupReadReq, ReadResp as GroupReadResp, ReplayParkedReq,
    SubscriptionInfo, create_req, delete_req, get_info_req, read_req, read_resp, replay_parked_req,
};
use super::*;

type Client = PersistentSubscriptionsClient<Channel>;

const GROUP: &str = "auditors";

/// Serves a log and a file of groups that may have been served before.
async fn serve(log: &Log, groups: &Path) -> WireServer {
    let settings = WireSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        advertise: None,
        write: false,
        security: Security::Insecure,
        groups: Some(groups.to_owned()),
    };
    WireServer::start(Arc::clone(log), &settings).await.unwrap()
}

async fn client_of(server: &WireServer) -> Client {
    let address = format!("http://{}", server.address());
    Client::new(Endpoint::from_shared(address).unwrap().connect().await.unwrap())
}

/// A face that is not written to, with events in stream `s`, and a client of its groups.
async fn with_events(count: usize) -> (Served, Client) {
    let served = Served::new(false).await;
    if count > 0 {
        served.grow("s", "Happened", count).await;
    }
    let client = Client::new(served.channel().await);
    (served, client)
}

fn settings() -> create_req::Settings {
    create_req::Settings {
        max_retry_count: 10,
        max_checkpoint_count: 1,
        consumer_strategy: "RoundRobin".to_owned(),
        ..create_req::Settings::default()
    }
}

fn of(stream: &str, settings: create_req::Settings) -> CreateReq {
    let stream = create_req::StreamOptions {
        stream_identifier: identifier(stream),
        revision_option: Some(create_req::stream_options::RevisionOption::Start(Empty {})),
    };
    wanted(create_req::options::StreamOption::Stream(stream), settings)
}

fn of_whole_log(
    from: create_req::all_options::AllOption,
    filter: Option<create_req::all_options::filter_options::Filter>,
) -> CreateReq {
    use create_req::all_options::{FilterOption, FilterOptions};
    let filter = filter.map(|filter| {
        FilterOption::Filter(FilterOptions { filter: Some(filter), ..FilterOptions::default() })
    });
    let all = create_req::AllOptions { all_option: Some(from), filter_option: filter };
    wanted(create_req::options::StreamOption::All(all), settings())
}

fn wanted(stream: create_req::options::StreamOption, settings: create_req::Settings) -> CreateReq {
    let options = create_req::Options {
        stream_option: Some(stream),
        group_name: GROUP.to_owned(),
        settings: Some(settings),
        ..create_req::Options::default()
    };
    CreateReq { options: Some(options) }
}

async fn info(client: &mut Client, stream: &str) -> Result<SubscriptionInfo, Status> {
    use get_info_req::options::StreamOption;
    let stream = match stream {
        "$all" => StreamOption::All(Empty {}),
        name => StreamOption::StreamIdentifier(identifier(name).unwrap()),
    };
    let options = get_info_req::Options { stream_option: Some(stream), group_name: GROUP.to_owned() };
    let answer = client.get_info(GetInfoReq { options: Some(options) }).await?;
    Ok(answer.into_inner().subscription_info.unwrap())
}

/// Asks how stream `s`'s group stands until it stands so.
async fn until(client: &mut Client, stands: impl Fn(&SubscriptionInfo) -> bool) -> SubscriptionInfo {
    soon(async {
        loop {
            let told = info(client, "s").await.unwrap();
            if stands(&told) {
                return told;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn replay(client: &mut Client, limit: Option<i64>) {
    use replay_parked_req::options::{StopAtOption, StreamOption};
    let options = replay_parked_req::Options {
        group_name: GROUP.to_owned(),
        stream_option: Some(StreamOption::StreamIdentifier(identifier("s").unwrap())),
        stop_at_option: Some(limit.map_or(StopAtOption::NoLimit(Empty {}), StopAtOption::StopAt)),
    };
    client.replay_parked(ReplayParkedReq { options: Some(options) }).await.unwrap();
}

async fn delete(client: &mut Client, stream: &str) -> Result<(), Status> {
    let stream = delete_req::options::StreamOption::StreamIdentifier(identifier(stream).unwrap());
    let options = delete_req::Options { stream_option: Some(stream), group_name: GROUP.to_owned() };
    client.delete(DeleteReq { options: Some(options) }).await.map(drop)
}

/// A consumer of a group. Dropping it is a connection that breaks.
struct Consumer {
    says: UnboundedSender<GroupReadReq>,
    hears: Streaming<GroupReadResp>,
    ids: IdForm,
}

impl Consumer {
    async fn join(client: &mut Client, stream: &str, slots: i32) -> Result<Self, Status> {
        Self::join_with(client, stream, slots, IdForm::Text).await
    }

    async fn join_with(client: &mut Client, stream: &str, slots: i32, ids: IdForm) -> Result<Self, Status> {
        use read_req::options::uuid_option::Content;
        use read_req::options::{StreamOption, UuidOption};
        let source = match stream {
            "$all" => StreamOption::All(Empty {}),
            name => StreamOption::StreamIdentifier(identifier(name).unwrap()),
        };
        let form = match ids {
            IdForm::Text => Content::String(Empty {}),
            IdForm::Structured => Content::Structured(Empty {}),
        };
        let options = read_req::Options {
            stream_option: Some(source),
            group_name: GROUP.to_owned(),
            buffer_size: slots,
            uuid_option: Some(UuidOption { content: Some(form) }),
        };
        let (says, said) = unbounded();
        says.unbounded_send(GroupReadReq { content: Some(Said::Options(options)) }).unwrap();
        let hears = client.read(said).await?.into_inner();
        let mut consumer = Self { says, hears, ids };
        let Told::SubscriptionConfirmation(confirmation) = consumer.next().await.unwrap() else {
            panic!("the first message is the confirmation")
        };
        assert_eq!(confirmation.subscription_id, format!("{stream}::{GROUP}"));
        Ok(consumer)
    }

    async fn next(&mut self) -> Result<Told, Status> {
        let message = soon(self.hears.message()).await?;
        Ok(message.expect("it never ends well").content.unwrap())
    }

    async fn event(&mut self) -> ReadEvent {
        match self.next().await.unwrap() {
            Told::Event(event) => event,
            other => panic!("no event: {other:?}"),
        }
    }

    /// Revisions and retries of the next events.
    async fn places(&mut self, count: usize) -> Vec<(u64, i32)> {
        let mut places = Vec::new();
        for _ in 0..count {
            let event = self.event().await;
            let Some(Count::RetryCount(retries)) = event.count else { panic!("no count") };
            places.push((event.event.unwrap().stream_revision, retries));
        }
        places
    }

    fn say(&self, content: Said) {
        self.says.unbounded_send(GroupReadReq { content: Some(content) }).unwrap();
    }

    fn id_of(&self, event: &ReadEvent) -> super::super::protocol::shared::Uuid {
        let told = event.event.as_ref().unwrap().id.as_ref();
        id(parse_id(told).unwrap(), self.ids)
    }

    fn ack(&self, event: &ReadEvent) {
        self.say(Said::Ack(Ack { id: Bytes::new(), ids: vec![self.id_of(event)] }));
    }

    fn nack(&self, event: &ReadEvent, action: Action) {
        let reason = "a reason".to_owned();
        let ids = vec![self.id_of(event)];
        self.say(Said::Nack(Nack { id: Bytes::new(), ids, action: action.into(), reason }));
    }

    /// How it ends.
    async fn end(mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }
}

fn exception(status: &Status) -> (Code, &str) {
    let named = status.metadata().get("exception").map_or("", |named| named.to_str().unwrap());
    (status.code(), named)
}
