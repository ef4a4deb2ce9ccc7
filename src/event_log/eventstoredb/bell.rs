//! A subscription to `$all` that only rings: whatever becomes of it, nothing is lost but time.
//!
//! The crate's own would spin for ever when the server ends it, and so this one is made with the generated client, on a
//! connection of its own, to any node.

use std::sync::Arc;
use std::time::Duration;

use eventstore::Endpoint as Seed;
use tokio::sync::Notify;
use tonic::Status;
use tonic::transport::Endpoint;

use super::backoff::Backoff;
use super::settings::Settings;
use super::tls;
use crate::event_log::wire::protocol::shared::Empty;
use crate::event_log::wire::protocol::streams::read_req::Options;
use crate::event_log::wire::protocol::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, StreamOption, SubscriptionOptions, UuidOption, all_options,
    uuid_option,
};
use crate::event_log::wire::protocol::streams::streams_client::StreamsClient;
use crate::event_log::wire::protocol::streams::{ReadReq, ReadResp};

/// How long connecting may take, and the server's first word.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a silent connection is probed, and for how long an answer is waited for: as the crate does.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Pauses between connections.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Largest message of the server, as with all clients.
const MESSAGE_BYTES: usize = 17 * 1024 * 1024;

/// Why a bell ended.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error("{0}")]
    Set(String),
    #[error("{0}")]
    Connect(#[from] tonic::transport::Error),
    #[error("{}: {}", .0.code(), .0.message())]
    Status(#[from] Status),
    #[error("no word from the server")]
    Patience(#[from] tokio::time::error::Elapsed),
    #[error("the server ended the subscription")]
    Ended,
}

/// Rings at each message of a subscription, and begins another one at the next node when it ends.
pub(super) async fn listen_for_ever(settings: Arc<Settings>, ring: Arc<Notify>) {
    let mut pause = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    for seed in settings.seeds().iter().cycle() {
        let mut heard = false;
        let silence = listen(&settings, seed, &ring, &mut heard).await;
        if heard {
            pause.reset();
        }
        // Events may have come that nobody has rung for.
        ring.notify_one();
        let pause = pause.next();
        tracing::debug!(host = seed.host, port = seed.port, %silence, ?pause, "bell of the event store is silent");
        tokio::time::sleep(pause).await;
    }
}

async fn listen(settings: &Settings, seed: &Seed, ring: &Notify, heard: &mut bool) -> Silence {
    let subscribed = async {
        let mut messages = tokio::time::timeout(PATIENCE, subscribe(settings, seed)).await??;
        let mut next = tokio::time::timeout(PATIENCE, messages.message()).await??;
        while next.is_some() {
            *heard = true;
            ring.notify_one();
            next = messages.message().await?;
        }
        Err::<(), Silence>(Silence::Ended)
    };
    subscribed.await.err().unwrap_or(Silence::Ended)
}

async fn subscribe(settings: &Settings, seed: &Seed) -> Result<tonic::Streaming<ReadResp>, Silence> {
    let config = tls::config(settings).map_err(Silence::Set)?;
    let scheme = if config.is_some() { "https" } else { "http" };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}:{}", seed.host, seed.port))?
        .connect_timeout(PATIENCE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true);
    if let Some(config) = config {
        endpoint = endpoint.tls_config(config)?;
    }
    let mut request = tonic::Request::new(ReadReq { options: Some(from_the_end()) });
    if let Some(authorization) = settings.authorization() {
        request.metadata_mut().insert("authorization", authorization.clone());
    }
    let client = StreamsClient::new(endpoint.connect().await?);
    Ok(client.max_decoding_message_size(MESSAGE_BYTES).read(request).await?.into_inner())
}

fn from_the_end() -> Options {
    let end = AllOptions { all_option: Some(all_options::AllOption::End(Empty {})) };
    Options {
        stream_option: Some(StreamOption::All(end)),
        count_option: Some(CountOption::Subscription(SubscriptionOptions {})),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
        ..Options::default()
    }
}
