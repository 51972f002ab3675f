//! Sealing older history: its lines move from the journal into compressed segments, byte for byte.

use std::sync::Arc;

use tracing::info;

use super::reader::{End, Position, Reader, Step, Tail};
use super::rewriting::Rewriting;
use super::scan::Found;
use super::writer::{Core, JournalWriter, snapshot_of};
use super::{Journal, JournalError, segments, snapshots};
use crate::disk::{DiskError, DiskFile, FileLockGuard};
use crate::format::bounds::SEGMENT_BYTES;
use crate::format::{Header, Sealed, Segment};
use crate::vocabulary::{Key, Link};

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compaction {
    /// Records that are sealed now, the header not counted as one.
    pub records_sealed: u64,
    /// Bytes of the journal and its segments on the medium before.
    pub bytes_before: u64,
    /// The same afterwards.
    pub bytes_after: u64,
    /// Whether anything was changed.
    pub changed: bool,
}

/// Where a journal is cut in two.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// The first record that stays.
    seq: u64,
    /// Where it begins in the history.
    offset: u64,
    /// The record that it follows.
    prev: Link,
}

impl JournalWriter {
    /// Seals all but the newest `keep` records, and at least the last one stays. Writes that were
    /// made in one go stay together, so that more may be kept. A journal too short for it is left
    /// alone.
    ///
    /// # Errors
    ///
    /// As of an append. If it fails half-way, the journal holds its history as before.
    pub fn compact(&mut self, keep: u64) -> Result<Compaction, Arc<JournalError>> {
        self.alone(|core, guard| core.compact(keep, guard))
    }
}

impl Core {
    fn compact(
        &mut self,
        keep: u64,
        guard: &FileLockGuard<'_>,
    ) -> Result<Compaction, JournalError> {
        let journal = &self.journal;
        let bytes_before = stored_bytes(journal)?;
        let unchanged = Compaction {
            records_sealed: journal.file.sealed_seq(),
            bytes_before,
            bytes_after: bytes_before,
            changed: false,
        };
        let (disk, paths) = (&*journal.disk, &journal.paths);
        let Some(cut) = find_cut(journal, keep)? else {
            // What one that died has left behind goes even so.
            segments::remove_unnamed(disk, paths, &named(journal))?;
            return Ok(unchanged);
        };
        // With it, nobody has to unpack what is sealed in order to know the state.
        snapshots::write(disk, paths, &snapshot_of(journal, true))?;
        let sealed = Sealed { head: cut.prev, segments: seal(journal, cut)? };
        let header = Header::of_sealed(journal.id, journal.session.clone(), sealed);
        let by = self.settings.by.clone().bounded();
        let line = header.encode(journal.began, &by, &Key::generate())?;
        if line.line.len() as u64 > cut.offset {
            segments::remove_unnamed(disk, paths, &named(journal))?;
            return Ok(unchanged);
        }
        let mut writing = Rewriting::begin(disk, paths)?;
        writing.put(0, line.link, &line.line)?;
        writing.copy(&journal.file, cut.offset, journal.replay.end_offset)?;
        writing.finish(guard)?;
        self.journal.refresh()?;
        let journal = &self.journal;
        segments::remove_unnamed(&*journal.disk, &journal.paths, &named(journal))?;
        let bytes_after = stored_bytes(journal)?;
        let records_sealed = cut.seq - 1;
        info!(session_id = %journal.session, records_sealed, bytes_before, bytes_after, "compacted");
        Ok(Compaction { records_sealed, bytes_before, bytes_after, changed: true })
    }
}

/// The last place where a write began and at least `keep` records follow; `None` where that seals
/// nothing new.
fn find_cut(journal: &Journal, keep: u64) -> Result<Option<Cut>, JournalError> {
    let last = (journal.replay.seq + 1).saturating_sub(keep.max(1));
    let sealed = journal.file.sealed_seq();
    let mut cut = None;
    let mut reader = journal.reader_from(journal.file.position_before(sealed + 1));
    while let Some(found) = next_sound(&mut reader)? {
        let view = &found.view;
        if view.seq > last {
            break;
        }
        let begins_a_write = view.batch.is_none_or(|first| first == view.seq);
        if begins_a_write && view.seq > sealed + 1 {
            cut = Some(Cut { seq: view.seq, offset: found.offset, prev: view.prev });
        }
    }
    Ok(cut)
}

/// Writes the segments of everything before a cut. Those that are full already stay as they are;
/// a last one that is not is sealed again with what follows it.
fn seal(journal: &Journal, cut: Cut) -> Result<Vec<Segment>, JournalError> {
    let is_full = |segment: &Segment| segment.bytes >= SEGMENT_BYTES as u64;
    let mut done: Vec<Segment> = named(journal);
    done.truncate(done.iter().take_while(|segment| is_full(segment)).count());
    let from = done.last().map_or(Position::START, |last| {
        let offset = done.iter().map(|segment| segment.bytes).sum();
        Position { seq: last.last_seq + 1, offset }
    });
    let (mut lines, mut first_seq) = (Vec::new(), from.seq);
    let mut write = |lines: &mut Vec<u8>, last_seq| -> Result<(), JournalError> {
        let (disk, paths) = (&*journal.disk, &journal.paths);
        done.push(segments::write(disk, paths, first_seq, last_seq, lines)?);
        first_seq = last_seq + 1;
        lines.clear();
        Ok(())
    };
    let mut reader = journal.reader_from(from);
    while let Some(found) = next_sound(&mut reader)? {
        if found.offset >= cut.offset {
            break;
        }
        lines.extend_from_slice(found.line);
        lines.push(b'\n');
        if lines.len() >= SEGMENT_BYTES {
            write(&mut lines, found.view.seq)?;
        }
    }
    if !lines.is_empty() {
        write(&mut lines, cut.seq - 1)?;
    }
    Ok(done)
}

/// The next record, or `None` at the end. History is not moved unless all of it proves itself: what
/// a snapshot has hidden from the writer so far comes to light here.
pub(super) fn next_sound<'r>(
    reader: &'r mut Reader<'_>,
) -> Result<Option<Found<'r>>, JournalError> {
    let wrong = match reader.next_step()? {
        Step::Record { found, before: None } => return Ok(Some(found)),
        Step::Record { before: Some(wrong), .. } | Step::Misplaced { wrong, .. } => wrong.finding,
        Step::End(End { tail: Tail::Clean, .. }) => return Ok(None),
        Step::End(End { tail: Tail::Torn { finding, .. }, .. }) => finding,
        Step::End(End { tail: Tail::Ambiguous(wrong), .. }) => wrong.finding,
    };
    Err(JournalError::Corrupted { finding: Box::new(wrong) })
}

/// The segments that the journal's header names.
pub(super) fn named(journal: &Journal) -> Vec<Segment> {
    journal.file.parts().iter().map(|part| part.segment.clone()).collect()
}

fn stored_bytes(journal: &Journal) -> Result<u64, DiskError> {
    let mut bytes = journal.file.info()?.len - journal.file.shift();
    for part in journal.file.parts() {
        bytes += journal.disk.info(&part.path)?.map_or(0, |info| info.len);
    }
    Ok(bytes)
}
