//! Everything that can be proved of a damaged journal, and the journal that is made of it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::absent::Absent;
use super::arrange::Arranged;
use super::copies::Copy;
use super::identity::named_by_copies;
use super::merging::{Candidates, Kept, Merged, begins_a_whole_journal};
use super::ranges::Named;
use crate::disk::{Access, Disk, DiskError, DiskFile};
use crate::format::bounds::SNAPSHOT_BYTES_MAX;
use crate::format::layout::SessionPaths;
use crate::format::{Header, JournalId, LineView, Seed, Segment, Snapshot, verify_checksum};
use crate::journal::JournalError;
use crate::journal::files::read_bounded;
use crate::journal::history::{Opened, open_history_or};
use crate::journal::quarantine::Original;
use crate::journal::reader::{End, Position, Reader, Step, Tail, Wrong, lost_by};
use crate::journal::recognise::Recognised;
use crate::journal::scan::{Found, Piece, Scanner};
use crate::journal::segments::read_lines;
use crate::journal::snapshots::Snapshots;
use crate::journal::whole::{Part, WholeJournal};
use crate::vocabulary::{Digest, Link, SessionId};

/// Open files that are to be set aside.
type Originals = Vec<(Original, Box<dyn DiskFile>)>;

/// Everything that can be proved of a damaged journal.
pub(super) struct Salvage<'a> {
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) paths: &'a SessionPaths,
    pub(super) session: &'a SessionId,
    pub(super) id: JournalId,
    /// Whether there is a journal's file at all.
    pub(super) has_journal: bool,
    /// The journal with its segments.
    pub(super) journal: WholeJournal,
    pub(super) snapshots: Snapshots,
    pub(super) misnamed_snapshots: Vec<PathBuf>,
    /// History of other sessions where the snapshots of this one go.
    pub(super) in_the_way: Vec<Copy>,
    pub(super) candidates: Candidates,
    pub(super) copies: Vec<Source>,
    /// What is wrong between the records of the journal.
    pub(super) wrongs: Vec<Wrong>,
    pub(super) end: End,
    /// The last record of the journal itself.
    pub(super) journal_end: Option<u64>,
    /// What earlier recoveries have named.
    pub(super) named: Vec<Named>,
}

/// A file beside the journal, and what it had to offer.
pub(super) struct Source {
    pub(super) copy: Copy,
    /// `None` where it is of another journal.
    pub(super) file: Option<Box<dyn DiskFile>>,
    pub(super) merged: Merged,
}

impl Source {
    /// Whether it may lie where it is.
    pub(super) fn stays(&self) -> bool {
        self.copy.is_lock() || self.copy.is_in_place() && self.merged.added.is_none()
    }
}

/// A record of a copy, with what it says was lost.
struct Offered {
    seq: u64,
    kept: Kept,
    names: Vec<Named>,
}

impl<'a> Salvage<'a> {
    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupted`] where nothing can be proved, and those of the medium.
    pub(super) fn of(
        disk: &'a Arc<dyn Disk>,
        paths: &'a SessionPaths,
        session: &'a SessionId,
        arranged: &Arranged,
    ) -> Result<Self, JournalError> {
        let has_journal = arranged.has_journal;
        let file = match has_journal {
            true => disk.open(&paths.journal(), Access::Read)?,
            false => Box::new(Absent) as Box<dyn DiskFile>,
        };
        let named = |_: Option<&Header>| named_by_copies(session, arranged);
        let Opened { file, snapshots, id, .. } =
            open_history_or(disk, paths, session, file, None, named)?;
        let end = End { offset: 0, file_len: 0, tail: Tail::Clean };
        let mut salvage = Self {
            disk,
            paths,
            session,
            id,
            has_journal,
            journal: file,
            snapshots,
            misnamed_snapshots: Vec::new(),
            in_the_way: Vec::new(),
            candidates: Candidates::default(),
            copies: Vec::new(),
            wrongs: Vec::new(),
            end,
            journal_end: None,
            named: Vec::new(),
        };
        salvage.read_journal()?;
        // What a writer that died was making holds nothing that is not elsewhere too.
        for copy in arranged.copies.0.iter().filter(|copy| !copy.is_successor()) {
            salvage.read_copy(copy)?;
        }
        salvage.snapshots.readable.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.seq));
        Ok(salvage)
    }

    pub(super) fn seed(&self) -> Seed {
        Seed::of(self.id)
    }

    fn read_journal(&mut self) -> Result<(), DiskError> {
        let mut reader =
            Reader::new(&self.journal, self.session, Seed::of(self.id), Position::START);
        self.end = loop {
            let (found, wrong) = match reader.next_step()? {
                Step::Record { found, before } => (found, before),
                Step::Misplaced { found, wrong } => (found, Some(wrong)),
                Step::End(end) => break end,
            };
            self.wrongs.extend(wrong);
            self.named.extend(named_by(&found.view));
            if is_fit_to_keep(&found, self.session, self.id) {
                self.candidates.insert(found.view.seq, kept_of(&found, 0));
            }
        };
        self.journal_end = self.candidates.last();
        Ok(())
    }

    fn read_copy(&mut self, copy: &Copy) -> Result<(), DiskError> {
        let is_part = self.journal.parts().iter().any(|part| part.path == copy.path);
        match &copy.what {
            Recognised::Snapshot { session, id, .. }
                if session == self.session && *id == self.id && !copy.is_in_place() =>
            {
                self.snapshots.readable.extend(read_snapshot(&**self.disk, &copy.path)?);
                self.misnamed_snapshots.push(copy.path.clone());
            }
            _ if copy.is_of(self.seed()) && !is_part => {
                let file = open_copy(self.disk, copy)?;
                let offered = self.offered(&*file)?;
                let records: Vec<(u64, Kept)> =
                    offered.iter().map(|offered| (offered.seq, offered.kept)).collect();
                let merged = self.candidates.merge(&records);
                self.named.extend(offered.into_iter().flat_map(|offered| offered.names));
                self.copies.push(Source { copy: copy.clone(), file: Some(file), merged });
            }
            Recognised::Journal { session, .. } if session == self.session && !is_part => {
                let merged = Merged { added: None, diverges_at: Some(0) };
                self.copies.push(Source { copy: copy.clone(), file: None, merged });
            }
            Recognised::Journal { .. } | Recognised::Lines { .. } | Recognised::Segment { .. }
                if copy.is_in_the_way() =>
            {
                self.in_the_way.push(copy.clone());
            }
            _ => {}
        }
        Ok(())
    }

    /// The records of this journal in another file, in order.
    fn offered(&self, file: &dyn DiskFile) -> Result<Vec<Offered>, DiskError> {
        let source = self.copies.len() + 1;
        let mut offered = Vec::new();
        let mut scanner = Scanner::new(file, self.seed(), 0);
        loop {
            match scanner.next_piece()? {
                Piece::Record { .. } => {
                    if let Some(found) = scanner.found()
                        && is_fit_to_keep(&found, self.session, self.id)
                    {
                        let (seq, kept) = (found.view.seq, kept_of(&found, source));
                        offered.push(Offered { seq, kept, names: named_by(&found.view) });
                    }
                }
                Piece::Damage(_) => {}
                Piece::End { .. } => break,
            }
        }
        offered.sort_by_key(|offered| offered.seq);
        Ok(offered)
    }

    /// The files that are damaged, are about to be replaced, or have no business where they are.
    /// They have to be in quarantine before the journal says that they are.
    pub(super) fn originals(&self) -> Result<Originals, DiskError> {
        let mut originals = Originals::new();
        if self.must_rewrite() {
            self.add_own_originals(&mut originals)?;
        }
        for copy in self.copies_to_set_aside() {
            originals.push((copy.original(), self.disk.open(&copy.path, Access::Read)?));
        }
        Ok(originals)
    }

    fn add_own_originals(&self, originals: &mut Originals) -> Result<(), DiskError> {
        if self.has_journal {
            let journal = self.disk.open(&self.paths.journal(), Access::Read)?;
            originals.push((Original::Journal, journal));
        }
        for part in self.journal.broken() {
            match self.disk.open(&part.path, Access::Read) {
                Ok(file) => {
                    let Segment { first_seq, last_seq, .. } = part.segment;
                    originals.push((Original::Segment { first_seq, last_seq }, file));
                }
                Err(gone) if gone.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Copies that have been read, and do not lie where such files do; and what a new snapshot would
    /// take the place of.
    pub(super) fn copies_to_set_aside(&self) -> impl Iterator<Item = &Copy> {
        let read = self.copies.iter().filter(|source| !source.stays()).map(|source| &source.copy);
        read.chain(self.in_the_way.iter().filter(|_| self.must_rewrite()))
    }

    /// Segments whose records are all in the journal once that is written again, or that were set
    /// aside. What another journal's segment does here is for whoever finds its session.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn superseded_segments(&self) -> Result<Vec<PathBuf>, DiskError> {
        let broken: Vec<&Path> =
            self.journal.broken().iter().map(|part| part.path.as_path()).collect();
        let mut superseded = Vec::new();
        for part in self.journal.parts() {
            let Some(lines) = read_lines(&**self.disk, &part.path)? else { continue };
            if broken.contains(&part.path.as_path()) || self.are_own(&lines) {
                superseded.push(part.path.clone());
            }
        }
        let leftovers = self.copies.iter().filter(|source| {
            source.copy.is_in_place()
                && matches!(source.copy.what, Recognised::Segment { segment: Some(_), .. })
                && source.merged == Merged::default()
        });
        superseded.extend(leftovers.map(|source| source.copy.path.clone()));
        Ok(superseded)
    }

    fn are_own(&self, lines: &[u8]) -> bool {
        let first = lines.split(|&byte| byte == b'\n').next().unwrap_or_default();
        verify_checksum(self.seed(), first).is_ok()
    }

    /// Snapshots of this journal under names of their own.
    pub(super) fn superseded_snapshots(&self) -> &[PathBuf] {
        &self.misnamed_snapshots
    }
}

fn kept_of(found: &Found<'_>, source: usize) -> Kept {
    let (length, view): (u64, &LineView<'_>) = (found.line.len() as u64, &found.view);
    let (prev, link): (Link, Link) = (view.prev, view.link());
    Kept { source, offset: found.offset, length, prev, link }
}

/// What a record says was lost, with which record says so.
fn named_by(view: &LineView<'_>) -> Vec<Named> {
    let (seq, link) = (view.seq, view.link());
    lost_by(view).into_iter().map(|range| Named { seq, link, range }).collect()
}

/// A header is kept only where it says what will be true of the new journal.
fn is_fit_to_keep(found: &Found<'_>, session: &SessionId, id: JournalId) -> bool {
    found.view.seq > 0 || begins_a_whole_journal(found.line, session, id)
}

/// The lines that a copy holds.
fn open_copy(disk: &Arc<dyn Disk>, copy: &Copy) -> Result<Box<dyn DiskFile>, DiskError> {
    if !matches!(copy.what, Recognised::Segment { .. }) {
        return disk.open(&copy.path, Access::Read);
    }
    let lines = read_lines(&**disk, &copy.path)?.unwrap_or_default();
    let (bytes, digest) = (lines.len() as u64, Digest::of(&lines));
    let segment = Segment { first_seq: 0, last_seq: 0, bytes, digest };
    let part = Part { segment, path: copy.path.clone(), from: 0 };
    Ok(Box::new(WholeJournal::new(disk, Box::new(Absent), vec![part], 0)))
}

fn read_snapshot(disk: &dyn Disk, path: &Path) -> Result<Option<Snapshot>, DiskError> {
    let bytes = read_bounded(disk, path, SNAPSHOT_BYTES_MAX)?;
    Ok(bytes.and_then(|bytes| Snapshot::decode(&bytes).ok()))
}
