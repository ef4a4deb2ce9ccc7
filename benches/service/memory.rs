//! Resident memory for each open session, beside what the log holds of it.

use crate::clients;
use crate::plan::Plan;
use crate::recorded;
use crate::report::Row;
use crate::service::Service;
use std::thread::sleep;
use std::time::Duration;

/// Actors leave the memory 5 s after their last message.
const IDLE: Duration = Duration::from_secs(7);
/// Longest time for that many POSTs.
const PATIENCE: Duration = Duration::from_secs(120);
/// The bound, in bytes.
const LIMIT: f64 = 2048.0;

/// Opens sessions, waits until their actors have left, and reads the memory.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Row> {
    let service = Service::start()?;
    sleep(Duration::from_secs(1));
    let before = service.resident()?;
    let (open, time) = clients::thread()?.block_on(clients::post(&service, plan.open_sessions, PATIENCE))?;
    let at_once = service.resident()?;
    sleep(IDLE);
    let after = service.resident()?;
    let log = recorded::bytes_a_session(&service.log())?;
    let each = after.saturating_sub(before) as f64 / open as f64;
    let mebibytes = |bytes: u64| bytes / (1024 * 1024);
    Ok(Row {
        what: "memory for each open session",
        service: format!("{each:.0} B"),
        bare: format!("{log:.0} B in the log"),
        ratio: each / log,
        target: "under 2048 B",
        met: Some(each < LIMIT),
        notes: vec![
            format!("{open} sessions, opened in {:.1} s", time.as_secs_f64()),
            format!(
                "resident before, at the last POST, and with idle actors gone: {}, {} and {} MiB",
                mebibytes(before),
                mebibytes(at_once),
                mebibytes(after)
            ),
        ],
    })
}
