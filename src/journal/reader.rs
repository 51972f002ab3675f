//! The one reader of journals: records in order, and what is wrong between them.
//!
//! It turns the scanner's pieces into verdicts: an unfinished write at the end is a torn tail, a
//! complete last line that fails is ambiguous, and anything with intact records after it is
//! corruption. `docs/durability.md` says why these can be told apart.

use super::scan::{Damage, Fault, Found, Piece, Scanner};
use crate::disk::{DiskError, DiskFile};
use crate::format::{DataView, LineView, Seed};
use crate::vocabulary::{Event, EventKind, Finding, FindingClass, LostRange, SessionId, Upcasts};

/// Where reading stands: the next record expected, and where it should begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The sequence number of the next record; 0 for the header.
    pub seq: u64,
    /// Where it should begin, in bytes from the start of the journal.
    pub offset: u64,
}

impl Position {
    /// The very beginning.
    pub const START: Self = Self { seq: 0, offset: 0 };
}

/// One step through a journal.
#[derive(Debug)]
pub enum Step<'b> {
    /// A record that proves itself.
    Record {
        /// The record.
        found: Found<'b>,
        /// What is wrong before it: damage, or records that are missing.
        before: Option<Wrong>,
    },
    /// A record that proves itself and does not belong where it stands.
    Misplaced {
        /// The record.
        found: Found<'b>,
        /// What is wrong.
        wrong: Wrong,
    },
    /// Nothing more proves itself.
    End(End),
}

/// Something wrong, with what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What.
    pub finding: Finding,
    /// The records lost with it, as far as the ones around them tell.
    pub lost: Option<LostRange>,
    /// The bytes, if any are there.
    pub damage: Option<Damage>,
}

/// How a journal ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The offset behind the last record that proves itself.
    pub offset: u64,
    /// The length of the file.
    pub file_len: u64,
    /// What lies between.
    pub tail: Tail,
}

/// What lies behind the last record that proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// Padding, or nothing.
    Clean,
    /// A write that was not finished, and so not acknowledged.
    Torn {
        /// How many bytes of it arrived.
        bytes: u64,
        /// Whether the last record is all there but for its line feed.
        lacks_line_feed: bool,
        /// The finding.
        finding: Finding,
    },
    /// A complete line that fails: it may have been acknowledged.
    Ambiguous(Wrong),
}

/// Reads a journal from a position on.
#[derive(Debug)]
pub struct Reader<'f> {
    file: &'f dyn DiskFile,
    session: &'f SessionId,
    seed: Seed,
    scanner: Scanner<'f>,
    next_seq: u64,
    /// Where the last record ended.
    end_offset: u64,
    /// Records that a later `recovered` event says are lost; read when the first gap is met.
    excuses: Option<Vec<LostRange>>,
}

impl<'f> Reader<'f> {
    /// A reader of a session's journal, from a position on.
    #[must_use]
    pub fn new(file: &'f dyn DiskFile, session: &'f SessionId, seed: Seed, from: Position) -> Self {
        Self {
            file,
            session,
            seed,
            scanner: Scanner::new(file, seed, from.offset),
            next_seq: from.seq,
            end_offset: from.offset,
            excuses: None,
        }
    }

    /// The next step. After [`Step::End`] it must not be asked for another.
    ///
    /// # Errors
    ///
    /// Those of the medium; they say nothing about the data.
    pub fn next_step(&mut self) -> Result<Step<'_>, DiskError> {
        let mut damage: Option<Damage> = None;
        let (offset, seq, batch) = loop {
            match self.scanner.next_piece()? {
                Piece::Damage(more) => damage = Some(merge(damage, more)),
                Piece::End { file_len, .. } => return Ok(Step::End(self.end(damage, file_len))),
                Piece::Record { offset, seq, batch } => break (offset, seq, batch),
            }
        };
        if let Some(damage) = damage.filter(|damage| damage.unwritten)
            && self.is_torn_batch(offset, batch)?
        {
            let file_len = self.file.info()?.len;
            let bytes = file_len.saturating_sub(damage.offset);
            return Ok(Step::End(self.torn(bytes, damage.lacks_line_feed, file_len)));
        }
        let excused = seq > self.next_seq && damage.is_none() && self.is_excused(offset, seq)?;
        let expected = self.next_seq;
        let session = self.session;
        // Nothing delivered is nothing proved; the scanner has just said that there is a record.
        let Some(found) = self.scanner.found() else {
            return Ok(Step::End(self.end(None, offset)));
        };
        if seq < expected {
            let wrong = misplaced(session, offset, expected, seq);
            return Ok(Step::Misplaced { found, wrong });
        }
        self.next_seq = seq + 1;
        self.end_offset = found.end_offset;
        let before = match damage {
            Some(damage) => Some(corrupt(session, damage, expected, seq)),
            None if seq > expected && !excused => Some(gap(session, offset, expected, seq)),
            None => None,
        };
        Ok(Step::Record { found, before })
    }

    /// Whether everything from an intact record behind never-written sectors up to the end was
    /// part of one write with what is missing. That write was not finished, so it was not
    /// acknowledged.
    fn is_torn_batch(&self, offset: u64, batch: Option<u64>) -> Result<bool, DiskError> {
        let Some(first) = batch.filter(|first| *first <= self.next_seq) else { return Ok(false) };
        let mut scanner = Scanner::new(self.file, self.seed, offset);
        loop {
            match scanner.next_piece()? {
                Piece::Record { batch, .. } if batch == Some(first) => {}
                Piece::Record { .. } => return Ok(false),
                Piece::Damage(damage) if damage.unwritten || damage.lines == 0 => {}
                Piece::Damage(_) => return Ok(false),
                Piece::End { .. } => return Ok(true),
            }
        }
    }

    /// Whether a later `recovered` event names every record missing before `seq`.
    fn is_excused(&mut self, offset: u64, seq: u64) -> Result<bool, DiskError> {
        if self.excuses.is_none() {
            self.excuses = Some(self.read_excuses(offset)?);
        }
        let excuses = self.excuses.as_deref().unwrap_or_default();
        let mut missing = self.next_seq;
        while missing < seq {
            let Some(excuse) = excuses
                .iter()
                .find(|range| range.first_seq <= missing && missing <= range.last_seq)
            else {
                return Ok(false);
            };
            missing = excuse.last_seq.saturating_add(1);
        }
        Ok(true)
    }

    fn read_excuses(&self, offset: u64) -> Result<Vec<LostRange>, DiskError> {
        let mut scanner = Scanner::new(self.file, self.seed, offset);
        let mut excuses = Vec::new();
        loop {
            match scanner.next_piece()? {
                Piece::Record { .. } => {
                    excuses.extend(scanner.found().iter().flat_map(|found| lost_by(&found.view)));
                }
                Piece::Damage(_) => {}
                Piece::End { .. } => return Ok(excuses),
            }
        }
    }

    fn end(&self, damage: Option<Damage>, file_len: u64) -> End {
        let Some(damage) = damage else {
            return End { offset: self.end_offset, file_len, tail: Tail::Clean };
        };
        let only_line_feed = damage.fault == Fault::LineFeed;
        if damage.unwritten || damage.lines == 0 && !only_line_feed {
            return self.torn(damage.bytes, damage.lacks_line_feed, file_len);
        }
        let (first_seq, last_seq) = (self.next_seq, self.next_seq + damage.lines.max(1) - 1);
        let lost = LostRange { first_seq, last_seq, bytes: damage.bytes };
        let message = match damage.fault {
            Fault::Line(fault) => {
                format!("the last line is complete and fails ({fault}); nothing follows it")
            }
            Fault::LineFeed => "the line feed of the last record is damaged".to_owned(),
        };
        let finding = Finding::new(self.session, FindingClass::AmbiguousTail, message)
            .at_seq(first_seq)
            .at_offset(damage.offset);
        let lost = (!only_line_feed).then_some(lost);
        let tail = Tail::Ambiguous(Wrong { finding, lost, damage: Some(damage) });
        End { offset: self.end_offset, file_len, tail }
    }

    fn torn(&self, bytes: u64, lacks_line_feed: bool, file_len: u64) -> End {
        let message = if bytes == 0 {
            "the last record lacks its line feed".to_owned()
        } else {
            format!("the last write was not finished: {bytes} bytes of it are there")
        };
        let finding = Finding::new(self.session, FindingClass::TornTail, message)
            .at_seq(self.next_seq)
            .at_offset(self.end_offset);
        let tail = Tail::Torn { bytes, lacks_line_feed, finding };
        End { offset: self.end_offset, file_len, tail }
    }
}

/// The records that a `recovered` event says are lost.
#[must_use]
pub fn lost_by(view: &LineView<'_>) -> Vec<LostRange> {
    let DataView::Present(data) = view.data else { return Vec::new() };
    if EventKind::from_name(view.kind) != Some(EventKind::Recovered) {
        return Vec::new();
    }
    match Event::from_data(view.kind, data, &Upcasts::CURRENT) {
        Ok(Event::Recovered(recovered)) => recovered.lost,
        _ => Vec::new(),
    }
}

fn merge(earlier: Option<Damage>, later: Damage) -> Damage {
    let Some(earlier) = earlier else { return later };
    Damage {
        offset: earlier.offset,
        bytes: later.offset + later.bytes - earlier.offset,
        lines: earlier.lines + later.lines,
        unwritten: earlier.unwritten && later.unwritten,
        lacks_line_feed: earlier.lacks_line_feed,
        fault: if earlier.fault == Fault::LineFeed { later.fault } else { earlier.fault },
    }
}

fn misplaced(session: &SessionId, offset: u64, expected: u64, seq: u64) -> Wrong {
    let message =
        format!("record {seq} stands where record {expected} should: twice, or out of order");
    let finding =
        Finding::new(session, FindingClass::Duplicate, message).at_seq(seq).at_offset(offset);
    Wrong { finding, lost: None, damage: None }
}

fn gap(session: &SessionId, offset: u64, expected: u64, seq: u64) -> Wrong {
    let lost = LostRange { first_seq: expected, last_seq: seq - 1, bytes: 0 };
    let message = format!("{} missing before record {seq}", describe(&lost));
    let class = if expected == 0 { FindingClass::Header } else { FindingClass::SequenceGap };
    let finding = Finding::new(session, class, message).at_seq(expected).at_offset(offset);
    Wrong { finding, lost: Some(lost), damage: None }
}

fn corrupt(session: &SessionId, damage: Damage, expected: u64, seq: u64) -> Wrong {
    let bytes = damage.bytes;
    let lost =
        (seq > expected).then(|| LostRange { first_seq: expected, last_seq: seq - 1, bytes });
    let what = match damage.fault {
        Fault::Line(fault) => format!("{bytes} bytes are no record ({fault})"),
        Fault::LineFeed => "the line feed of a record is damaged".to_owned(),
    };
    let message = match &lost {
        Some(lost) => format!("{what}: {} lost; records from {seq} on are intact", describe(lost)),
        None => format!("{what}; no record is missing, and those from {seq} on are intact"),
    };
    let class = if expected == 0 { FindingClass::Header } else { FindingClass::Corrupt };
    let finding = Finding::new(session, class, message).at_seq(expected).at_offset(damage.offset);
    Wrong { finding, lost, damage: Some(damage) }
}

fn describe(lost: &LostRange) -> String {
    match (lost.first_seq, lost.last_seq) {
        (0, 0) => "the header is".to_owned(),
        (0, last) => format!("the header and records 1 to {last} are"),
        (first, last) if first == last => format!("record {first} is"),
        (first, last) => format!("records {first} to {last} are"),
    }
}
