//! What a group is: whose events it gives out, from where on, and how.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::engine::Place;
use super::settings::Settings;
use crate::event_log::wire::fault::{Fault, GroupFault};
use crate::event_log::wire::filter::{Field, Filter};

/// The name under which clients read the whole log.
pub(super) const ALL: &str = "$all";

/// What a group reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Source {
    /// The whole log.
    All,
    /// One stream, whether it exists yet or not.
    Stream(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => ALL,
            Self::Stream(name) => name,
        })
    }
}

/// Tells groups apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) source: Source,
    pub(super) group: String,
}

impl Key {
    pub(super) fn fault(&self, kind: GroupFault) -> Fault {
        Fault::group(kind, self.source.to_string(), self.group.clone())
    }

    /// The id of a subscription; one of the clients expects this very form.
    pub(super) fn subscription_id(&self) -> String {
        format!("{}::{}", self.source, self.group)
    }
}

/// Where a group was told to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Start {
    /// At the first event.
    First,
    /// Behind the last event at that time.
    End,
    /// At this revision or position, included.
    At(Place),
}

/// Which events of the whole log a group wants, in the form in which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilterText {
    pub(super) by_event_type: bool,
    pub(super) prefixes: Vec<String>,
    pub(super) regex: String,
}

impl FilterText {
    /// Builds the filter.
    ///
    /// # Errors
    ///
    /// As [`Filter::new`].
    pub(super) fn filter(&self) -> Result<Filter, Fault> {
        let field = if self.by_event_type { Field::EventType } else { Field::Stream };
        Filter::new(field, self.prefixes.clone(), &self.regex)
    }
}

/// A group, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) key: Key,
    pub(super) start: Start,
    /// What `start` came to when the group was made.
    pub(super) first: Place,
    pub(super) filter: Option<FilterText>,
    pub(super) settings: Settings,
}

impl Definition {
    /// The start as clients parse it.
    pub(super) fn start_text(&self) -> String {
        let number = match self.start {
            Start::First => "0".to_owned(),
            Start::End => "-1".to_owned(),
            Start::At(place) => place.to_string(),
        };
        self.text(&number)
    }

    /// A place as clients read it: where the last event before `next` stands; nothing when there is none.
    pub(super) fn place_text(&self, next: Place) -> String {
        next.checked_sub(1).map_or_else(String::new, |place| self.text(&place.to_string()))
    }

    fn text(&self, number: &str) -> String {
        match self.key.source {
            Source::All => format!("C:{number}/P:{number}"),
            Source::Stream(_) => number.to_owned(),
        }
    }
}
