//! Appends a second through the adapter and the wire face, over those of the embedded log; one session, and many.

use crate::clients;
use crate::plan::Plan;
use crate::process::scratch;
use crate::report::{Row, list, median};
use crate::service::LogServer;
use bytes::Bytes;
use futures::future::try_join_all;
use liveness::event_log::embedded::EmbeddedLog;
use liveness::event_log::eventstoredb::{EventStoreLog, Settings};
use liveness::event_log::{EventLog, ExpectedRevision, NewEvent};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Sessions that append at the same time.
const SIDE_BY_SIDE: usize = 64;
/// Body of an event: with its metadata about as long as that of a new session.
const DATA_BYTES: usize = 380;
/// What else stands in the metadata of an event.
const METADATA: &str = r#"{"$correlationId":"6f2bcb52-3aa7-4b8d-9f0e-1f2a3b4c5d6e","$causationId":"6f2bcb52-3aa7-4b8d-9f0e-1f2a3b4c5d6e","previous":null}"#;

/// Lets adapter and embedded log take turns.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let server = LogServer::start()?;
    let folder = scratch()?;
    let remote = EventStoreLog::open(Settings::parse(&server.connection_string(), None)?)?;
    let embedded = EmbeddedLog::open(folder.path().join("events.db"))?;
    let thread = clients::thread()?;
    // The first call connects.
    thread.block_on(appends_a_second(&remote, 1, Duration::ZERO))?;
    let mut rows = Vec::new();
    for (what, sessions) in
        [("appends a second, one session", 1), ("appends a second, 64 sessions", SIDE_BY_SIDE)]
    {
        let (mut served, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            served.push(thread.block_on(appends_a_second(&remote, sessions, plan.appends_window))?);
            bare.push(thread.block_on(appends_a_second(&embedded, sessions, plan.appends_window))?);
        }
        let ratios: Vec<f64> = served.iter().zip(&bare).map(|(served, bare)| served / bare).collect();
        let (served, bare) = (median(served), median(bare));
        let millis = |rate: f64| sessions as f64 / rate * 1e3;
        rows.push(Row {
            what,
            service: format!("{served:.1}/s"),
            bare: format!("{bare:.0}/s"),
            ratio: median(ratios.clone()),
            target: "none",
            met: None,
            notes: vec![
                format!(
                    "an append takes {:.2} ms, of the embedded log {:.2} ms",
                    millis(served),
                    millis(bare)
                ),
                format!("{} bytes an event, one event an append", DATA_BYTES + METADATA.len()),
                format!("rounds {}", list(&ratios, 3)),
            ],
        });
    }
    thread.block_on(async {
        remote.close().await;
        embedded.close().await;
    });
    Ok(rows)
}

/// Each session appends to a stream of its own, again as soon as it was answered; once at least.
async fn appends_a_second(log: &dyn EventLog, sessions: usize, within: Duration) -> anyhow::Result<f64> {
    let started = Instant::now();
    let counts = try_join_all((0..sessions).map(async |_| {
        let stream = format!("liveness-{}", Uuid::new_v4());
        let (mut expected, mut count) = (ExpectedRevision::NoStream, 0_u32);
        loop {
            let appended = log.append(&stream, expected, vec![event()]).await?;
            expected = ExpectedRevision::Exact(appended.revision);
            count += 1;
            if started.elapsed() >= within {
                return anyhow::Ok(count);
            }
        }
    }))
    .await?;
    Ok(f64::from(counts.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
}

fn event() -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        event_type: "FrameReceived".into(),
        data: Bytes::from(format!(r#"{{"v":1,"x":"{}"}}"#, "x".repeat(DATA_BYTES - 14))),
        metadata: Bytes::from_static(METADATA.as_bytes()),
    }
}
