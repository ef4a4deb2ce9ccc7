//! Reads requests: every number is checked here, and every form that some client sends is understood.

use super::definition::{ALL, FilterText, Key, Source, Start};
use super::directory::Wanted;
use super::settings::{
    ConsumerStrategy, DEFAULT_BUFFER, DEFAULT_READ_BATCH, MAX_BUFFER, MAX_SLOTS, Settings,
};
use crate::event_log::wire::answer::{IdForm, stream_name};
use crate::event_log::wire::fault::Fault;
use crate::event_log::wire::protocol::persistent_subscriptions as wire;
use crate::event_log::wire::protocol::shared::StreamIdentifier;
use wire::create_req::settings::{CheckpointAfter, MessageTimeout};
use wire::create_req::stream_options::RevisionOption;
use wire::{create_req, delete_req, get_info_req, list_req, read_req, replay_parked_req, update_req};

/// Longest name of a group, in bytes.
const MAX_GROUP_NAME_BYTES: usize = 256;

/// Settings that a client leaves out: EventStoreDB's defaults.
const DEFAULT_TIMEOUT_MS: u32 = 30_000;
const DEFAULT_CHECKPOINT_AFTER_MS: u32 = 2_000;

/// The last place that can be kept; SQLite's numbers have a sign.
const LAST_PLACE: u64 = i64::MAX as u64;

fn invalid<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Invalid(text.into()))
}

/// The whole log, also when it is named as a stream.
fn source(stream: Option<StreamIdentifier>) -> Result<Source, Fault> {
    let name = stream_name(stream)?;
    Ok(if name == ALL { Source::All } else { Source::Stream(name) })
}

fn key(source: Source, group: String) -> Result<Key, Fault> {
    if group.is_empty() || group.len() > MAX_GROUP_NAME_BYTES {
        return invalid(format!("a group name must have 1 to {MAX_GROUP_NAME_BYTES} bytes"));
    }
    Ok(Key { source, group })
}

/// A start; both ends of the numbers have a meaning of their own.
fn start(place: u64) -> Result<Start, Fault> {
    match place {
        0 => Ok(Start::First),
        u64::MAX => Ok(Start::End),
        1..=LAST_PLACE => Ok(Start::At(place)),
        _ => invalid(format!("a start must be at most {LAST_PLACE}")),
    }
}

pub(super) fn create(request: wire::CreateReq) -> Result<Wanted, Fault> {
    use create_req::all_options::{AllOption, FilterOption};
    use create_req::options::StreamOption;
    let Some(options) = request.options else { return invalid("the options are missing") };
    let Some(wanted) = options.settings else { return invalid("the settings are missing") };
    #[expect(deprecated, reason = "one of the clients sends nothing else")]
    let (old_stream, old_start) = (options.stream_identifier, wanted.revision);
    let (source, start, filter) = match options.stream_option {
        Some(StreamOption::Stream(stream)) => {
            let start = match stream.revision_option {
                Some(RevisionOption::Revision(revision)) => start(revision)?,
                Some(RevisionOption::Start(_)) | None => Start::First,
                Some(RevisionOption::End(_)) => Start::End,
            };
            (source(stream.stream_identifier)?, start, None)
        }
        Some(StreamOption::All(all)) => {
            let start = match all.all_option {
                Some(AllOption::Position(position)) => start(position.commit_position)?,
                Some(AllOption::Start(_)) | None => Start::First,
                Some(AllOption::End(_)) => Start::End,
            };
            let filter = match all.filter_option {
                Some(FilterOption::Filter(filter)) => Some(filter_text(filter)?),
                Some(FilterOption::NoFilter(_)) | None => None,
            };
            (Source::All, start, filter)
        }
        None => (source(old_stream)?, start(old_start)?, None),
    };
    Ok(Wanted { key: key(source, options.group_name)?, start, filter, settings: settings(wanted)? })
}

pub(super) fn update(request: wire::UpdateReq) -> Result<Wanted, Fault> {
    use update_req::all_options::AllOption;
    use update_req::options::StreamOption;
    use update_req::stream_options::RevisionOption;
    let Some(options) = request.options else { return invalid("the options are missing") };
    let Some(wanted) = options.settings else { return invalid("the settings are missing") };
    #[expect(deprecated, reason = "one of the clients sends nothing else")]
    let (old_stream, old_start) = (options.stream_identifier, wanted.revision);
    let (source, start) = match options.stream_option {
        Some(StreamOption::Stream(stream)) => {
            let start = match stream.revision_option {
                Some(RevisionOption::Revision(revision)) => start(revision)?,
                Some(RevisionOption::Start(_)) | None => Start::First,
                Some(RevisionOption::End(_)) => Start::End,
            };
            (source(stream.stream_identifier)?, start)
        }
        Some(StreamOption::All(all)) => {
            let start = match all.all_option {
                Some(AllOption::Position(position)) => start(position.commit_position)?,
                Some(AllOption::Start(_)) | None => Start::First,
                Some(AllOption::End(_)) => Start::End,
            };
            (Source::All, start)
        }
        None => (source(old_stream)?, start(old_start)?),
    };
    let settings = settings(as_created(wanted))?;
    Ok(Wanted { key: key(source, options.group_name)?, start, filter: None, settings })
}

pub(super) fn delete(request: wire::DeleteReq) -> Result<Key, Fault> {
    use delete_req::options::StreamOption;
    let options = request.options.unwrap_or_default();
    let source = match options.stream_option {
        Some(StreamOption::StreamIdentifier(stream)) => source(Some(stream))?,
        Some(StreamOption::All(_)) => Source::All,
        None => return invalid("the stream is missing"),
    };
    key(source, options.group_name)
}

pub(super) fn get_info(request: wire::GetInfoReq) -> Result<Key, Fault> {
    use get_info_req::options::StreamOption;
    let options = request.options.unwrap_or_default();
    let source = match options.stream_option {
        Some(StreamOption::StreamIdentifier(stream)) => source(Some(stream))?,
        Some(StreamOption::All(_)) => Source::All,
        None => return invalid("the stream is missing"),
    };
    key(source, options.group_name)
}

/// Whose parked events to send again, and how many of them.
pub(super) fn replay_parked(request: wire::ReplayParkedReq) -> Result<(Key, Option<u64>), Fault> {
    use replay_parked_req::options::{StopAtOption, StreamOption};
    let options = request.options.unwrap_or_default();
    let source = match options.stream_option {
        Some(StreamOption::StreamIdentifier(stream)) => source(Some(stream))?,
        Some(StreamOption::All(_)) => Source::All,
        None => return invalid("the stream is missing"),
    };
    let limit = match options.stop_at_option {
        Some(StopAtOption::StopAt(limit)) => {
            Some(u64::try_from(limit).or_else(|_| invalid("stop_at must not be negative"))?)
        }
        Some(StopAtOption::NoLimit(_)) | None => None,
    };
    Ok((key(source, options.group_name)?, limit))
}

/// Whose groups to list; `None`: all.
pub(super) fn list(request: wire::ListReq) -> Result<Option<Source>, Fault> {
    use list_req::options::ListOption;
    use list_req::stream_option::StreamOption;
    match request.options.and_then(|options| options.list_option) {
        Some(ListOption::ListAllSubscriptions(_)) => Ok(None),
        Some(ListOption::ListForStream(stream)) => match stream.stream_option {
            Some(StreamOption::Stream(stream)) => source(Some(stream)).map(Some),
            Some(StreamOption::All(_)) => Ok(Some(Source::All)),
            None => invalid("the stream is missing"),
        },
        None => invalid("the options are missing"),
    }
}

/// A consumer's first message.
#[derive(Debug)]
pub(super) struct Joining {
    pub(super) key: Key,
    pub(super) slots: usize,
    pub(super) ids: IdForm,
}

pub(super) fn join(options: read_req::Options) -> Result<Joining, Fault> {
    use read_req::options::StreamOption;
    use read_req::options::uuid_option::Content;
    let source = match options.stream_option {
        Some(StreamOption::StreamIdentifier(stream)) => source(Some(stream))?,
        Some(StreamOption::All(_)) => Source::All,
        None => return invalid("the stream is missing"),
    };
    let ids = match options.uuid_option.and_then(|option| option.content) {
        Some(Content::String(_)) => IdForm::Text,
        Some(Content::Structured(_)) | None => IdForm::Structured,
    };
    // The client's wish, within what is sensible.
    let slots = u32::try_from(options.buffer_size).unwrap_or(0).clamp(1, MAX_SLOTS);
    Ok(Joining { key: key(source, options.group_name)?, slots: slots as usize, ids })
}

fn filter_text(options: create_req::all_options::FilterOptions) -> Result<FilterText, Fault> {
    use create_req::all_options::filter_options::Filter;
    let (by_event_type, expression) = match options.filter {
        Some(Filter::StreamIdentifier(expression)) => (false, expression),
        Some(Filter::EventType(expression)) => (true, expression),
        None => return invalid("the filter is empty"),
    };
    Ok(FilterText { by_event_type, prefixes: expression.prefix, regex: expression.regex })
}

fn settings(wanted: create_req::Settings) -> Result<Settings, Fault> {
    #[expect(deprecated, reason = "one of the clients sends nothing else")]
    let number = wanted.named_consumer_strategy;
    let strategy = match wanted.consumer_strategy.as_str() {
        "" => match create_req::ConsumerStrategy::try_from(number) {
            Ok(create_req::ConsumerStrategy::DispatchToSingle) => Some(ConsumerStrategy::DispatchToSingle),
            Ok(create_req::ConsumerStrategy::RoundRobin) => Some(ConsumerStrategy::RoundRobin),
            Ok(create_req::ConsumerStrategy::Pinned) => Some(ConsumerStrategy::Pinned),
            Err(_) => None,
        },
        name => ConsumerStrategy::of_name(name),
    };
    let Some(strategy) = strategy else { return invalid("the consumer strategy is not known here") };
    let settings = Settings {
        resolve_links: wanted.resolve_links,
        extra_statistics: wanted.extra_statistics,
        strategy,
        max_retries: whole("max_retry_count", wanted.max_retry_count)?,
        message_timeout_ms: match wanted.message_timeout {
            Some(MessageTimeout::MessageTimeoutMs(ms)) => whole("message_timeout", ms)?,
            Some(MessageTimeout::MessageTimeoutTicks(ticks)) => millis("message_timeout", ticks)?,
            None => DEFAULT_TIMEOUT_MS,
        },
        checkpoint_after_ms: match wanted.checkpoint_after {
            Some(CheckpointAfter::CheckpointAfterMs(ms)) => whole("checkpoint_after", ms)?,
            Some(CheckpointAfter::CheckpointAfterTicks(ticks)) => millis("checkpoint_after", ticks)?,
            None => DEFAULT_CHECKPOINT_AFTER_MS,
        },
        min_checkpoint: whole("min_checkpoint_count", wanted.min_checkpoint_count)?,
        max_checkpoint: whole("max_checkpoint_count", wanted.max_checkpoint_count)?,
        max_subscribers: whole("max_subscriber_count", wanted.max_subscriber_count)?,
        buffer: buffer("history_buffer_size", wanted.history_buffer_size, DEFAULT_BUFFER)?,
        live_buffer: buffer("live_buffer_size", wanted.live_buffer_size, DEFAULT_BUFFER)?,
        read_batch: buffer("read_batch_size", wanted.read_batch_size, DEFAULT_READ_BATCH)?,
    };
    if settings.max_checkpoint < settings.min_checkpoint {
        return invalid("max_checkpoint_count must not be below min_checkpoint_count");
    }
    Ok(settings)
}

fn whole(name: &str, number: i32) -> Result<u32, Fault> {
    u32::try_from(number).or_else(|_| invalid(format!("{name} must not be negative")))
}

fn buffer(name: &str, number: i32, default: u32) -> Result<u32, Fault> {
    match whole(name, number)? {
        0 => Ok(default),
        size @ 1..=MAX_BUFFER => Ok(size),
        _ => invalid(format!("{name} must be at most {MAX_BUFFER}")),
    }
}

/// Ticks have 100 ns.
fn millis(name: &str, ticks: i64) -> Result<u32, Fault> {
    let ms = u32::try_from(ticks / 10_000);
    ms.or_else(|_| invalid(format!("{name} must be between 0 and {} ms", u32::MAX)))
}

/// The settings of an update, which lack only the strategy's name.
fn as_created(settings: update_req::Settings) -> create_req::Settings {
    use update_req::settings::{CheckpointAfter as UpdateAfter, MessageTimeout as UpdateTimeout};
    #[expect(deprecated, reason = "the fields that hold the start and the strategy here")]
    create_req::Settings {
        resolve_links: settings.resolve_links,
        revision: settings.revision,
        extra_statistics: settings.extra_statistics,
        max_retry_count: settings.max_retry_count,
        min_checkpoint_count: settings.min_checkpoint_count,
        max_checkpoint_count: settings.max_checkpoint_count,
        max_subscriber_count: settings.max_subscriber_count,
        live_buffer_size: settings.live_buffer_size,
        read_batch_size: settings.read_batch_size,
        history_buffer_size: settings.history_buffer_size,
        named_consumer_strategy: settings.named_consumer_strategy,
        message_timeout: settings.message_timeout.map(|timeout| match timeout {
            UpdateTimeout::MessageTimeoutTicks(ticks) => MessageTimeout::MessageTimeoutTicks(ticks),
            UpdateTimeout::MessageTimeoutMs(ms) => MessageTimeout::MessageTimeoutMs(ms),
        }),
        checkpoint_after: settings.checkpoint_after.map(|after| match after {
            UpdateAfter::CheckpointAfterTicks(ticks) => CheckpointAfter::CheckpointAfterTicks(ticks),
            UpdateAfter::CheckpointAfterMs(ms) => CheckpointAfter::CheckpointAfterMs(ms),
        }),
        consumer_strategy: String::new(),
    }
}
