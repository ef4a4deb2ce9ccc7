//! Which events of the whole log a client wants, and how often it is told how far the log was searched.

use fancy_regex::{Regex, RegexBuilder};

use super::fault::Fault;
use super::protocol::streams::read_req::options::filter_options::{Expression, Filter as By, Window};
use super::protocol::streams::read_req::options::{FilterOption, FilterOptions};
use crate::event_log::RecordedEvent;

/// Most prefixes of one filter. The log compares each name with each of them.
const MAX_PREFIXES: usize = 256;
/// Longest prefix or regular expression, in bytes: room for a list of a hundred names.
const MAX_EXPRESSION_BYTES: usize = 8 * 1024;
/// Steps that one match may go back. Clients' own filters take a few dozen on our names; at this bound a match
/// takes below a millisecond.
const MAX_BACKTRACKS: usize = 10_000;
/// Largest compiled part of a regular expression, in bytes.
const MAX_COMPILED_BYTES: usize = 1024 * 1024;
/// Events between two checkpoints when the client names no window, as EventStoreDB has it.
const DEFAULT_WINDOW: u32 = 32;

/// What of an event a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// The stream's name.
    Stream,
    /// The event's type.
    EventType,
}

/// A filter over the whole log.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    field: Field,
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Prefixes(Vec<String>),
    Regex(Box<Regex>),
}

impl Filter {
    /// Keeps events whose `field` begins with one of `prefixes`, or in which `regex` is found anywhere when there
    /// are none.
    ///
    /// # Errors
    ///
    /// [`Fault::Invalid`] when there is neither, or a bound is exceeded, or the expression is none.
    pub(crate) fn new(field: Field, prefixes: Vec<String>, regex: &str) -> Result<Self, Fault> {
        let invalid = |text: String| Err(Fault::Invalid(text));
        if prefixes.len() > MAX_PREFIXES {
            return invalid(format!("a filter may have at most {MAX_PREFIXES} prefixes"));
        }
        if prefixes.iter().map(String::as_str).chain([regex]).any(|text| text.len() > MAX_EXPRESSION_BYTES) {
            return invalid(format!("a filter's expression may have at most {MAX_EXPRESSION_BYTES} bytes"));
        }
        if !prefixes.is_empty() {
            return Ok(Self { field, rule: Rule::Prefixes(prefixes) });
        }
        if regex.is_empty() {
            return invalid("a filter needs prefixes or a regular expression".to_owned());
        }
        let built = RegexBuilder::new(regex)
            .backtrack_limit(MAX_BACKTRACKS)
            .delegate_size_limit(MAX_COMPILED_BYTES)
            .delegate_dfa_size_limit(MAX_COMPILED_BYTES)
            .build();
        match built {
            Ok(regex) => Ok(Self { field, rule: Rule::Regex(Box::new(regex)) }),
            Err(error) => invalid(format!("the filter is no regular expression: {error}")),
        }
    }

    /// Prefixes of stream names by which the log itself can search; none where all events have to be looked at.
    pub(crate) fn prefixes(&self) -> Vec<String> {
        match (self.field, &self.rule) {
            (Field::Stream, Rule::Prefixes(prefixes)) => prefixes.clone(),
            _ => Vec::new(),
        }
    }

    /// Whether the client wants this event.
    ///
    /// # Errors
    ///
    /// [`Fault::Invalid`] when the expression goes back too often on this name.
    pub(crate) fn admits(&self, event: &RecordedEvent) -> Result<bool, Fault> {
        let text = match self.field {
            Field::Stream => &event.stream,
            Field::EventType => &event.event_type,
        };
        match &self.rule {
            Rule::Prefixes(prefixes) => Ok(prefixes.iter().any(|prefix| text.starts_with(prefix.as_str()))),
            Rule::Regex(regex) => regex.is_match(text).map_err(|_| {
                Fault::Invalid("the filter's regular expression takes too many steps: simplify it".to_owned())
            }),
        }
    }
}

/// A filter, and how many events are looked at between two checkpoints.
#[derive(Debug, Clone)]
pub(crate) struct Filtered {
    /// The filter.
    pub(crate) filter: Filter,
    /// Events between two checkpoints, at least 1.
    pub(crate) checkpoint_interval: u64,
}

impl Filtered {
    /// Reads the options of a read of the whole log; `None` keeps all events.
    ///
    /// # Errors
    ///
    /// As [`Filter::new`].
    pub(crate) fn parse(option: Option<FilterOption>) -> Result<Option<Self>, Fault> {
        let Some(FilterOption::Filter(options)) = option else { return Ok(None) };
        let FilterOptions { filter, window, checkpoint_interval_multiplier } = options;
        let (field, Expression { regex, prefix }) = match filter {
            Some(By::StreamIdentifier(expression)) => (Field::Stream, expression),
            Some(By::EventType(expression)) => (Field::EventType, expression),
            None => return Err(Fault::Invalid("the filter is empty".to_owned())),
        };
        let window = match window {
            Some(Window::Max(max)) => max,
            Some(Window::Count(_)) | None => DEFAULT_WINDOW,
        };
        Ok(Some(Self {
            filter: Filter::new(field, prefix, &regex)?,
            checkpoint_interval: checkpoint_interval(window, checkpoint_interval_multiplier),
        }))
    }
}

/// Events between two checkpoints.
pub(crate) fn checkpoint_interval(window: u32, multiplier: u32) -> u64 {
    u64::from(window.max(1)) * u64::from(multiplier.max(1))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    /// What one of the clients sends unless it is told otherwise: everything but the system's own events.
    const NO_SYSTEM_EVENTS: &str = r"^(?!(\$.+$|PersistentConfig\d+$|Result$))";

    fn event(stream: &str, event_type: &str) -> RecordedEvent {
        RecordedEvent {
            position: 1,
            stream: stream.to_owned(),
            revision: 0,
            id: Uuid::nil(),
            event_type: event_type.to_owned(),
            data: Bytes::new(),
            metadata: Bytes::new(),
            created: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn look_ahead_and_unanchored_search() {
        let filter = Filter::new(Field::EventType, vec![], NO_SYSTEM_EVENTS).unwrap();
        for (event_type, wanted) in
            [("SessionCreated", true), ("$metadata", false), ("PersistentConfig1", false), ("Results", true)]
        {
            assert_eq!(filter.admits(&event("s", event_type)).unwrap(), wanted, "{event_type}");
        }
        let filter = Filter::new(Field::Stream, vec![], "^a|b$").unwrap();
        for (stream, wanted) in [("ax", true), ("xb", true), ("xax", false)] {
            assert_eq!(filter.admits(&event(stream, "T")).unwrap(), wanted, "{stream}");
        }
    }

    #[test]
    fn prefixes_on_either_field() {
        let by_stream = Filter::new(Field::Stream, vec!["a-".into(), "b-".into()], "").unwrap();
        assert_eq!(by_stream.prefixes(), ["a-", "b-"]);
        assert!(by_stream.admits(&event("b-1", "T")).unwrap());
        let by_type = Filter::new(Field::EventType, vec!["Se".into()], "").unwrap();
        assert!(by_type.prefixes().is_empty(), "the log cannot search by type");
        assert!(by_type.admits(&event("x", "Seen")).unwrap());
        assert!(!by_type.admits(&event("Se", "x")).unwrap());
    }

    #[test]
    fn an_expression_that_never_ends_is_cut_off() {
        let filter = Filter::new(Field::Stream, vec![], r"^(a|a?)+(?=b)$").unwrap();
        assert!(matches!(filter.admits(&event(&"a".repeat(200), "T")), Err(Fault::Invalid(_))));
    }

    #[test]
    fn bounds_are_told() {
        let prefixes = vec!["p".to_owned(); MAX_PREFIXES + 1];
        let long = "x".repeat(MAX_EXPRESSION_BYTES + 1);
        for (prefixes, regex) in [(prefixes, ""), (vec![long.clone()], ""), (vec![], &long), (vec![], "")] {
            assert!(matches!(Filter::new(Field::Stream, prefixes, regex), Err(Fault::Invalid(_))));
        }
        assert!(matches!(Filter::new(Field::Stream, vec![], "("), Err(Fault::Invalid(_))));
        assert!(matches!(Filter::new(Field::Stream, vec![], r"(x{1000}){1000}"), Err(Fault::Invalid(_))));
    }

    #[test]
    fn checkpoints_come_at_least_one_event_apart() {
        assert_eq!(checkpoint_interval(32, 5), 160);
        assert_eq!(checkpoint_interval(0, 0), 1);
        assert_eq!(checkpoint_interval(u32::MAX, u32::MAX), u64::from(u32::MAX) * u64::from(u32::MAX));
    }
}
