//! What a read asks for, in the log's terms.

use super::super::answer::{IdForm, stream_name};
use super::super::fault::Fault;
use super::super::filter::Filtered;
use super::super::protocol::streams::ReadReq;
use super::super::protocol::streams::read_req::options::all_options::AllOption;
use super::super::protocol::streams::read_req::options::stream_options::RevisionOption;
use super::super::protocol::streams::read_req::options::uuid_option::Content;
use super::super::protocol::streams::read_req::options::{
    CountOption, FilterOption, ReadDirection, StreamOption, UuidOption,
};
use crate::event_log::{Direction, Position, StreamFrom};

/// What to do.
#[derive(Debug)]
pub(super) enum Plan {
    Read(Read),
    Follow(Follow),
}

/// A read that ends by itself.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) direction: Direction,
    /// Most events to give; clients send the largest number when they want all.
    pub(super) count: u64,
    pub(super) source: Source,
}

#[derive(Debug)]
pub(super) enum Source {
    /// Both ways, the event at `from` is included.
    Stream { name: String, from: StreamFrom },
    /// Forwards, the event at `from` is included; backwards, it is not.
    All { from: AllFrom, filtered: Option<Filtered> },
}

/// A subscription; the event at `from` is not included.
#[derive(Debug)]
pub(super) enum Follow {
    Stream { name: String, from: StreamFrom },
    All { from: AllFrom, filtered: Option<Filtered> },
}

/// A place in the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AllFrom {
    Start,
    End,
    Position(Position),
}

pub(super) fn parse(request: ReadReq) -> Result<(Plan, IdForm), Fault> {
    let options = request.options.ok_or_else(|| missing("options"))?;
    let ids = id_form(options.uuid_option);
    let direction = match ReadDirection::try_from(options.read_direction) {
        Ok(ReadDirection::Forwards) => Direction::Forwards,
        Ok(ReadDirection::Backwards) => Direction::Backwards,
        Err(_) => return Err(Fault::Invalid("there is no such direction".to_owned())),
    };
    let source = source(options.stream_option, options.filter_option)?;
    let plan = match options.count_option {
        Some(CountOption::Count(count)) => Plan::Read(Read { direction, count, source }),
        Some(CountOption::Subscription(_)) if direction == Direction::Backwards => {
            return Err(Fault::Invalid("a subscription goes forwards".to_owned()));
        }
        Some(CountOption::Subscription(_)) => Plan::Follow(match source {
            Source::Stream { name, from } => Follow::Stream { name, from },
            Source::All { from, filtered } => Follow::All { from, filtered },
        }),
        None => return Err(missing("count or subscription")),
    };
    Ok((plan, ids))
}

fn source(stream: Option<StreamOption>, filter: Option<FilterOption>) -> Result<Source, Fault> {
    match stream.ok_or_else(|| missing("stream or $all"))? {
        StreamOption::Stream(stream) => {
            if matches!(filter, Some(FilterOption::Filter(_))) {
                return Err(Fault::Invalid("only $all can be filtered".to_owned()));
            }
            let from = match stream.revision_option {
                Some(RevisionOption::Revision(revision)) => StreamFrom::Revision(revision),
                Some(RevisionOption::Start(_)) => StreamFrom::Start,
                Some(RevisionOption::End(_)) => StreamFrom::End,
                None => return Err(missing("revision")),
            };
            Ok(Source::Stream { name: stream_name(stream.stream_identifier)?, from })
        }
        StreamOption::All(all) => {
            let from = match all.all_option {
                Some(AllOption::Start(_)) => AllFrom::Start,
                Some(AllOption::End(_)) => AllFrom::End,
                // Some clients write the end as the largest position.
                Some(AllOption::Position(position)) if position.commit_position == u64::MAX => AllFrom::End,
                Some(AllOption::Position(position)) => AllFrom::Position(position.commit_position),
                None => return Err(missing("position")),
            };
            Ok(Source::All { from, filtered: Filtered::parse(filter)? })
        }
    }
}

/// Text where nothing is asked for: every client reads it.
fn id_form(option: Option<UuidOption>) -> IdForm {
    match option.and_then(|option| option.content) {
        Some(Content::Structured(_)) => IdForm::Structured,
        Some(Content::String(_)) | None => IdForm::Text,
    }
}

fn missing(what: &str) -> Fault {
    Fault::Invalid(format!("the request lacks its {what}"))
}
