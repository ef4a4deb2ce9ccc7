//! One append: the options first, then a message for each event.

use tonic::Streaming;

use super::super::answer::stream_name;
use super::super::fault::{ExpectedVersion, Fault};
use super::super::protocol::shared::Empty;
use super::super::protocol::streams::append_req::options::ExpectedStreamRevision;
use super::super::protocol::streams::append_req::{Content, Options};
use super::super::protocol::streams::append_resp::success::{CurrentRevisionOption, PositionOption};
use super::super::protocol::streams::append_resp::wrong_expected_version::{
    CurrentRevisionOption as Current, ExpectedRevisionOption as Expected,
};
use super::super::protocol::streams::append_resp::{
    Position, Result as Outcome, Success, WrongExpectedVersion,
};
use super::super::protocol::streams::{AppendReq, AppendResp};
use super::next_message;
use super::proposal::Proposal;
use crate::event_log::{Appended, EventLog};

pub(super) async fn run(log: &dyn EventLog, mut messages: Streaming<AppendReq>) -> Result<AppendResp, Fault> {
    let Some(Content::Options(options)) = next(&mut messages).await? else {
        return Err(Fault::Invalid("an append begins with its options".to_owned()));
    };
    let mut proposal = begin(options)?;
    while let Some(content) = next(&mut messages).await? {
        let Content::ProposedMessage(event) = content else {
            return Err(Fault::Invalid("an append has its options once".to_owned()));
        };
        proposal.add(event.id.as_ref(), event.metadata, event.custom_metadata, event.data)?;
    }
    let outcome = match proposal.append(log).await {
        Ok(appended) => Outcome::Success(success(appended)),
        // The one refusal that is no fault of the call: clients decide again by it.
        Err(Fault::WrongExpectedVersion { expected, actual, .. }) => {
            Outcome::WrongExpectedVersion(wrong_version(expected, actual))
        }
        Err(fault) => return Err(fault),
    };
    Ok(AppendResp { result: Some(outcome) })
}

async fn next(messages: &mut Streaming<AppendReq>) -> Result<Option<Content>, Fault> {
    let Some(message) = next_message(messages).await? else { return Ok(None) };
    message.content.map(Some).ok_or_else(|| Fault::Invalid("a message is empty".to_owned()))
}

fn begin(options: Options) -> Result<Proposal, Fault> {
    let expected = match options.expected_stream_revision {
        Some(ExpectedStreamRevision::Revision(revision)) => ExpectedVersion::Exact(revision),
        Some(ExpectedStreamRevision::NoStream(_)) => ExpectedVersion::NoStream,
        Some(ExpectedStreamRevision::Any(_)) => ExpectedVersion::Any,
        Some(ExpectedStreamRevision::StreamExists(_)) => ExpectedVersion::StreamExists,
        None => return Err(Fault::Invalid("the append lacks its expected revision".to_owned())),
    };
    Ok(Proposal::new(stream_name(options.stream_identifier)?, expected))
}

const fn success(appended: Appended) -> Success {
    let position = Position { commit_position: appended.position, prepare_position: appended.position };
    Success {
        current_revision_option: Some(CurrentRevisionOption::CurrentRevision(appended.revision)),
        position_option: Some(PositionOption::Position(position)),
    }
}

fn wrong_version(expected: ExpectedVersion, actual: Option<u64>) -> WrongExpectedVersion {
    let current = actual.map_or(Current::CurrentNoStream(Empty {}), Current::CurrentRevision);
    let expected = match expected {
        ExpectedVersion::Exact(revision) => Expected::ExpectedRevision(revision),
        ExpectedVersion::NoStream => Expected::ExpectedNoStream(Empty {}),
        ExpectedVersion::Any => Expected::ExpectedAny(Empty {}),
        ExpectedVersion::StreamExists => Expected::ExpectedStreamExists(Empty {}),
    };
    WrongExpectedVersion {
        current_revision_option: Some(current),
        expected_revision_option: Some(expected),
        ..WrongExpectedVersion::default()
    }
}
