use super::format::{Header, Trailer, event_line, header_line};
use super::reader::{ExportError, ExportReader, Sum};
use crate::event_log::{Direction, EventLog, Position, RecordedEvent, StreamFrom};
use anyhow::{Context as _, ensure};
use liveness_events::stream;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, SeekFrom, Write};

/// Events that one read of the log fetches.
const PAGE: usize = 1024;

/// Writes an export line by line.
pub struct ExportWriter<W> {
    out: W,
    sum: Sum,
    after: Position,
}

impl<W: Write> ExportWriter<W> {
    /// Begins an export of what stands behind a position.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(out: W, after: Position) -> anyhow::Result<Self> {
        let mut writer = Self { out, sum: Sum::default(), after };
        let line = header_line(&Header::new(after))?;
        writer.write(&line)?;
        Ok(writer)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn event(&mut self, event: &RecordedEvent) -> anyhow::Result<()> {
        self.write(&event_line(event)?)?;
        self.sum.event(event);
        self.after = event.position;
        Ok(())
    }

    /// Writes the last line and tells what stands in it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> anyhow::Result<(Trailer, W)> {
        let trailer = self.sum.trailer();
        self.out.write_all(&trailer.line()?)?;
        self.out.flush()?;
        Ok((trailer, self.out))
    }

    /// The position of the last event that was written.
    #[must_use]
    pub const fn after(&self) -> Position {
        self.after
    }

    fn write(&mut self, line: &[u8]) -> anyhow::Result<()> {
        self.out.write_all(line)?;
        self.sum.line(line);
        Ok(())
    }
}

impl ExportWriter<BufWriter<File>> {
    /// Goes on behind what a file holds already: an export of this log that was interrupted, or a whole one that shall
    /// have more.
    ///
    /// # Errors
    /// When the file is no export, one of its lines was altered, or its last event is not where this log has it: then it
    /// is another log's, and is left as it is.
    pub async fn resume(log: &dyn EventLog, mut file: File) -> anyhow::Result<Self> {
        let mut reader = ExportReader::new(BufReader::new(&file))?;
        let mut last = None;
        loop {
            match reader.next() {
                Ok(Some(event)) => last = Some(event),
                Ok(None) | Err(ExportError::Interrupted { .. }) => break,
                Err(error) => return Err(error).context("nothing was written to it"),
            }
        }
        let (sum, offset) = (reader.sum.clone(), reader.offset);
        let after = if sum.count == 0 { reader.after() } else { sum.last };
        drop(reader);
        if let Some(last) = last {
            ensure_holds(log, &last).await?;
        }
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { out: BufWriter::new(file), sum, after })
    }
}

/// Sees that the log has an event at the very position that an export of it says.
async fn ensure_holds(log: &dyn EventLog, last: &RecordedEvent) -> anyhow::Result<()> {
    let RecordedEvent { stream, revision, id, position, .. } = last;
    let from = StreamFrom::Revision(*revision);
    let found = log.read_stream(stream, Direction::Forwards, from, 1).await?;
    let same =
        |found: &RecordedEvent| (found.position, found.revision, found.id) == (*position, *revision, *id);
    ensure!(
        found.first().is_some_and(same),
        "it is an export of another log: its last event is {id}, {stream}, revision {revision}, at position {position}, \
         and this log does not have it there. Nothing was written to it. Name the log that it came from, or another file"
    );
    Ok(())
}

/// Writes all that stands in the log behind the writer's position, up to the head that the log has now.
///
/// # Errors
/// When the log cannot be read or the export not be written.
pub async fn export<W: Write>(log: &dyn EventLog, writer: &mut ExportWriter<W>) -> anyhow::Result<()> {
    let head = log.head().await?;
    let prefixes = stream::AUDITED.map(str::to_owned);
    let mut after = writer.after();
    loop {
        let page = log.read_all(after, &prefixes, PAGE).await?;
        for event in page.events.iter().filter(|event| event.position <= head) {
            writer.event(event)?;
        }
        if page.end || page.next >= head {
            return Ok(());
        }
        after = page.next;
    }
}
