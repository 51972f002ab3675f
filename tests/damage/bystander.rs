//! Somebody who knows the sound journal looks at a damaged one, and says what should be found.
//!
//! It shares nothing with the reader of journals but the rules of `docs/format.md`: a record is
//! intact where its bytes, which are known here, stand; what a crash can leave is reckoned from
//! what a write is and what a sector is.

use annals::format::bounds::SECTOR_BYTES;
use annals::vocabulary::FindingClass::{
    self, AmbiguousTail, ChainBreak, Corrupt, Duplicate, Foreign, Header, SequenceGap, TornTail,
    Truncated,
};

use memchr::memmem;

use crate::shapes::{Shape, foreign};

const SECTOR: usize = SECTOR_BYTES as usize;
const RECORD_START: &[u8] = b"{\"crc\":\"";

/// Why damage to acknowledged records cannot be told from a write that was never finished.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Alibi {
    /// The file ends where a record does.
    CleanCut,
    /// What is left behind the last intact record has no line feed.
    NoLineFeed,
    /// A sector behind the last intact record is blank.
    BlankSector,
    /// A sector is blank, and all that is intact behind it is of the write that lost it.
    BlankInBatch,
}

impl Alibi {
    /// Each with what it looks like.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::CleanCut, "it ends where a record ends, as before the records that are gone"),
        (Self::NoLineFeed, "what is behind the last intact record has no line feed"),
        (Self::BlankSector, "a sector behind the last intact record is blank"),
        (
            Self::BlankInBatch,
            "a sector is blank, and what is intact behind it is of the same write",
        ),
    ];
}

/// What should be found.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    pub classes: Vec<FindingClass>,
    pub alibi: Option<Alibi>,
}

/// What stands somewhere in a damaged journal.
#[derive(Debug, Clone, Copy)]
enum Piece {
    /// A line of the sound journal, by its index, and whether its line feed follows it.
    Line { index: usize, end: usize, terminated: bool },
    /// Anything else.
    Other { start: usize, end: usize },
}

/// Something between two lines that are intact.
#[derive(Debug, Clone, Copy)]
struct Gap {
    start: usize,
    end: usize,
    /// Whether it begins in the place of a line feed.
    lacks_line_feed: bool,
}

/// Whether all lines of a sound journal stand at the beginning of another one.
pub fn untouched(shape: &Shape, damaged: &[u8]) -> bool {
    damaged.get(..shape.end) == Some(&shape.bytes[..shape.end])
}

/// The indices of the lines that stand intact in a damaged journal, each once, in its order.
pub fn intact(shape: &Shape, damaged: &[u8]) -> Vec<usize> {
    let mut found: Vec<usize> = pieces(shape, damaged).iter().filter_map(index_of).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn index_of(piece: &Piece) -> Option<usize> {
    match piece {
        Piece::Line { index, .. } => Some(*index),
        Piece::Other { .. } => None,
    }
}

fn line_at(shape: &Shape, damaged: &[u8], start: usize) -> Option<(usize, usize)> {
    let rest = damaged.get(start..)?;
    if !rest.starts_with(RECORD_START) {
        return None;
    }
    let index = shape.lines.iter().position(|line| rest.starts_with(line.solid()))?;
    Some((index, start + shape.lines[index].solid().len()))
}

fn pieces(shape: &Shape, damaged: &[u8]) -> Vec<Piece> {
    let solid = damaged.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < solid {
        if let Some((index, end)) = line_at(shape, damaged, start) {
            let terminated = damaged.get(end) == Some(&b'\n');
            pieces.push(Piece::Line { index, end, terminated });
            start = end + usize::from(terminated);
        } else {
            let beginnings = memmem::find_iter(&damaged[start + 1..solid], RECORD_START);
            let mut beginnings = beginnings.map(|distance| start + 1 + distance);
            let next = beginnings.find(|&next| line_at(shape, damaged, next).is_some());
            let end = next.unwrap_or(solid);
            pieces.push(Piece::Other { start, end });
            start = end;
        }
    }
    pieces
}

/// What should be found in a damaged journal.
pub fn expected(shape: &Shape, damaged: &[u8]) -> Expected {
    if !is_provable(shape, damaged) {
        return Expected { classes: vec![Header], alibi: None };
    }
    let mut classes = Vec::new();
    if damaged.starts_with(&foreign()[0]) {
        classes.push(Header);
    }
    let pieces = pieces(shape, damaged);
    Reading { shape, damaged, next_seq: 0, read: Vec::new(), classes }.over(&pieces)
}

/// Whether anything says what the journal's id is: its header, wherever it is, a snapshot, or two
/// lines.
pub fn is_provable(shape: &Shape, damaged: &[u8]) -> bool {
    let ends_in_a_record =
        |line: &&[u8]| shape.lines.iter().any(|known| line.ends_with(known.solid()));
    shape.floor > 0
        || damaged.starts_with(shape.lines[0].solid())
        || damaged.split(|&byte| byte == b'\n').any(|line| line.ends_with(shape.lines[0].solid()))
        || damaged.split(|&byte| byte == b'\n').filter(ends_in_a_record).count() > 1
}

/// A pass over a damaged journal.
struct Reading<'a> {
    shape: &'a Shape,
    damaged: &'a [u8],
    next_seq: u64,
    /// Lines in their place.
    read: Vec<usize>,
    classes: Vec<FindingClass>,
}

impl Reading<'_> {
    fn over(mut self, pieces: &[Piece]) -> Expected {
        let mut gap: Option<Gap> = None;
        for (place, piece) in pieces.iter().enumerate() {
            match *piece {
                Piece::Other { start, end } => {
                    let begun = gap.unwrap_or(Gap { start, end, lacks_line_feed: false });
                    gap = Some(Gap { end, ..begun });
                }
                Piece::Line { index, end, terminated } => {
                    if let Some(gap) = gap
                        && self.is_of_one_unfinished_write(gap, &pieces[place..])
                    {
                        self.classes.push(TornTail);
                        return self.close(Some(Alibi::BlankInBatch));
                    }
                    self.line(index, gap.take());
                    gap = (!terminated).then_some(Gap { start: end, end, lacks_line_feed: true });
                }
            }
        }
        let alibi = match gap {
            None => self.clean_end(),
            Some(gap) => self.end(gap),
        };
        self.close(alibi)
    }

    fn line(&mut self, index: usize, gap: Option<Gap>) {
        let line = &self.shape.lines[index];
        let excused = self.shape.excused == Some(self.next_seq) && line.seq == self.next_seq + 1;
        let lost = if self.next_seq == 0 { Header } else { SequenceGap };
        if line.seq < self.next_seq {
            self.classes.push(Duplicate);
            return;
        }
        match gap {
            Some(gap) if self.is_foreign(gap) => self.classes.push(Foreign),
            Some(_) if self.next_seq == 0 => self.classes.push(Header),
            Some(_) => self.classes.push(Corrupt),
            None if line.seq > self.next_seq && !excused => self.classes.push(lost),
            None => {}
        }
        self.next_seq = line.seq + 1;
        self.read.push(index);
    }

    /// The end without anything behind the last line: records may be gone all the same.
    fn clean_end(&self) -> Option<Alibi> {
        let all = self.read.len() == self.shape.lines.len();
        (!all && self.classes.is_empty()).then_some(Alibi::CleanCut)
    }

    fn end(&mut self, gap: Gap) -> Option<Alibi> {
        let left = &self.damaged[gap.start..gap.end];
        let instead = self.damaged.get(gap.start);
        let blank_follows = matches!(instead, None | Some(b' ' | 0));
        let alibi = if self.has_blank_sector(gap, true) {
            Some(Alibi::BlankSector)
        } else if !left.contains(&b'\n')
            && (!gap.lacks_line_feed || blank_follows || left.len() > 1)
        {
            Some(Alibi::NoLineFeed)
        } else {
            None
        };
        self.classes.push(match alibi {
            Some(_) => TornTail,
            None if self.is_foreign(gap) => Foreign,
            None => AmbiguousTail,
        });
        alibi
    }

    fn close(mut self, alibi: Option<Alibi>) -> Expected {
        let last = self.next_seq.saturating_sub(1);
        if last < self.shape.floor {
            self.classes.push(Truncated);
        }
        let has = |seq: u64| self.read.iter().any(|index| self.shape.lines[*index].seq == seq);
        if self.shape.erased.is_some_and(|(erased, redaction)| has(erased) && !has(redaction)) {
            self.classes.push(ChainBreak);
        }
        self.classes.sort_unstable();
        Expected { classes: self.classes, alibi }
    }

    /// Whether a gap and all that follows it may be one write, some sectors of which are missing.
    fn is_of_one_unfinished_write(&self, gap: Gap, rest: &[Piece]) -> bool {
        let batches = rest.iter().filter_map(index_of).map(|index| self.shape.lines[index].batch);
        let mut batches: Vec<Option<u64>> = batches.collect();
        batches.dedup();
        let [Some(first)] = batches[..] else { return false };
        let mut start = None;
        let mut gaps = vec![gap];
        for piece in rest {
            match *piece {
                Piece::Other { start: from, end } => {
                    let (from, lacks) = start.take().map_or((from, false), |at| (at, true));
                    gaps.push(Gap { start: from, end, lacks_line_feed: lacks });
                }
                Piece::Line { end, terminated, .. } => start = (!terminated).then_some(end),
            }
        }
        let (last, inner) = gaps.split_last().unwrap_or((&gap, &[]));
        let reaches_the_end = gaps.len() > 1 && matches!(rest.last(), Some(Piece::Other { .. }));
        let last_is_torn = if reaches_the_end {
            self.has_blank_sector(*last, true)
                || !self.damaged[last.start..last.end].contains(&b'\n')
        } else {
            self.has_blank_sector(*last, false)
        };
        first <= self.next_seq
            && last_is_torn
            && inner.iter().all(|gap| self.has_blank_sector(*gap, false))
    }

    /// Whether a sector that the gap reaches over holds nothing: it may begin where the gap does,
    /// and end where the file does.
    fn has_blank_sector(&self, gap: Gap, at_the_end: bool) -> bool {
        let end = if at_the_end { self.damaged.len() } else { gap.end };
        let mut start = gap.start;
        while start < gap.end.max(gap.start + 1).min(end) {
            let next = (start / SECTOR + 1) * SECTOR;
            let is_whole = next <= end || at_the_end;
            let sector = &self.damaged[start..next.min(end)];
            if is_whole && sector.iter().all(|byte| matches!(byte, b' ' | 0)) {
                return true;
            }
            start = next;
        }
        false
    }

    fn is_foreign(&self, gap: Gap) -> bool {
        let mut lines = self.damaged[gap.start..gap.end].split(|&byte| byte == b'\n');
        lines.any(|line| foreign().iter().any(|known| known.strip_suffix(b"\n") == Some(line)))
    }
}
