//! Many appends over one call: each in one or more messages, each answered by itself, in the order of their ends.
//!
//! Deadlines are not looked at: clients send such as lie ten thousand years off, and such as passed long ago.

use std::collections::HashMap;

use tonic::Streaming;
use uuid::Uuid;

use super::super::answer::{parse_id, stream_identifier, stream_name};
use super::super::fault::{ExpectedVersion, Fault};
use super::super::limits::MAX_OPEN_BATCHES;
use super::super::outlet::Sink;
use super::super::protocol::shared::{self, AllStreamPosition};
use super::super::protocol::streams::batch_append_req::options::ExpectedStreamPosition as Asked;
use super::super::protocol::streams::batch_append_req::{Options, ProposedMessage};
use super::super::protocol::streams::batch_append_resp::success::{CurrentRevisionOption, PositionOption};
use super::super::protocol::streams::batch_append_resp::{
    ExpectedStreamPosition as Told, Result as Outcome, Success,
};
use super::super::protocol::streams::{BatchAppendReq, BatchAppendResp};
use super::next_message;
use super::proposal::Proposal;
use crate::event_log::{Appended, EventLog};

pub(super) async fn run(
    log: &dyn EventLog,
    mut requests: Streaming<BatchAppendReq>,
    sink: &Sink<BatchAppendResp>,
    denied: Option<Fault>,
) -> Result<(), Fault> {
    let mut open: HashMap<Uuid, Batch> = HashMap::new();
    while let Some(request) = next_message(&mut requests).await? {
        let correlation = parse_id(request.correlation_id.as_ref())?;
        let mut batch = match open.remove(&correlation) {
            Some(batch) => batch,
            None if open.len() == MAX_OPEN_BATCHES => return Err(Fault::Busy("too many appends are begun")),
            None => Batch::begin(request.options, denied.as_ref())?,
        };
        batch.add(request.proposed_messages);
        if !request.is_final {
            open.insert(correlation, batch);
            continue;
        }
        // Told in the form in which it was asked.
        sink.send(vec![batch.finish(log, request.correlation_id).await]).await?;
    }
    Ok(())
}

/// One append on its way.
struct Batch {
    stream: String,
    expected: ExpectedVersion,
    /// What was collected, or why no more is.
    proposal: Result<Proposal, Fault>,
}

impl Batch {
    fn begin(options: Option<Options>, denied: Option<&Fault>) -> Result<Self, Fault> {
        let missing = || Fault::Invalid("an append begins with its options".to_owned());
        let options = options.ok_or_else(missing)?;
        let expected = match options.expected_stream_position {
            Some(Asked::StreamPosition(revision)) => ExpectedVersion::Exact(revision),
            Some(Asked::NoStream(())) => ExpectedVersion::NoStream,
            Some(Asked::Any(())) => ExpectedVersion::Any,
            Some(Asked::StreamExists(())) => ExpectedVersion::StreamExists,
            None => return Err(missing()),
        };
        let stream = stream_name(options.stream_identifier)?;
        let proposal = denied.cloned().map_or_else(|| Ok(Proposal::new(stream.clone(), expected)), Err);
        Ok(Self { stream, expected, proposal })
    }

    /// Adds events; after the first fault nothing more is kept.
    fn add(&mut self, messages: Vec<ProposedMessage>) {
        let Ok(proposal) = &mut self.proposal else { return };
        let added = messages.into_iter().try_for_each(|event| {
            proposal.add(event.id.as_ref(), event.metadata, event.custom_metadata, event.data)
        });
        if let Err(fault) = added {
            self.proposal = Err(fault);
        }
    }

    async fn finish(self, log: &dyn EventLog, correlation_id: Option<shared::Uuid>) -> BatchAppendResp {
        let appended = match self.proposal {
            Ok(proposal) => proposal.append(log).await,
            Err(fault) => Err(fault),
        };
        let outcome = match appended {
            Ok(appended) => Outcome::Success(success(appended)),
            Err(fault) => Outcome::Error(fault.into_rpc_status()),
        };
        // Clients need all of these fields.
        BatchAppendResp {
            correlation_id,
            stream_identifier: Some(stream_identifier(self.stream)),
            expected_stream_position: Some(match self.expected {
                ExpectedVersion::Exact(revision) => Told::StreamPosition(revision),
                ExpectedVersion::NoStream => Told::NoStream(()),
                ExpectedVersion::Any => Told::Any(()),
                ExpectedVersion::StreamExists => Told::StreamExists(()),
            }),
            result: Some(outcome),
        }
    }
}

const fn success(appended: Appended) -> Success {
    let position =
        AllStreamPosition { commit_position: appended.position, prepare_position: appended.position };
    Success {
        current_revision_option: Some(CurrentRevisionOption::CurrentRevision(appended.revision)),
        position_option: Some(PositionOption::Position(position)),
    }
}
