//! Reading a transcript batch by batch, without asynchronous code: each batch is one hop to a
//! thread that may block, and nothing is read ahead of what is being appended.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::amazon_q;
use super::claude_code::ClaudeCode;
use super::codex::Codex;
use super::content::describe;
use super::draft::{Draft, Drafted, Place};
use super::lines::{LINE_BYTES_MAX, Line, LineReader};
use super::records::{Met, visit_line};
use super::report::Tally;
use super::{ImportError, Transcript, TranscriptSource};
use crate::disk::{Access, Disk, DiskError, DiskFile};

/// Most bytes of a transcript read in one hop, even if they made no entry: keeps a progress bar
/// moving and a cancelled import short.
const HOP_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The largest window that a compressed transcript may ask for, as a power of two: 32 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

/// Makes events of a program's records.
pub(super) trait Interpreter: Send {
    /// Drafts what one record becomes, or drafts nothing of it.
    ///
    /// # Errors
    ///
    /// The record is not of the shape that its kind has; the caller reports it.
    fn record(&mut self, place: &Place<'_>, draft: &mut Draft) -> Result<(), serde_json::Error>;

    /// Drafts what is to follow the last record.
    fn end(&mut self, _plan: &mut Draft) {}
}

/// A transcript that is being read.
pub(super) struct Reading {
    lines: Option<Lines>,
    draft: Draft,
    /// Bytes of the file, as it was when it was opened.
    pub(super) bytes_total: u64,
}

/// The lines of a transcript that has some.
struct Lines {
    source: TranscriptSource,
    reader: LineReader<Box<dyn Read + Send>>,
    interpreter: Box<dyn Interpreter>,
    line: u64,
    bytes_read: Arc<AtomicU64>,
    bytes_told: u64,
}

/// What one hop came to.
pub(super) struct Batch {
    /// What to append.
    pub(super) entries: Vec<Drafted>,
    /// Bytes of the file read since the last batch.
    pub(super) bytes: u64,
    /// Whether there is no more.
    pub(super) is_last: bool,
}

impl Reading {
    pub(super) fn open(disk: &dyn Disk, transcript: &Transcript) -> Result<Self, ImportError> {
        let mut draft = Draft::new(transcript);
        let interpreter: Box<dyn Interpreter> = match transcript.source {
            TranscriptSource::ClaudeCode => Box::new(ClaudeCode::new(transcript)),
            TranscriptSource::Codex => Box::new(Codex::new(transcript)),
            TranscriptSource::AmazonQ => {
                let bytes_total = amazon_q::read(disk, transcript, &mut draft)?;
                return Ok(Self { lines: None, draft, bytes_total });
            }
        };
        let file = disk.open(&transcript.path, Access::Read)?;
        let bytes_total = file.info()?.len;
        let bytes = FileReader::new(file);
        let bytes_read = bytes.offset.clone();
        let source = transcript.source;
        let reader = LineReader::new(decompressed(transcript, bytes)?);
        let lines = Lines { source, reader, interpreter, line: 0, bytes_read, bytes_told: 0 };
        Ok(Self { lines: Some(lines), draft, bytes_total })
    }

    /// The next entries to append together, at least one of them unless it is the last batch or
    /// many lines made none.
    pub(super) fn next_batch(&mut self) -> Result<Batch, ImportError> {
        let mut bytes = 0;
        if let Some(lines) = &mut self.lines {
            let is_over = lines.read_on(&mut self.draft)?;
            bytes = lines.bytes_since_told();
            if is_over {
                self.lines = None;
            }
        } else if self.draft.tally.lines == 0 {
            bytes = self.bytes_total;
        }
        let entries = self.draft.take_batch();
        Ok(Batch { entries, bytes, is_last: self.lines.is_none() && self.draft.is_empty() })
    }

    /// What the transcript held, once it has been read to its end.
    pub(super) fn into_tally(self) -> Tally {
        let mut tally = self.draft.tally;
        if tally.messages.is_empty() {
            tally.note(0, "there is no message in it");
        }
        tally
    }
}

impl Lines {
    /// Reads until a batch is full, a hop's worth is read, or the transcript is over; says whether
    /// it is over.
    fn read_on(&mut self, draft: &mut Draft) -> Result<bool, ImportError> {
        let enough = self.bytes_told.saturating_add(HOP_BYTES_MAX);
        while !draft.is_full() && self.bytes_read.load(Ordering::Relaxed) < enough {
            if !self.read_line(draft)? {
                self.interpreter.end(draft);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads one line; says whether there was one.
    fn read_line(&mut self, draft: &mut Draft) -> Result<bool, ImportError> {
        let line = match self.reader.next_line() {
            Ok(None) => return Ok(false),
            Ok(Some(line)) => line,
            Err(error) => {
                // The medium's errors end the import; what is left is a damaged compression.
                let damage = disk_error(error)?;
                draft
                    .tally
                    .unreadable(self.line + 1, format!("the compressed text is damaged: {damage}"));
                return Ok(false);
            }
        };
        self.line += 1;
        draft.tally.lines = self.line;
        let (bytes, ended) = match line {
            Line::Whole(bytes) => (bytes, true),
            Line::Unended(bytes) => (bytes, false),
            Line::TooLong { bytes } => {
                let why = format!("a line of {bytes} bytes, over the bound of {LINE_BYTES_MAX}");
                draft.tally.unreadable(self.line, why);
                return Ok(true);
            }
        };
        interpret(bytes, (self.line, ended), self.source, &mut *self.interpreter, draft);
        Ok(true)
    }

    fn bytes_since_told(&mut self) -> u64 {
        let read = self.bytes_read.load(Ordering::Relaxed);
        let since = read.saturating_sub(self.bytes_told);
        self.bytes_told = read;
        since
    }
}

fn interpret(
    bytes: &[u8],
    (line, ended): (u64, bool),
    source: TranscriptSource,
    interpreter: &mut dyn Interpreter,
    draft: &mut Draft,
) {
    let survey = visit_line(bytes, line == 1, ended, |met| match met {
        Met::Damage(why) => draft.tally.unreadable(line, why),
        Met::Record(record) => {
            if let Err(error) = interpreter.record(&Place { source, line, record }, draft) {
                draft.tally.unreadable(line, describe(&error));
            }
        }
    });
    if survey.values > 1 {
        draft.tally.note(line, format!("{} records share this line", survey.values));
    }
    if survey.rest_bytes > 0 {
        let rest = survey.rest_bytes;
        draft
            .tally
            .note(line, format!("unfinished: its {rest} bytes are taken once it is complete"));
    }
}

fn decompressed(
    transcript: &Transcript,
    bytes: FileReader,
) -> Result<Box<dyn Read + Send>, ImportError> {
    if transcript.path.extension().is_none_or(|extension| extension != "zst") {
        return Ok(Box::new(bytes));
    }
    let not_readable = |error: io::Error| ImportError::NotATranscript {
        path: transcript.path.clone(),
        why: error.to_string(),
    };
    let mut decoder = zstd::stream::read::Decoder::new(bytes).map_err(not_readable)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(not_readable)?;
    Ok(Box::new(decoder))
}

/// A file of the disk layer as a source of bytes.
pub(super) struct FileReader {
    file: Box<dyn DiskFile>,
    /// Bytes read so far; shared with whoever tells of progress.
    offset: Arc<AtomicU64>,
}

impl FileReader {
    pub(super) fn new(file: Box<dyn DiskFile>) -> Self {
        Self { file, offset: Arc::new(AtomicU64::new(0)) }
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let offset = self.offset.load(Ordering::Relaxed);
        let read = self.file.read_at(offset, buffer).map_err(io::Error::other)?;
        self.offset.store(offset + read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Gives the medium's error back as itself, and any other as a text without content.
fn disk_error(error: io::Error) -> Result<String, ImportError> {
    match error.downcast::<DiskError>() {
        Ok(error) => Err(ImportError::Disk(error)),
        Err(error) => Ok(error.to_string()),
    }
}
