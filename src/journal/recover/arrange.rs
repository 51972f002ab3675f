//! Putting the files of one session's folder into their places.
//!
//! Each step is one rename to a free name, made durable before the next one: wherever it is cut
//! short, nothing is gone, and the next recovery goes on from there.

use std::io::ErrorKind;
use std::path::Path;

use super::copies::{Copies, Copy};
use super::read_first;
use crate::disk::{Disk, DiskError};
use crate::format::Segment;
use crate::format::layout::SessionPaths;
use crate::journal::JournalError;
use crate::journal::files::{Durability, ensure_dir};
use crate::journal::history::{First, holds_records_of, other_session};
use crate::journal::quarantine::{Original, fingerprint_of, move_aside};
use crate::journal::recognise::{Recognised, recognise};
use crate::vocabulary::{Finding, SessionId};

/// What was done, and what is in the folder now.
pub(super) struct Arranged {
    /// Files that were brought to their places, by their former names.
    pub(super) adopted: Vec<String>,
    /// Where a foreign journal was set aside.
    pub(super) quarantined: Vec<String>,
    pub(super) findings: Vec<Finding>,
    /// The files beside the journal, as they are named now.
    pub(super) copies: Copies,
    /// Whether there is a journal in its place now, the session's own as far as its header says.
    pub(super) has_journal: bool,
}

/// Puts the files of a session's folder into their places, as far as these are free.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn arrange(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Arranged, JournalError> {
    let (adopted, quarantined, findings) = (Vec::new(), Vec::new(), Vec::new());
    let copies = Copies::read(disk, paths)?;
    let mut arranged = Arranged { adopted, quarantined, findings, copies, has_journal: true };
    let mut first = read_first(disk, &paths.journal())?;
    if let Some(First::Header { header, .. }) = &first
        && header.session != *session
    {
        arranged.findings.push(other_session(session, &header.session));
        if !holds_records_of(disk, paths, session)? {
            let name = move_aside(disk, paths, &paths.journal(), Original::Journal)?;
            arranged.quarantined.push(name);
            first = None;
        }
    }
    if matches!(first, Some(First::Unreadable)) && arranged.move_off(disk, paths)? {
        first = None;
    }
    if first.is_none() {
        first = arranged.adopt_journal(disk, paths, session)?;
    }
    arranged.has_journal = first.is_some();
    if let Some(First::Header { header, .. }) = &first
        && header.session == *session
    {
        let sealed = header.sealed.iter().flat_map(|sealed| &sealed.segments);
        for segment in sealed {
            arranged.adopt_segment(disk, paths, segment)?;
        }
    }
    arranged.adopt_texts(disk, paths)?;
    Ok(arranged)
}

impl Arranged {
    /// Moves what lies in the journal's place and is something else of the session, such as a
    /// segment, to a name beside it.
    fn move_off(&mut self, disk: &dyn Disk, paths: &SessionPaths) -> Result<bool, DiskError> {
        let path = paths.journal();
        let what = recognise(disk, &path)?;
        if !matches!(
            what,
            Recognised::Segment { .. } | Recognised::Snapshot { .. } | Recognised::Text { .. }
        ) {
            return Ok(false);
        }
        let name = format!("found-{}", fingerprint_of(disk, &path)?);
        let beside = paths.root().join(&name);
        disk.rename_new(&path, &beside)?;
        disk.sync_dir(paths.root())?;
        self.copies.0.push(Copy { path: beside, name, what });
        Ok(true)
    }

    /// Puts the best copy of the journal in its place: one whose header names the session, of the
    /// journal that a snapshot names if there is any, and the longest of these.
    fn adopt_journal(
        &mut self,
        disk: &dyn Disk,
        paths: &SessionPaths,
        session: &SessionId,
    ) -> Result<Option<First>, JournalError> {
        let known = self.copies.0.iter().find_map(|copy| match &copy.what {
            Recognised::Snapshot { session: of, id, .. } if of == session => Some(*id),
            _ => None,
        });
        let mut best = None;
        for (place, copy) in self.copies.0.iter().enumerate().filter(|(_, copy)| !copy.is_lock()) {
            if let Recognised::Journal { session: of, id, .. } = &copy.what
                && of == session
            {
                let len = disk.info(&copy.path)?.map_or(0, |info| info.len);
                best = best.max(Some((known == Some(*id), !copy.is_successor(), len, place)));
            }
        }
        let Some((.., place)) = best else { return Ok(None) };
        self.adopt(disk, paths, place, &paths.journal())?;
        read_first(disk, &paths.journal())
    }

    /// Puts a segment that the header names in its place, whatever its name was.
    fn adopt_segment(
        &mut self,
        disk: &dyn Disk,
        paths: &SessionPaths,
        named: &Segment,
    ) -> Result<(), DiskError> {
        let to = paths.segment(&named.file_name());
        if disk.info(&to)?.is_some() {
            return Ok(());
        }
        let holds_it = |copy: &Copy| match &copy.what {
            Recognised::Segment { segment: Some(segment), .. } => {
                segment.digest == named.digest && !copy.is_lock()
            }
            _ => false,
        };
        match self.copies.0.iter().position(holds_it) {
            Some(place) => {
                ensure_dir(disk, &paths.segments(), Durability::Sync)?;
                self.adopt(disk, paths, place, &to)
            }
            None => Ok(()),
        }
    }

    /// Puts texts in their places.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn adopt_texts(
        &mut self,
        disk: &dyn Disk,
        paths: &SessionPaths,
    ) -> Result<(), DiskError> {
        for place in (0..self.copies.0.len()).rev() {
            let Some(copy) = self.copies.0.get(place) else { continue };
            let Recognised::Text { digest } = &copy.what else { continue };
            let to = paths.blob(digest);
            if !copy.is_lock() && disk.info(&to)?.is_none() {
                ensure_dir(disk, &paths.blobs(), Durability::Sync)?;
                self.adopt(disk, paths, place, &to)?;
            }
        }
        Ok(())
    }

    /// Renames a file to a free name.
    fn adopt(
        &mut self,
        disk: &dyn Disk,
        paths: &SessionPaths,
        place: usize,
        to: &Path,
    ) -> Result<(), DiskError> {
        let copy = self.copies.0.remove(place);
        match disk.rename_new(&copy.path, to) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            renamed => renamed?,
        }
        for folder in [to.parent(), copy.path.parent()].into_iter().flatten() {
            disk.sync_dir(folder)?;
        }
        // What the folder holds of the session is told by its name as it is now.
        let name = to.strip_prefix(paths.root()).unwrap_or(to).to_string_lossy().into_owned();
        if name != "journal.jsonl" {
            self.copies.0.push(Copy { path: to.to_owned(), name, what: copy.what });
        }
        self.adopted.push(copy.name);
        Ok(())
    }
}
