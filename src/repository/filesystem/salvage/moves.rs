//! Renaming what lies about to where it belongs.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::survey::{Folder, Found, Survey};
use crate::disk::{Disk, DiskError};
use crate::format::bounds::FORMAT_SEALED;
use crate::format::layout::{SESSIONS, SessionPaths};
use crate::format::{Seed, SegmentName};
use crate::journal::{Recognised, fingerprint_of, recognise};
use crate::repository::{Adopted, Salvage, Unattributed};
use crate::vocabulary::SessionId;

/// Most files with the same bytes that are brought to one session in one go.
const EQUALS_MAX: usize = 1000;

/// Brings back all that can be attributed.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn bring_back(
    disk: &dyn Disk,
    root: &Path,
    survey: Survey,
) -> Result<Salvage, DiskError> {
    let owners = survey.owners();
    let mut moves = Moves { disk, root, owners, salvage: Salvage::default() };
    for (path, why) in &survey.passed_over {
        moves.leave(path, why);
    }
    // Whole folders first: what is in them stays together.
    let mut scattered = Vec::new();
    for folder in survey.folders {
        if !moves.bring_folder(&folder)? {
            scattered.push(folder);
        }
    }
    // Then what begins with a header, which is the best that a session without a journal can get.
    for wants_header in [true, false] {
        for folder in &scattered {
            for found in &folder.files {
                let has_header = matches!(found.what, Recognised::Journal { .. });
                if has_header == wants_header {
                    moves.bring_file(folder, found)?;
                }
            }
        }
    }
    Ok(moves.salvage)
}

struct Moves<'a> {
    disk: &'a dyn Disk,
    root: &'a Path,
    /// Which session each journal is of; `None` where that is not clear.
    owners: BTreeMap<Seed, Option<SessionId>>,
    salvage: Salvage,
}

impl Moves<'_> {
    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    fn leave(&mut self, path: &Path, why: &str) {
        let path = self.relative(path);
        self.salvage.left.push(Unattributed { path, why: why.to_owned() });
    }

    /// The session that a file is of.
    fn owner(&self, found: &Found) -> Option<SessionId> {
        let of_seed = || self.owners.get(&found.what.seed()?.0)?.clone();
        found.what.session().cloned().or_else(of_seed)
    }

    /// Renames a folder as a whole, if all that can be told of it is of one session, and that one
    /// has no folder.
    fn bring_folder(&mut self, folder: &Folder) -> Result<bool, DiskError> {
        if folder.is_shared || folder.files.iter().any(is_newer) {
            return Ok(false);
        }
        let known = folder.files.iter().filter(|found| found.what.seed().is_some());
        let owners: Vec<Option<SessionId>> = known.map(|found| self.owner(found)).collect();
        let Some(Some(session)) = owners.first() else { return Ok(false) };
        let is_of_one = owners.iter().all(|owner| owner.as_ref() == Some(session));
        let place = SessionPaths::new(self.root, session);
        if !is_of_one || folder.named.as_ref() == Some(session) || self.is_there(place.root())? {
            return Ok(false);
        }
        self.ensure_sessions()?;
        self.rename(session, &folder.path, place.root())
    }

    fn bring_file(&mut self, folder: &Folder, found: &Found) -> Result<(), DiskError> {
        if is_newer(found) {
            if folder.is_shared {
                self.leave(&found.path, "it was written by a newer version of annals");
            }
            return Ok(());
        }
        let Some(session) = self.owner(found) else {
            // In the folder of a session, it is that session's to judge.
            let is_of_a_folder = !folder.is_shared && found.path.ends_with("lock");
            if folder.named.is_none() && !is_of_a_folder {
                self.leave(&found.path, why_nobody_owns(&found.what));
            }
            return Ok(());
        };
        if folder.named.as_ref() == Some(&session) {
            return Ok(());
        }
        let paths = SessionPaths::new(self.root, &session);
        if !self.is_there(&found.path)? {
            return Ok(());
        }
        let Some(place) = self.place_for(&paths, found, folder.named.is_some())? else {
            return Ok(());
        };
        for folder in [paths.root().to_owned(), place.parent().unwrap_or(self.root).to_owned()] {
            self.ensure_folder(&folder)?;
        }
        self.rename(&session, &found.path, &place)?;
        Ok(())
    }

    /// Where a file goes: to its proper place if that is free, otherwise beside it, for the recovery
    /// of the session to read. `None` for a snapshot in another session's folder that is no
    /// newer than the one in place.
    fn place_for(
        &self,
        paths: &SessionPaths,
        found: &Found,
        has_keeper: bool,
    ) -> Result<Option<PathBuf>, DiskError> {
        let proper = match &found.what {
            Recognised::Journal { .. } => Some(paths.journal()),
            Recognised::Snapshot { .. } => Some(paths.snapshot()),
            Recognised::Segment { segment: Some(segment), .. } => {
                let name = found.path.file_name().and_then(|name| name.to_str());
                let has_name = name.filter(|name| name.parse::<SegmentName>().is_ok());
                Some(paths.segment(has_name.unwrap_or(&segment.file_name())))
            }
            _ => None,
        };
        let Some(proper) = proper else { return self.beside(paths, found) };
        if !self.is_there(&proper)? {
            return Ok(Some(proper));
        }
        // The one that is there may be another session's, put there by mistake.
        let is_redundant = match &found.what {
            Recognised::Snapshot { id, seq, .. } if has_keeper => matches!(
                recognise(self.disk, &proper)?,
                Recognised::Snapshot { id: there, seq: reached, .. }
                    if there == *id && reached >= *seq
            ),
            _ => false,
        };
        if is_redundant { Ok(None) } else { self.beside(paths, found) }
    }

    /// A free name in the folder of a session.
    fn beside(&self, paths: &SessionPaths, found: &Found) -> Result<Option<PathBuf>, DiskError> {
        let fingerprint = fingerprint_of(self.disk, &found.path)?;
        for number in 1..EQUALS_MAX {
            let name = paths.root().join(format!("found-{fingerprint}-{number}"));
            if !self.is_there(&name)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn is_there(&self, path: &Path) -> Result<bool, DiskError> {
        Ok(self.disk.info(path)?.is_some())
    }

    fn ensure_sessions(&self) -> Result<(), DiskError> {
        self.ensure_folder(&self.root.join(SESSIONS))
    }

    fn ensure_folder(&self, path: &Path) -> Result<(), DiskError> {
        if self.is_there(path)? {
            return Ok(());
        }
        if let Some(above) = path.parent().filter(|above| above.starts_with(self.root)) {
            self.ensure_folder(above)?;
        }
        match self.disk.create_dir(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        path.parent().map_or(Ok(()), |above| self.disk.sync_dir(above))
    }

    /// One step; false where somebody else was faster.
    fn rename(&mut self, session: &SessionId, from: &Path, to: &Path) -> Result<bool, DiskError> {
        match self.disk.rename_new(from, to) {
            Err(error)
                if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) =>
            {
                return Ok(false);
            }
            renamed => renamed?,
        }
        for folder in [to.parent(), from.parent()].into_iter().flatten() {
            self.disk.sync_dir(folder)?;
        }
        let (from, to) = (self.relative(from), self.relative(to));
        self.salvage.adopted.push(Adopted { session: session.clone(), from, to });
        Ok(true)
    }
}

fn is_newer(found: &Found) -> bool {
    matches!(found.what, Recognised::Journal { format, .. } if format > FORMAT_SEALED)
}

fn why_nobody_owns(what: &Recognised) -> &'static str {
    match what {
        Recognised::Nothing { why } => why,
        Recognised::Text { .. } => "it is a text of a message, and texts do not say whose they are",
        _ => "it holds records, and nothing in the store names the session of their journal",
    }
}
