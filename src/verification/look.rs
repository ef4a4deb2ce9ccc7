//! The one look over all events, in flat memory.

use super::lane::LaneKey;
use super::lanes::Lanes;
use super::report::{Report, VerifyError};
use super::{MAX_DIAGNOSED, is_ahead};
use crate::event_log::RecordedEvent;
use liveness_events::Timestamp;
use liveness_events::receipt::PublicKey;

/// A lane at which something is wrong, and the event at which the order of the log was.
pub(super) type Suspect = (LaneKey, Option<(String, u64)>);

/// Takes all events and tells at which lanes something is wrong.
pub(super) struct FirstLook<'a> {
    keys: &'a [PublicKey],
    lanes: Lanes,
    report: Report,
    now: Timestamp,
    /// The latest moment that matters to receipts, of those that are not yet to come.
    pub(super) latest: Option<Timestamp>,
}

impl<'a> FirstLook<'a> {
    pub(super) fn new(keys: &'a [PublicKey], now: Timestamp) -> Result<Self, VerifyError> {
        let report = Report { keys: keys.iter().map(PublicKey::id).collect(), ..Report::default() };
        Ok(Self { keys, lanes: Lanes::new()?, report, now, latest: None })
    }

    pub(super) fn take(&mut self, event: &RecordedEvent) -> Result<(), VerifyError> {
        let lane = self.lanes.get(LaneKey::of(&event.stream))?;
        let taken = lane.take(event, self.keys);
        self.report.events += 1;
        self.report.streams += u64::from(taken.is_new);
        self.report.receipts += u64::from(taken.is_receipt);
        self.latest = self.latest.max(taken.at.filter(|at| !is_ahead(*at, self.now)));
        Ok(())
    }

    pub(super) fn finish(mut self, now: Timestamp) -> Result<(Report, Vec<Suspect>), VerifyError> {
        let mut suspects = Vec::new();
        let report = &mut self.report;
        self.lanes.for_each_open(|key, lane| {
            if lane.is_awaiting(now) {
                report.receipts_awaited += 1;
            } else if suspects.len() < MAX_DIAGNOSED {
                suspects.push((key, lane.disorder()));
            } else {
                report.not_looked_into += 1;
            }
        })?;
        Ok((self.report, suspects))
    }
}
