//! Reading a journal's bytes: records, damage, and where the padding begins.
//!
//! Opening, listing, verifying and recovering all read through this scanner, so they cannot come to
//! different conclusions about the same bytes. It holds one line at a time, however large the
//! journal.

use memchr::memmem;

use crate::disk::{DiskError, DiskFile};
use crate::format::bounds::{LINE_BYTES_MAX, PADDING, SECTOR_BYTES};
use crate::format::{
    LineFault, LineSpans, LineView, Seed, parse_prefix, parse_spans_knowing, verify_checksum,
};

/// How much is asked of the medium at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// How much is asked of it first: most journals are no longer.
const FIRST_CHUNK_BYTES: usize = 8 * 1024;

/// How often a scanner reads padding again that something follows: a reader who follows writers
/// needs it each time that it catches up with them, and bytes that were made to cost time get no
/// more.
const REREADS_MAX: u32 = 1024;

/// How every record begins. It cannot stand inside one: quotes in a string are escaped.
pub(super) const RECORD_START: &[u8] = b"{\"crc\":\"";

/// One thing met in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// A record whose checksum holds; [`Scanner::found`] gives it whole.
    Record {
        /// Where it begins, in bytes from the start of the journal.
        offset: u64,
        /// Its sequence number.
        seq: u64,
        /// The first record of the write that it was part of, where that wrote several.
        batch: Option<u64>,
    },
    /// Bytes that verify as nothing.
    Damage(Damage),
    /// Only padding is left, from this offset on.
    End {
        /// Where the padding begins.
        offset: u64,
        /// The length of the file.
        file_len: u64,
    },
}

/// A record, where it stands.
#[derive(Debug)]
pub struct Found<'b> {
    /// Where it begins, in bytes from the start of the journal.
    pub offset: u64,
    /// The offset behind its line feed.
    pub end_offset: u64,
    /// The bytes of its line, without the line feed.
    pub line: &'b [u8],
    /// What it says.
    pub view: LineView<'b>,
}

/// Bytes that verify as nothing: from where a record should have begun to where the next intact
/// one does, or to the last byte that is not padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// Where it begins.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Line feeds among them: how many lines were complete.
    pub lines: u64,
    /// Whether a sector among them was never written: it holds padding or NUL where a record
    /// cannot. That is what a write which the machine did not survive leaves.
    pub unwritten: bool,
    /// Whether the record before them is intact and lacks its line feed.
    pub lacks_line_feed: bool,
    /// What kept the first line from being a record.
    pub fault: Fault,
}

/// What is wrong with damaged bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// They are not a record.
    Line(LineFault),
    /// The record before them is intact, and these stand in the place of its line feed.
    LineFeed,
}

/// Reads a journal from an offset on.
#[derive(Debug)]
pub struct Scanner<'f> {
    file: &'f dyn DiskFile,
    seed: Seed,
    buffer: Vec<u8>,
    /// How much of `buffer` was read; the rest is room.
    filled: usize,
    /// Where `buffer` begins in the file.
    base: u64,
    /// How much of `buffer` is done with.
    start: usize,
    at_end_of_file: bool,
    /// What is left of [`REREADS_MAX`].
    rereads_left: u32,
    /// The last offset from which was read again.
    reread_from: Option<u64>,
    /// Damage to report before going on: a line feed that was not one.
    pending: Option<Damage>,
    /// The record last delivered.
    delivered: Option<Delivered>,
    /// Its author.
    author: Vec<u8>,
}

/// Where a record stands in the buffer.
#[derive(Debug)]
struct Delivered {
    start: usize,
    line_feed: usize,
    spans: LineSpans,
}

impl<'f> Scanner<'f> {
    /// A scanner of the journal with this seed, from `offset`, which must be where a line begins.
    #[must_use]
    pub fn new(file: &'f dyn DiskFile, seed: Seed, offset: u64) -> Self {
        Self {
            file,
            seed,
            buffer: Vec::new(),
            filled: 0,
            base: offset,
            start: 0,
            at_end_of_file: false,
            rereads_left: REREADS_MAX,
            reread_from: None,
            pending: None,
            delivered: None,
            author: Vec::new(),
        }
    }

    /// Where the next piece begins.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The next piece. After [`Piece::End`] it is the end again: what is appended later is for
    /// another scanner, from there on.
    ///
    /// # Errors
    ///
    /// Those of the medium; they say nothing about the data.
    pub fn next_piece(&mut self) -> Result<Piece, DiskError> {
        if let Some(damage) = self.pending.take() {
            return Ok(Piece::Damage(damage));
        }
        let line_feed = self.fill_line()?;
        let fault = match line_feed {
            Some(length) => match self.check_line(length) {
                Ok(spans) => return Ok(self.deliver(spans, 1)),
                Err(fault) => fault,
            },
            None if self.rest_is_padding()? => {
                let file_len = self.base + self.filled as u64;
                return Ok(Piece::End { offset: self.offset(), file_len });
            }
            None if self.rest().len() >= LINE_BYTES_MAX => LineFault::TooLong,
            None => LineFault::Form { what: "a line feed", offset: self.rest().len() },
        };
        if self.may_be_outdated() {
            self.read_again();
            return self.next_piece();
        }
        if let Some(spans) = self.intact_prefix() {
            return Ok(self.deliver_unterminated(spans));
        }
        self.skip_damage(fault).map(Piece::Damage)
    }

    /// The record that [`next_piece`](Self::next_piece) delivered last, until it is called again.
    #[must_use]
    pub fn found(&self) -> Option<Found<'_>> {
        let Delivered { start, line_feed, spans } = self.delivered.as_ref()?;
        let line = self.buffer.get(*start..start + spans.len())?;
        let offset = self.base + *start as u64;
        let end_offset = offset + (spans.len() + line_feed) as u64;
        Some(Found { offset, end_offset, line, view: spans.view(line) })
    }

    /// Whether what is held may have been padding when it was read, and been written over before
    /// what follows it was read.
    fn may_be_outdated(&self) -> bool {
        self.rest().first() == Some(&PADDING)
            && self.reread_from != Some(self.offset())
            && self.rereads_left > 0
    }

    /// Forgets what was read ahead.
    fn read_again(&mut self) {
        self.base = self.offset();
        self.start = 0;
        self.filled = 0;
        self.at_end_of_file = false;
        self.reread_from = Some(self.base);
        self.rereads_left -= 1;
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.filled).unwrap_or_default()
    }

    /// Whether the next `length` bytes are a record of this journal.
    fn check_line(&self, length: usize) -> Result<LineSpans, LineFault> {
        let line = self.rest().get(..length).unwrap_or_default();
        // A wrong checksum is the better description of damage than whatever no longer parses.
        match verify_checksum(self.seed, line) {
            Err(_) if line.len() >= LINE_BYTES_MAX => Err(LineFault::TooLong),
            Err(fault) => Err(fault),
            Ok(()) => parse_spans_knowing(line, &self.author),
        }
    }

    /// An intact record that begins here, although no line feed ends it where it should.
    fn intact_prefix(&self) -> Option<LineSpans> {
        let spans = parse_prefix(self.rest()).ok()?;
        let line = self.rest().get(..spans.len())?;
        verify_checksum(self.seed, line).ok().map(|()| spans)
    }

    fn deliver(&mut self, spans: LineSpans, line_feed: usize) -> Piece {
        let start = self.start;
        self.start += spans.len() + line_feed;
        let (seq, batch) = (spans.seq(), spans.batch());
        let author = spans.author(self.buffer.get(start..).unwrap_or_default());
        if author != self.author {
            self.author.clear();
            self.author.extend_from_slice(author);
        }
        let offset = self.base + start as u64;
        self.delivered = Some(Delivered { start, line_feed, spans });
        Piece::Record { offset, seq, batch }
    }

    /// An intact record followed by something else than its line feed: that is reported next.
    fn deliver_unterminated(&mut self, spans: LineSpans) -> Piece {
        let next = self.rest().get(spans.len()).copied();
        // What was never written and the beginning of the next record are not part of it.
        let bytes = usize::from(!matches!(next, None | Some(PADDING | 0 | b'{')));
        self.pending = Some(Damage {
            offset: self.offset() + spans.len() as u64,
            bytes: bytes as u64,
            lines: 0,
            unwritten: matches!(next, None | Some(PADDING | 0)),
            lacks_line_feed: true,
            fault: Fault::LineFeed,
        });
        let piece = self.deliver(spans, 0);
        self.start += bytes;
        piece
    }

    /// Reads on until the buffer holds a whole line from `start`; the length of it, without its
    /// line feed, or `None` where the file or the bound ends first.
    fn fill_line(&mut self) -> Result<Option<usize>, DiskError> {
        let mut searched = 0;
        loop {
            if let Some(found) =
                memchr::memchr(b'\n', self.rest().get(searched..).unwrap_or_default())
            {
                return Ok(Some(searched + found));
            }
            searched = self.rest().len();
            if searched >= LINE_BYTES_MAX || !self.read_chunk()? {
                return Ok(None);
            }
        }
    }

    /// Reads one chunk more; false at the end of the file.
    fn read_chunk(&mut self) -> Result<bool, DiskError> {
        if self.at_end_of_file {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.base += self.start as u64;
            self.filled -= self.start;
            self.start = 0;
        }
        let wanted = if self.buffer.is_empty() { FIRST_CHUNK_BYTES } else { CHUNK_BYTES };
        let end = self.filled + wanted;
        if self.buffer.len() < end {
            // Fresh from the system, and so blank already.
            let mut larger = vec![0; end];
            let (front, _) = larger.split_at_mut(self.filled);
            front.copy_from_slice(self.buffer.get(..self.filled).unwrap_or_default());
            self.buffer = larger;
        }
        let room = self.buffer.get_mut(self.filled..end).unwrap_or_default();
        let read = self.file.read_at(self.base + self.filled as u64, room)?;
        self.filled += read;
        self.at_end_of_file = read < wanted;
        Ok(read > 0)
    }

    /// Whether nothing but padding is left. It reads to the end of the file, keeping nothing.
    fn rest_is_padding(&mut self) -> Result<bool, DiskError> {
        loop {
            if self.rest().iter().any(|&byte| byte != PADDING) {
                return Ok(false);
            }
            if self.at_end_of_file {
                return Ok(true);
            }
            if self.rest().len() >= LINE_BYTES_MAX {
                return self.padding_goes_on();
            }
            self.read_chunk()?;
        }
    }

    /// More padding than a line is long: looked at in place, without moving on.
    fn padding_goes_on(&self) -> Result<bool, DiskError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut offset = self.base + self.filled as u64;
        loop {
            let read = self.file.read_at(offset, &mut chunk)?;
            let bytes = chunk.get(..read).unwrap_or_default();
            if bytes.iter().any(|&byte| byte != PADDING) {
                return Ok(false);
            }
            if read < CHUNK_BYTES {
                return Ok(true);
            }
            offset += read as u64;
        }
    }

    /// Goes on to the next intact record or to the end of what is not padding.
    fn skip_damage(&mut self, fault: LineFault) -> Result<Damage, DiskError> {
        let mut shape = Shape::new(self.offset(), self.file.sector_phase());
        // The first byte is damage in any case; a record may begin at the second.
        self.pass(1, &mut shape);
        loop {
            while self.rest().len() < LINE_BYTES_MAX && self.read_chunk()? {}
            if let Some(distance) = memmem::find(self.rest(), RECORD_START) {
                self.pass(distance, &mut shape);
                if self.intact_prefix().is_some() {
                    return Ok(shape.into_damage(Fault::Line(fault), false));
                }
                self.pass(1, &mut shape);
            } else if self.at_end_of_file {
                self.pass(self.rest().len(), &mut shape);
                return Ok(shape.into_damage(Fault::Line(fault), true));
            } else {
                // Keep what may be the beginning of a record that the next chunk completes.
                let kept = RECORD_START.len() - 1;
                self.pass(self.rest().len().saturating_sub(kept), &mut shape);
            }
        }
    }

    fn pass(&mut self, bytes: usize, shape: &mut Shape) {
        shape.pass(self.rest().get(..bytes).unwrap_or_default());
        self.start += bytes;
    }
}

/// What damaged bytes look like, gathered while passing over them.
struct Shape {
    offset: u64,
    sector_phase: u64,
    passed: u64,
    /// Bytes up to the last one that is not padding.
    solid: u64,
    lines: u64,
    unwritten: bool,
    /// Whether the bytes of the present sector so far were all padding or NUL.
    sector_blank: bool,
    /// Whether some sector was blank, pending something solid behind it.
    blank_behind: bool,
}

impl Shape {
    fn new(offset: u64, sector_phase: u64) -> Self {
        Self {
            offset,
            sector_phase,
            passed: 0,
            solid: 0,
            lines: 0,
            unwritten: false,
            sector_blank: true,
            blank_behind: false,
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let from_a_sector = (self.offset + self.passed).wrapping_sub(self.sector_phase);
            if from_a_sector.is_multiple_of(SECTOR_BYTES) && self.passed > 0 {
                self.blank_behind |= self.sector_blank;
                self.sector_blank = true;
            }
            self.passed += 1;
            self.lines += u64::from(byte == b'\n');
            if byte != PADDING {
                self.solid = self.passed;
            }
            if byte != PADDING && byte != 0 {
                self.sector_blank = false;
                self.unwritten |= self.blank_behind;
            }
        }
    }

    fn into_damage(self, fault: Fault, at_end_of_file: bool) -> Damage {
        // The last sector never arrived, or none did: the file had been extended before. One that
        // holds the beginning of a record has arrived, and its blanks with it.
        let is_whole = at_end_of_file || (self.offset + self.passed).is_multiple_of(SECTOR_BYTES);
        let ends_blank = self.sector_blank && self.lines == 0 && is_whole;
        Damage {
            offset: self.offset,
            bytes: self.solid,
            lines: self.lines,
            unwritten: self.unwritten || ends_blank,
            lacks_line_feed: false,
            fault,
        }
    }
}
