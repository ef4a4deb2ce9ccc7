//! Events a second of a read of `$all` through the wire face, over the bare scan of the tables.

use crate::chained;
use crate::clients;
use crate::plan::Plan;
use crate::report::{Row, list, median};
use crate::scan;
use crate::service::LogServer;
use anyhow::ensure;
use liveness::event_log::wire::protocol::shared::Empty;
use liveness::event_log::wire::protocol::streams::ReadReq;
use liveness::event_log::wire::protocol::streams::read_req::Options;
use liveness::event_log::wire::protocol::streams::read_req::options::all_options::AllOption;
use liveness::event_log::wire::protocol::streams::read_req::options::uuid_option::Content as IdForm;
use liveness::event_log::wire::protocol::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, ReadDirection, StreamOption, UuidOption,
};
use liveness::event_log::wire::protocol::streams::read_resp::Content;
use liveness::event_log::wire::protocol::streams::streams_client::StreamsClient;
use std::time::{Duration, Instant};
use tonic::transport::Endpoint;

/// Lets client and bare scan take turns on one log.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Row> {
    let server = LogServer::of(chained::log(plan.wire_events / chained::SESSION_EVENTS)?)?;
    // Beside the sessions there is the key.
    let events = plan.wire_events + 1;
    let (thread, log) = (clients::thread()?, server.file());
    scan::read(&log, events)?;
    let (mut served, mut bare) = (Vec::new(), Vec::new());
    let before = server.cpu()?;
    for _ in 0..plan.rounds {
        served.push(events as f64 / thread.block_on(read_all(&server, events))?.as_secs_f64());
        bare.push(events as f64 / scan::read(&log, events)?.as_secs_f64());
    }
    let used = (server.cpu()? - before).as_secs_f64() * 1e6 / (events as f64 * plan.rounds as f64);
    let ratios: Vec<f64> = served.iter().zip(&bare).map(|(served, bare)| served / bare).collect();
    Ok(Row {
        what: "events read over the wire",
        service: format!("{:.0}/s", median(served)),
        bare: format!("{:.0}/s", median(bare)),
        ratio: median(ratios.clone()),
        target: "none",
        met: None,
        notes: vec![
            format!("{events} events; rounds {}", list(&ratios, 3)),
            format!("processor time of the server an event: {used:.1} µs"),
        ],
    })
}

/// One read of all there is, forwards, without a filter.
async fn read_all(server: &LogServer, expected: u64) -> anyhow::Result<Duration> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address()))?;
    let mut client = StreamsClient::new(endpoint.connect().await?);
    let all = AllOptions { all_option: Some(AllOption::Start(Empty {})) };
    let options = Options {
        stream_option: Some(StreamOption::All(all)),
        read_direction: ReadDirection::Forwards.into(),
        count_option: Some(CountOption::Count(u64::MAX)),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        uuid_option: Some(UuidOption { content: Some(IdForm::String(Empty {})) }),
        ..Options::default()
    };
    let started = Instant::now();
    let mut answer = client.read(ReadReq { options: Some(options) }).await?.into_inner();
    let mut events = 0;
    while let Some(message) = answer.message().await? {
        events += u64::from(matches!(message.content, Some(Content::Event(_))));
    }
    ensure!(events == expected, "{events} of {expected} events were read");
    Ok(started.elapsed())
}
