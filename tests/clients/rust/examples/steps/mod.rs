//! What an auditor does. The two crates have one author, and differ in little: that stands in the two programs.
//!
//! ```text
//! stream UUID [--backwards]   the events of a session
//! all [--backwards]           the events of all sessions
//! follow UUID                 what a session did and does, and what all sessions do from now on
//! share UUID GROUP            the events of a session, shared among a group of consumers
//! append STREAM               two events, which takes `--esdb-write` and a key of the scope `node`
//! ```
//!
//! `LIVENESS_LOG` holds the connection string. A line of JSON tells of each event.
#![expect(clippy::print_stdout, reason = "what these programs are for")]

mod share;

use crate::{db, everything, expecting};
use anyhow::{Context as _, anyhow, bail};
use db::{
    Client, Error, EventData, ReadStream, ReadStreamOptions, ResolvedEvent, StreamPosition,
    SubscribeToAllOptions, SubscribeToStreamOptions, Subscription, SubscriptionEvent, SubscriptionFilter,
};
use serde_json::{Value, json};

pub(crate) async fn run() -> anyhow::Result<()> {
    let settings = std::env::var("LIVENESS_LOG").context("LIVENESS_LOG")?.parse()?;
    // The crates' errors are of different kinds here.
    let log = Client::new(settings).map_err(|error| anyhow!("{error:#}"))?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["stream", uuid] => tell_all(stream(&log, uuid, StreamPosition::Start).await?).await,
        ["stream", uuid, "--backwards"] => tell_all(stream(&log, uuid, StreamPosition::End).await?).await,
        ["all"] => tell_all(log.read_all(&everything(StreamPosition::Start)).await?).await,
        ["all", "--backwards"] => tell_all(log.read_all(&everything(StreamPosition::End)).await?).await,
        ["follow", uuid] => follow(&log, uuid).await,
        ["share", uuid, group] => share::share(&log, uuid, group).await,
        ["append", stream] => append(&log, stream).await,
        _ => bail!("use stream UUID, all, follow UUID, share UUID GROUP or append STREAM"),
    }
}

/// The streams of sessions.
pub(crate) fn sessions() -> SubscriptionFilter {
    SubscriptionFilter::on_stream_name().add_prefix("liveness-")
}

async fn stream(log: &Client, uuid: &str, from: StreamPosition<u64>) -> db::Result<ReadStream> {
    log.read_stream(format!("liveness-{uuid}"), &ReadStreamOptions::default().position(from)).await
}

async fn tell_all(mut events: ReadStream) -> anyhow::Result<()> {
    while let Some(event) = events.next().await? {
        println!("{}", told(&event)?);
    }
    Ok(())
}

fn told(event: &ResolvedEvent) -> anyhow::Result<Value> {
    let (stream, event) = (event.get_original_stream_id(), event.get_original_event());
    Ok(json!({
        "position": event.position.commit,
        "stream": stream,
        "revision": event.revision,
        "id": event.id.to_string(),
        "type": event.event_type,
        "data": serde_json::from_slice::<Value>(&event.data)?,
        "metadata": serde_json::from_slice::<Value>(&event.custom_metadata)?,
    }))
}

async fn follow(log: &Client, uuid: &str) -> anyhow::Result<()> {
    let all = SubscribeToAllOptions::default().position(StreamPosition::End).filter(sessions());
    let all = log.subscribe_to_all(&all).await;
    let stream = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    let stream = log.subscribe_to_stream(format!("liveness-{uuid}"), &stream).await;
    // Each in a task of its own: a subscription's `next` loses its place when it is dropped.
    let all = tokio::spawn(listen("all", all));
    tokio::spawn(listen("stream", stream)).await??;
    all.await?
}

async fn listen(what: &'static str, mut events: Subscription) -> anyhow::Result<()> {
    loop {
        match events.next_subscription_event().await? {
            SubscriptionEvent::Confirmed(_) => println!("{}", json!({ "following": what })),
            SubscriptionEvent::EventAppeared(event) => {
                let mut told = told(&event)?;
                told["following"] = what.into();
                println!("{told}");
            }
            _ => {}
        }
    }
}

async fn append(log: &Client, stream: &str) -> anyhow::Result<()> {
    for expected in [None, None, Some(0)] {
        let event = EventData::json("AuditNoted", &json!({ "by": "rust" }))?;
        let told = match log.append_to_stream(stream, &expecting(expected), event).await {
            Ok(written) => {
                json!({ "appended": written.next_expected_version, "position": written.position.commit })
            }
            Err(Error::AccessDenied) => json!({ "refused": "AccessDenied" }),
            Err(Error::WrongExpectedVersion { current: db::CurrentRevision::Current(current), .. }) => {
                json!({ "refused": "WrongExpectedVersion", "current": current })
            }
            Err(error) => return Err(error.into()),
        };
        println!("{told}");
    }
    Ok(())
}
