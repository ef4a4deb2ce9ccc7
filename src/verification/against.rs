//! Compares a log with an earlier export of it: what was there must still be there. It is the only way to notice that a
//! whole session is gone with all that spoke of it.

use super::{Finding, Kind, MAX_DIAGNOSED, VerifyError};
use crate::event_log::{Direction, EventLog, RecordedEvent, StreamFrom};
use crate::transfer::{ExportError, ExportReader};
use std::collections::BTreeSet;
use std::io::BufRead;

/// Events of the export that are compared together: those of one stream are read by one call.
const BATCH: usize = 4096;

/// Names, for each stream, the first event of the export that the log no longer has as it was. At most
/// `MAX_DIAGNOSED` streams are named.
///
/// # Errors
/// When log or export cannot be read; an export that was altered is no witness.
pub async fn compare<R: BufRead>(
    log: &dyn EventLog,
    export: &mut ExportReader<R>,
) -> Result<Vec<Finding>, VerifyError> {
    let (mut findings, mut named) = (Vec::new(), BTreeSet::new());
    let mut more = true;
    while more {
        let mut batch = Vec::with_capacity(BATCH);
        while more && batch.len() < BATCH {
            let event = export.next()?;
            more = event.is_some();
            batch.extend(event);
        }
        // Stable: a stream's events are brought together in their order.
        batch.sort_by(|a: &RecordedEvent, b| a.stream.cmp(&b.stream));
        for then in batch.chunk_by(|a, b| a.stream == b.stream && b.revision == a.revision + 1) {
            let Some(first) = then.first().filter(|first| !named.contains(&first.stream)) else { continue };
            let from = StreamFrom::Revision(first.revision);
            let now = log.read_stream(&first.stream, Direction::Forwards, from, then.len()).await?;
            let Some(finding) = difference(then, &now) else { continue };
            named.insert(first.stream.clone());
            findings.push(finding);
            if findings.len() == MAX_DIAGNOSED {
                return Ok(findings);
            }
        }
    }
    if export.trailer().is_none() {
        return Err(ExportError::Checksum.into());
    }
    Ok(findings)
}

fn difference(then: &[RecordedEvent], now: &[RecordedEvent]) -> Option<Finding> {
    for (index, event) in then.iter().enumerate() {
        let found = now.get(index);
        if found.is_some_and(|found| found.is_same(event)) {
            continue;
        }
        let there = found.is_some_and(|found| found.revision == event.revision);
        let (kind, evidence) = if there {
            (Kind::EventAltered, "the earlier export has another event there")
        } else {
            (Kind::EventRemoved, "the earlier export has an event there")
        };
        let (stream, revision) = (Some(event.stream.clone()), Some(event.revision));
        return Some(Finding { stream, revision, kind, evidence: evidence.to_owned() });
    }
    None
}
