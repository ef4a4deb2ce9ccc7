use crate::event_log::ReadError;
use crate::transfer::ExportError;
use serde::Serialize;
use thiserror::Error;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The event is not what was recorded.
    EventAltered,
    /// Events are missing between others.
    EventRemoved,
    /// The event was not recorded there.
    EventInserted,
    /// Two events stand in each other's place.
    EventsSwapped,
    /// Events are missing at the end of a stream: a receipt was signed for more.
    TailCut,
    /// A receipt stands in the stream of another session than the one that it was signed for.
    ReceiptOfAnotherSession,
    /// The signature of a receipt is not that of a known key.
    ReceiptForged,
    /// A session has ended, or its images were erased, and no receipt says so.
    ReceiptMissing,
    /// The file is not what was exported.
    Checksum,
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The stream; none for a line of an export that cannot be read.
    pub stream: Option<String>,
    /// Its revision.
    pub revision: Option<u64>,
    /// What is wrong.
    pub kind: Kind,
    /// What speaks for it.
    pub evidence: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Streams that were looked at.
    pub streams: u64,
    /// Their events.
    pub events: u64,
    /// Receipts whose signature, session, revision and hash are right.
    pub receipts: u64,
    /// Sessions that ended a moment ago and whose receipt is not there yet.
    pub receipts_awaited: u64,
    /// Names of the keys that receipts were checked with.
    pub keys: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Sessions at which something is wrong and that were not looked into, because there are too many.
    pub not_looked_into: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.not_looked_into == 0
    }
}

/// Why nothing can be said.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The export cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The temporary file cannot be written.
    #[error("the temporary file: {0}: check that the folder for temporary files, TMPDIR, has room")]
    Temporary(#[from] rusqlite::Error),
    /// What was put into the temporary file does not come back.
    #[error("the temporary file: {0}")]
    State(#[from] serde_json::Error),
}
