//! Tells whether a log, or an export of one, is what was recorded, and where and how it is not.
//!
//! It goes over all events once, in the order of the log, with a little state for each session: where its chains end,
//! and which of its ends no receipt has covered yet. The states beyond a bound are kept in a temporary file, so that
//! memory stays flat however long the log is. Sessions at which something is wrong are then read again, whole, and
//! compared with themselves and their receipts until the wrong has a name; see [`Kind`].

mod against;
mod chain;
mod diagnosis;
mod lane;
mod lanes;
mod look;
mod report;

#[cfg(test)]
mod tests;

pub use against::compare;
pub use report::{Finding, Kind, Report, VerifyError};

use crate::event_log::{EventLog, ReadError, RecordedEvent};
use crate::journal;
use crate::transfer::{ExportError, ExportReader};
use lane::LaneKey;
use liveness_events::receipt::{KeyAnnounced, PublicKey};
use liveness_events::stored::Stored as _;
use liveness_events::{Timestamp, stream};
use look::FirstLook;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};
use std::time::Duration;
use uuid::Uuid;

/// Events that one read of the log fetches.
const PAGE: usize = 1024;
/// Sessions that are looked into after the first look: each is then held in memory. A log in which more are wrong needs
/// no names to be called wrong; the others are counted.
const MAX_DIAGNOSED: usize = 256;
/// A receipt is written within moments of a session's end. One that is missing for less is not called missing.
const RECEIPT_GRACE: Duration = Duration::from_secs(60);
/// How far ahead of this machine's clock that of a node may be. What tells of a later moment is not believed.
const MAX_AHEAD: Duration = Duration::from_secs(60);

/// The keys that a log itself announces: to be trusted as far as the log is.
///
/// # Errors
/// When it cannot be read.
pub async fn keys_of_log(log: &dyn EventLog) -> Result<Vec<PublicKey>, ReadError> {
    Ok(journal::read(log, stream::RECEIPT_KEYS).await?.iter().filter_map(announced).collect())
}

/// The keys that an export itself announces.
///
/// # Errors
/// When it cannot be read.
pub fn keys_of_export(file: &File) -> Result<Vec<PublicKey>, VerifyError> {
    let mut keys = Vec::new();
    for_each_event(file, |event| keys.extend(announced(event)))?;
    Ok(keys)
}

fn announced(event: &RecordedEvent) -> Option<PublicKey> {
    let ours = event.stream == stream::RECEIPT_KEYS;
    ours.then(|| KeyAnnounced::decode_recorded(event).ok()).flatten().map(|announced| announced.key)
}

/// Verifies all audited streams of a log against these keys.
///
/// # Errors
/// When the log cannot be read.
pub async fn verify_log(
    log: &dyn EventLog,
    keys: &[PublicKey],
    now: Timestamp,
) -> Result<Report, VerifyError> {
    let prefixes = stream::AUDITED.map(str::to_owned);
    let mut look = FirstLook::new(keys, now)?;
    let mut page = log.read_all(0, &prefixes, PAGE).await?;
    while !page.end {
        // The next page is read while this one is hashed.
        let (next, taken) = futures::join!(log.read_all(page.next, &prefixes, PAGE), async {
            page.events.iter().try_for_each(|event| look.take(event))
        });
        taken?;
        page = next?;
    }
    page.events.iter().try_for_each(|event| look.take(event))?;
    let (mut report, suspects) = look.finish(now)?;
    for (key, disorder) in suspects {
        let mut streams = BTreeMap::new();
        for name in key.streams() {
            streams.insert(name.clone(), journal::read(log, &name).await?);
        }
        report.findings.extend(diagnosis::diagnose(&key, &streams, keys, now, disorder).findings);
    }
    Ok(report)
}

/// Verifies one session, with its deliveries and receipts; none where the log has nothing of it.
///
/// # Errors
/// When the log cannot be read.
pub async fn verify_session(
    log: &dyn EventLog,
    session: Uuid,
    keys: &[PublicKey],
    now: Timestamp,
) -> Result<Option<Report>, VerifyError> {
    let key = LaneKey::Session(session);
    let mut streams = BTreeMap::new();
    for name in key.streams() {
        streams.insert(name.clone(), journal::read(log, &name).await?);
    }
    let diagnosis = diagnosis::diagnose(&key, &streams, keys, now, None);
    let there = streams.values().filter(|events| !events.is_empty());
    let report = Report {
        streams: there.clone().count() as u64,
        events: there.map(|events| events.len() as u64).sum(),
        receipts: diagnosis.receipts,
        receipts_awaited: diagnosis.receipts_awaited,
        keys: keys.iter().map(PublicKey::id).collect(),
        findings: diagnosis.findings,
        not_looked_into: 0,
    };
    Ok((report.events > 0).then_some(report))
}

/// Verifies an export against these keys, without any store.
///
/// # Errors
/// When the file cannot be read, or is no export. One that was altered is no error but a finding.
pub fn verify_export(file: &File, keys: &[PublicKey], now: Timestamp) -> Result<Report, VerifyError> {
    let mut look = FirstLook::new(keys, now)?;
    let mut taken = Ok(());
    let unreadable = for_each_event(file, |event| {
        if taken.is_ok() {
            taken = look.take(event);
        }
    })?;
    taken?;
    // An export tells no time of its own: what ended last in it has its receipt in the next one. A moment that has not
    // come yet is no time at which it was made.
    let now = look.latest.unwrap_or(Timestamp::from_millis(0));
    let (mut report, suspects) = look.finish(now)?;
    let mut streams: BTreeMap<LaneKey, BTreeMap<String, Vec<RecordedEvent>>> = BTreeMap::new();
    let wanted: BTreeSet<&LaneKey> = suspects.iter().map(|(key, _)| key).collect();
    if !wanted.is_empty() {
        for_each_event(file, |event| {
            let key = LaneKey::of(&event.stream);
            if wanted.contains(&key) {
                let of_lane = streams.entry(key).or_default();
                of_lane.entry(event.stream.clone()).or_default().push(event.clone());
            }
        })?;
    }
    for (key, disorder) in suspects {
        let streams = streams.remove(&key).unwrap_or_default();
        report.findings.extend(diagnosis::diagnose(&key, &streams, keys, now, disorder).findings);
    }
    report.findings.extend(unreadable);
    Ok(report)
}

/// Reads an export from its beginning, past lines that cannot be read; gives these as findings, and a wrong checksum.
fn for_each_event(
    mut file: &File,
    mut take: impl FnMut(&RecordedEvent),
) -> Result<Vec<Finding>, VerifyError> {
    file.seek(SeekFrom::Start(0))?;
    let mut export = ExportReader::new(BufReader::new(file))?;
    let mut findings = Vec::new();
    loop {
        let evidence = match export.next() {
            Ok(Some(event)) => {
                take(&event);
                continue;
            }
            Ok(None) => return Ok(findings),
            Err(
                error @ (ExportError::Line { .. } | ExportError::Checksum | ExportError::Interrupted { .. }),
            ) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        if findings.len() < MAX_DIAGNOSED {
            findings.push(Finding { stream: None, revision: None, kind: Kind::Checksum, evidence });
        }
    }
}

/// Whether a receipt for what happened at this moment, where that is told, need not be there yet.
fn is_awaited(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| !is_ahead(at, now) && now.since(at) < RECEIPT_GRACE)
}

/// Whether a moment is further ahead than clocks may differ.
fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at > now.plus(MAX_AHEAD)
}
