//! A journal that is written again beside the old one, and takes its place in one step.

use super::files::{Durability, remove_leftover, write_new};
use super::padding::padded_len;
use super::quarantine::for_each_chunk;
use crate::disk::{Access, Disk, DiskError, DiskFile, FileLockGuard};
use crate::format::bounds::PADDING;
use crate::format::layout::SessionPaths;
use crate::vocabulary::{Digest, Link};

/// The successor of a journal. Dropping it leaves the journal as it is.
pub(super) struct Rewriting<'d> {
    disk: &'d dyn Disk,
    paths: &'d SessionPaths,
    file: Box<dyn DiskFile>,
    end: u64,
    /// The last record that was put in.
    pub(super) seq: u64,
    /// Its link.
    pub(super) head: Link,
}

impl<'d> Rewriting<'d> {
    /// An empty successor, in the place of one that may be left over from a writer that died.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn begin(disk: &'d dyn Disk, paths: &'d SessionPaths) -> Result<Self, DiskError> {
        let successor = paths.journal_successor();
        remove_leftover(disk, &successor)?;
        write_new(disk, &successor, &[], Durability::Buffered)?;
        let file = disk.open(&successor, Access::Write)?;
        Ok(Self { disk, paths, file, end: 0, seq: 0, head: Digest::ZERO })
    }

    /// Appends lines, the last of which is record `seq` with this link.
    pub(super) fn put(&mut self, seq: u64, link: Link, lines: &[u8]) -> Result<(), DiskError> {
        self.file.write_at(self.end, lines)?;
        self.end += lines.len() as u64;
        (self.seq, self.head) = (seq, link);
        Ok(())
    }

    /// Appends a range of another file.
    pub(super) fn copy(
        &mut self,
        file: &dyn DiskFile,
        from: u64,
        to: u64,
    ) -> Result<(), DiskError> {
        let place = self.end;
        for_each_chunk(file, from, to, |offset, bytes| {
            self.file.write_at(place + (offset - from), bytes)
        })?;
        self.end += to - from;
        Ok(())
    }

    /// Pads the successor, makes it durable, and puts it in the journal's place. Should this
    /// process die before that is on the medium, the mark at the lock keeps others from building
    /// on it: the next writer copies the journal first.
    ///
    /// # Errors
    ///
    /// Those of the medium. Unless it was the very last sync that failed, the old journal is still
    /// in place.
    pub(super) fn finish(self, guard: &FileLockGuard<'_>) -> Result<(), DiskError> {
        let missing = padded_len(self.end) - self.end;
        let padding = vec![PADDING; usize::try_from(missing).unwrap_or(0)];
        self.file.write_at(self.end, &padding)?;
        self.file.sync_data()?;
        guard.mark_suspect()?;
        self.disk.rename(&self.paths.journal_successor(), &self.paths.journal())?;
        self.disk.sync_dir(self.paths.root())?;
        // If the mark stays, the next writer copies the journal for nothing.
        let _best_effort = guard.clear_suspect();
        Ok(())
    }
}
