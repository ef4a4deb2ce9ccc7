//! Durable POSTs a second, over rows a second of a bare group commit.

use crate::clients::{self, POSTING};
use crate::group_commit::{self, Row as Written};
use crate::machine::{Since, Used};
use crate::plan::Plan;
use crate::recorded;
use crate::report::{Row, list, median};
use crate::service::Service;
use std::time::Duration;

/// Before POSTs are counted.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// Lets service and bare loop take turns.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Row> {
    let service = Service::start()?;
    let thread = clients::thread()?;
    let (mut served, mut bare) = (Vec::new(), Vec::new());
    let (mut serving, mut committing) = (Vec::new(), Vec::new());
    let mut size = 0;
    for _ in 0..plan.rounds {
        thread.block_on(clients::post(&service, usize::MAX, WARM_UP))?;
        let since = Since::now(&service)?;
        let (posts, time) = thread.block_on(clients::post(&service, usize::MAX, plan.posts_window))?;
        let rate = posts as f64 / time.as_secs_f64();
        serving.push(micros(since.used(&service)?, rate, time));
        served.push(rate);

        let (event_type, data, metadata) = recorded::created_event(&service.log())?;
        size = data.len() + metadata.len();
        let row = Written { event_type, data, metadata };
        let since = Since::now(&service)?;
        let rate = group_commit::rows_a_second(&row, plan.posts_window)?;
        committing.push(micros(since.used(&service)?, rate, plan.posts_window));
        bare.push(rate);
    }
    let ratios: Vec<f64> = served.iter().zip(&bare).map(|(served, bare)| served / bare).collect();
    let ratio = median(ratios.clone());
    let middle = |all: &[Used], of: fn(&Used) -> f64| median(all.iter().map(of).collect());
    Ok(Row {
        what: "durable POSTs a second",
        service: format!("{:.0}/s", median(served)),
        bare: format!("{:.0}/s", median(bare)),
        ratio,
        target: "at least 0.3",
        met: Some(ratio >= 0.3),
        notes: vec![
            format!("{POSTING} connections; {size} bytes an event"),
            format!("rounds {}", list(&ratios, 2)),
            format!(
                "processor time a POST: service {:.0} µs, client {:.0} µs; a bare row {:.0} µs",
                middle(&serving, |used| used.service),
                middle(&serving, |used| used.own),
                middle(&committing, |used| used.own)
            ),
            format!(
                "others kept {:.2} cores busy beside the service and {:.2} beside the bare loop",
                middle(&serving, |used| used.others),
                middle(&committing, |used| used.others)
            ),
        ],
    })
}

/// The same in microseconds for each of so many a second, and the others in cores.
fn micros(used: Used, rate: f64, time: Duration) -> Used {
    let seconds = time.as_secs_f64();
    let each = 1e6 / (rate * seconds);
    Used { service: used.service * each, own: used.own * each, others: used.others / seconds }
}
