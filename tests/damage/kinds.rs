//! Every kind of damage, and all the cases of it that a journal allows.

use annals::format::bounds::SECTOR_BYTES;

use crate::shapes::{Shape, foreign};

const SECTOR: usize = SECTOR_BYTES as usize;

/// A kind of damage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    BitFlipped,
    Cut,
    ByteDeleted,
    ByteInserted,
    SectorNul,
    SectorBlank,
    SectorOverwritten,
    SectorRepeated,
    RecordRemoved,
    RecordRepeated,
    RecordsSwapped,
    RecordsGlued,
    ForeignInserted,
    ForeignInstead,
    NulTail,
    TornPrefix,
    TornSectors,
}

/// What is done with each damaged journal.
type Visit<'a> = &'a mut dyn FnMut(&[u8]);

impl Kind {
    pub const ALL: [(Self, &'static str); 17] = [
        (Self::BitFlipped, "a bit flipped"),
        (Self::Cut, "cut short"),
        (Self::ByteDeleted, "a byte deleted"),
        (Self::ByteInserted, "a byte inserted"),
        (Self::SectorNul, "a sector of NUL"),
        (Self::SectorBlank, "a sector of spaces"),
        (Self::SectorOverwritten, "a sector over another"),
        (Self::SectorRepeated, "a sector twice"),
        (Self::RecordRemoved, "a record removed"),
        (Self::RecordRepeated, "a record twice"),
        (Self::RecordsSwapped, "two records swapped"),
        (Self::RecordsGlued, "records glued together"),
        (Self::ForeignInserted, "a foreign line inserted"),
        (Self::ForeignInstead, "a foreign line instead"),
        (Self::NulTail, "NUL behind the end"),
        (Self::TornPrefix, "unfinished write: its beginning"),
        (Self::TornSectors, "unfinished write: some sectors"),
    ];

    /// Whether it is what a crash leaves of a write that nobody was told of.
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::TornPrefix | Self::TornSectors)
    }

    /// Of how many cases one is recovered as well. A prime, so that no bit of a byte is left out.
    pub fn share(self) -> u64 {
        match self {
            Self::BitFlipped | Self::ByteInserted => 127,
            Self::Cut | Self::ByteDeleted | Self::TornPrefix => 31,
            _ => 1,
        }
    }

    /// Shows every case of this kind to `visit`.
    pub fn each(self, shape: &Shape, visit: Visit<'_>) {
        match self {
            Self::BitFlipped => bits(&shape.bytes, visit),
            Self::Cut => (0..shape.bytes.len()).for_each(|len| visit(&shape.bytes[..len])),
            Self::ByteDeleted => deletions(&shape.bytes, visit),
            Self::ByteInserted => insertions(&shape.bytes, visit),
            Self::SectorNul => filled_sectors(&shape.bytes, 0, visit),
            Self::SectorBlank => filled_sectors(&shape.bytes, b' ', visit),
            Self::SectorOverwritten => overwritten_sectors(&shape.bytes, visit),
            Self::SectorRepeated => repeated_sectors(&shape.bytes, visit),
            Self::RecordRemoved => removals(shape, visit),
            Self::RecordRepeated => repetitions(shape, visit),
            Self::RecordsSwapped => swaps(shape, visit),
            Self::RecordsGlued => glued(shape, visit),
            Self::ForeignInserted => foreign_lines(shape, 0, visit),
            Self::ForeignInstead => foreign_lines(shape, 1, visit),
            Self::NulTail => nul_tails(shape, visit),
            Self::TornPrefix => torn_prefixes(shape, visit),
            Self::TornSectors => torn_sectors(shape, visit),
        }
    }
}

fn bits(bytes: &[u8], visit: Visit<'_>) {
    let mut damaged = bytes.to_vec();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            damaged[place] ^= 1 << bit;
            visit(&damaged);
            damaged[place] = bytes[place];
        }
    }
}

fn deletions(bytes: &[u8], visit: Visit<'_>) {
    for place in 0..bytes.len() {
        visit(&[&bytes[..place], &bytes[place + 1..]].concat());
    }
}

/// What readers and writers give a meaning to, and a letter.
fn insertions(bytes: &[u8], visit: Visit<'_>) {
    for place in 0..=bytes.len() {
        for inserted in [b"\0", b" ", b"\n", b"x"] {
            visit(&[&bytes[..place], inserted, &bytes[place..]].concat());
        }
    }
}

/// The places of the sectors, the last of which may be short.
fn sectors(bytes: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
    let len = bytes.len();
    (0..len).step_by(SECTOR).map(move |start| start..(start + SECTOR).min(len))
}

fn filled_sectors(bytes: &[u8], fill: u8, visit: Visit<'_>) {
    for place in sectors(bytes) {
        let mut damaged = bytes.to_vec();
        damaged[place].fill(fill);
        visit(&damaged);
    }
}

fn overwritten_sectors(bytes: &[u8], visit: Visit<'_>) {
    for from in sectors(bytes) {
        for to in sectors(bytes).filter(|to| to.len() <= from.len()) {
            let mut damaged = bytes.to_vec();
            damaged[to.clone()].copy_from_slice(&bytes[from.start..from.start + to.len()]);
            visit(&damaged);
        }
    }
}

fn repeated_sectors(bytes: &[u8], visit: Visit<'_>) {
    for place in sectors(bytes) {
        visit(&[&bytes[..place.end], &bytes[place.start..]].concat());
    }
}

/// A journal of these lines, padded as the sound one is.
fn journal(shape: &Shape, lines: &[&[u8]]) -> Vec<u8> {
    [&lines.concat(), &shape.bytes[shape.end..]].concat()
}

fn lines(shape: &Shape) -> Vec<&[u8]> {
    shape.lines.iter().map(|line| &*line.bytes).collect()
}

fn removals(shape: &Shape, visit: Visit<'_>) {
    for index in 0..shape.lines.len() {
        let mut kept = lines(shape);
        kept.remove(index);
        visit(&journal(shape, &kept));
    }
}

fn repetitions(shape: &Shape, visit: Visit<'_>) {
    for (index, repeated) in lines(shape).into_iter().enumerate() {
        for place in 0..=shape.lines.len() {
            // Behind itself and before itself are the same bytes.
            if place != index {
                let mut longer = lines(shape);
                longer.insert(place, repeated);
                visit(&journal(shape, &longer));
            }
        }
    }
}

fn swaps(shape: &Shape, visit: Visit<'_>) {
    for second in 1..shape.lines.len() {
        for first in 0..second {
            let mut swapped = lines(shape);
            swapped.swap(first, second);
            visit(&journal(shape, &swapped));
        }
    }
}

/// A line feed that is lost, and a line that breaks off where the next one begins.
fn glued(shape: &Shape, visit: Visit<'_>) {
    for index in 0..shape.lines.len() {
        let line = lines(shape)[index];
        for left in (1..line.len()).filter(|left| left % 16 == 0 || left + 1 == line.len()) {
            let mut glued = lines(shape);
            glued[index] = &line[..left];
            visit(&journal(shape, &glued));
        }
    }
}

/// The header and the first record of another journal, with `replaced` lines gone for them.
fn foreign_lines(shape: &Shape, replaced: usize, visit: Visit<'_>) {
    for stranger in foreign() {
        for place in 0..=shape.lines.len() - replaced {
            let mut mixed = lines(shape);
            mixed.splice(place..place + replaced, [&**stranger]);
            visit(&journal(shape, &mixed));
        }
    }
}

/// NUL in the place of padding, or behind it, as a file system leaves a file that it has extended.
fn nul_tails(shape: &Shape, visit: Visit<'_>) {
    for count in [1, 2, SECTOR - 1, SECTOR, SECTOR + 1, 3 * SECTOR, 8 * SECTOR] {
        for end in [shape.end, shape.bytes.len()] {
            let mut damaged = shape.bytes[..end].to_vec();
            damaged.resize(end + count, 0);
            damaged.extend_from_slice(shape.bytes.get(end + count..).unwrap_or_default());
            visit(&damaged);
        }
    }
}

/// Where the last write began, if it was not that of the session's creation.
fn last_write(shape: &Shape) -> Option<usize> {
    let first = Some(shape.last_write()).filter(|first| *first > 0)?;
    // A snapshot is written behind the acknowledgement: where there is one, nothing is unfinished.
    (shape.floor < shape.lines[first].seq).then(|| shape.lines[first].offset)
}

fn torn_prefixes(shape: &Shape, visit: Visit<'_>) {
    let Some(start) = last_write(shape) else { return };
    for end in start..=shape.end {
        visit(&shape.bytes[..end]);
        for fill in [b' ', 0] {
            let mut torn = shape.bytes.clone();
            torn[end..].fill(fill);
            visit(&torn);
        }
    }
}

/// Each sector of the last write arrived, or still holds spaces, or holds NUL.
fn torn_sectors(shape: &Shape, visit: Visit<'_>) {
    const STATES: usize = 3;
    let Some(start) = last_write(shape) else { return };
    let first = start / SECTOR;
    let count = shape.end.div_ceil(SECTOR) - first;
    for mut states in 0..STATES.pow(u32::try_from(count).unwrap()) {
        let mut torn = shape.bytes.clone();
        for sector in first..first + count {
            let end = ((sector + 1) * SECTOR).min(torn.len());
            let place = start.max(sector * SECTOR)..end;
            match states % STATES {
                0 => {}
                1 => torn[place].fill(b' '),
                _ => torn[place].fill(0),
            }
            states /= STATES;
        }
        visit(&torn);
    }
}
