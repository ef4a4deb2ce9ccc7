use super::format::{Header, Trailer, event_line, header_line};
use super::reader::{ExportError, ExportReader, Sum};
use crate::event_log::{EventLog, Position, RecordedEvent};
use anyhow::Context as _;
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
    /// Goes on behind what a file holds already: an export that was interrupted, or a whole one that shall have more.
    ///
    /// # Errors
    /// When the file is no export, or one of its lines was altered.
    pub fn resume(mut file: File) -> anyhow::Result<Self> {
        let mut reader = ExportReader::new(BufReader::new(&file))?;
        loop {
            match reader.next() {
                Ok(Some(_)) => {}
                Ok(None) | Err(ExportError::Interrupted { .. }) => break,
                Err(error) => return Err(error).context("nothing was written to it"),
            }
        }
        let (sum, offset) = (reader.sum.clone(), reader.offset);
        let after = if sum.count == 0 { reader.after() } else { sum.last };
        drop(reader);
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { out: BufWriter::new(file), sum, after })
    }
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
