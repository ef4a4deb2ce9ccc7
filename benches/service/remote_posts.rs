//! Durable POSTs a second of a service whose log is a process of its own, over those of one with an embedded log.

use crate::clients::{self, POSTING};
use crate::plan::Plan;
use crate::posts::WARM_UP;
use crate::report::{Row, list, median};
use crate::service::{LogServer, Service};
use std::time::Duration;

/// Lets the two services take turns.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Row> {
    let log = LogServer::start()?;
    let (remote, embedded) = (Service::over(&log)?, Service::start()?);
    let thread = clients::thread()?;
    let (mut served, mut bare) = (Vec::new(), Vec::new());
    let (mut of_service, mut of_log, mut of_embedded) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        thread.block_on(clients::post(&remote, usize::MAX, WARM_UP))?;
        let before = (remote.cpu()?, log.cpu()?);
        let (posts, time) = thread.block_on(clients::post(&remote, usize::MAX, plan.posts_window))?;
        served.push(posts as f64 / time.as_secs_f64());
        of_service.push(micros(remote.cpu()? - before.0, posts));
        of_log.push(micros(log.cpu()? - before.1, posts));

        thread.block_on(clients::post(&embedded, usize::MAX, WARM_UP))?;
        let before = embedded.cpu()?;
        let (posts, time) = thread.block_on(clients::post(&embedded, usize::MAX, plan.posts_window))?;
        bare.push(posts as f64 / time.as_secs_f64());
        of_embedded.push(micros(embedded.cpu()? - before, posts));
    }
    let ratios: Vec<f64> = served.iter().zip(&bare).map(|(served, bare)| served / bare).collect();
    Ok(Row {
        what: "POSTs a second, log over the wire",
        service: format!("{:.0}/s", median(served)),
        bare: format!("{:.0}/s", median(bare)),
        ratio: median(ratios.clone()),
        target: "none",
        met: None,
        notes: vec![
            format!("{POSTING} connections; rounds {}", list(&ratios, 2)),
            format!(
                "processor time a POST: service {:.0} µs and its log {:.0} µs; with the log embedded {:.0} µs",
                median(of_service),
                median(of_log),
                median(of_embedded)
            ),
        ],
    })
}

fn micros(used: Duration, posts: usize) -> f64 {
    used.as_secs_f64() * 1e6 / posts as f64
}
