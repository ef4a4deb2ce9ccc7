use super::content::ContentDigest;
use super::format::{Header, Trailer, parse_event};
use crate::event_log::{MAX_EVENT_BYTES, Position, RecordedEvent};
use liveness_events::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read as _};
use thiserror::Error;

/// Longest line: the largest event as base64, and as much again for its name, its place and escapes.
const MAX_LINE_BYTES: u64 = 2 * MAX_EVENT_BYTES as u64;

/// Why an export could not be read.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("{0}")]
    NotAnExport(String),
    /// A line is not what it should be. The lines after it can still be read.
    #[error("line {line} cannot be read: {why}")]
    Line {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The last line is missing.
    #[error(
        "the export was interrupted after line {lines}: go on with `liveness export --to FILE`, then read it again"
    )]
    Interrupted {
        /// Whole lines that there are.
        lines: u64,
    },
    /// The last line tells something else than what stands before it.
    #[error("the checksum is wrong: the file is not what was exported")]
    Checksum,
}

/// Reads an export line by line, in flat memory, and checks its last line against all before it.
pub struct ExportReader<R> {
    input: R,
    pub(super) sum: Sum,
    line: Vec<u8>,
    number: u64,
    after: Position,
    /// Bytes up to the end of the last line that was taken in.
    pub(super) offset: u64,
    trailer: Option<Trailer>,
    ended: bool,
}

/// What the last line of an export tells, as it grows.
#[derive(Clone, Default)]
pub(super) struct Sum {
    pub(super) sha256: Sha256,
    pub(super) content: ContentDigest,
    pub(super) count: u64,
    pub(super) first: Position,
    pub(super) last: Position,
}

impl Sum {
    pub(super) fn line(&mut self, line: &[u8]) {
        self.sha256.update(line);
    }

    pub(super) fn event(&mut self, event: &RecordedEvent) {
        self.content.add(event);
        if self.count == 0 {
            self.first = event.position;
        }
        self.count += 1;
        self.last = event.position;
    }

    pub(super) fn trailer(&self) -> Trailer {
        let sha256 = Digest::from_bytes(self.sha256.clone().finalize().into());
        let Self { content, count, first, last, .. } = *self;
        Trailer { count, first, last, sha256, content: content.digest() }
    }
}

impl<R: BufRead> ExportReader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When there is none, or it is another file's.
    pub fn new(input: R) -> Result<Self, ExportError> {
        let mut reader = Self {
            input,
            sum: Sum::default(),
            line: Vec::new(),
            number: 0,
            after: 0,
            offset: 0,
            trailer: None,
            ended: false,
        };
        if !reader.read_line()? {
            return Err(ExportError::NotAnExport("it is no export of liveness: it has no first line".into()));
        }
        reader.after = Header::parse(&reader.line).map_err(ExportError::NotAnExport)?.after();
        reader.accept();
        Ok(reader)
    }

    /// The position behind which the export begins.
    #[must_use]
    pub const fn after(&self) -> Position {
        self.after
    }

    /// What the last line tells, once it was read and found right.
    #[must_use]
    pub const fn trailer(&self) -> Option<Trailer> {
        self.trailer
    }

    /// Reads the next event; none behind the last line, when that is right.
    ///
    /// # Errors
    /// [`ExportError::Line`] for one line that is wrong; the next call goes on behind it. What follows all others is none.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator's item would hide that some errors are passed"
    )]
    pub fn next(&mut self) -> Result<Option<RecordedEvent>, ExportError> {
        if self.ended {
            return Ok(None);
        }
        let next = self.read_next();
        self.ended = !matches!(next, Ok(Some(_)) | Err(ExportError::Line { .. }));
        next
    }

    /// Reads all to the end and tells whether the last line is right.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn check(mut self) -> Result<(), ExportError> {
        while self.next()?.is_some() {}
        Ok(())
    }

    fn read_next(&mut self) -> Result<Option<RecordedEvent>, ExportError> {
        if !self.read_line()? {
            return Err(ExportError::Interrupted { lines: self.number.saturating_sub(1) });
        }
        if let Some(trailer) = Trailer::parse(&self.line) {
            let more = !self.input.fill_buf()?.is_empty();
            return match trailer {
                Ok(trailer) if trailer == self.sum.trailer() && !more => {
                    self.trailer = Some(trailer);
                    Ok(None)
                }
                _ => Err(ExportError::Checksum),
            };
        }
        let event = parse_event(&self.line);
        self.accept();
        match event {
            Ok(event) => {
                self.sum.event(&event);
                Ok(Some(event))
            }
            Err(why) => Err(ExportError::Line { line: self.number, why }),
        }
    }

    /// Reads a whole line; tells whether there was one. What stands at the end without a line's end is none.
    fn read_line(&mut self) -> Result<bool, ExportError> {
        self.line.clear();
        self.number += 1;
        self.input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line)?;
        let whole = self.line.last() == Some(&b'\n');
        if !whole && self.line.len() as u64 == MAX_LINE_BYTES {
            let why = format!("line {} is longer than {MAX_LINE_BYTES} bytes", self.number);
            return Err(ExportError::NotAnExport(why));
        }
        Ok(whole)
    }

    fn accept(&mut self) {
        self.sum.line(&self.line);
        self.offset += self.line.len() as u64;
    }
}
