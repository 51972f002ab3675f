//! What there is in a store, by content.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskError, EntryKind};
use crate::format::Seed;
use crate::format::layout::{SESSIONS, STORE_FILE};
use crate::journal::{Recognised, is_text_in_place, recognise};
use crate::vocabulary::SessionId;

/// Most entries that are looked at.
const ENTRIES_MAX: usize = 1_000_000;
/// How deep folders of unknown names are looked into.
const DEPTH_MAX: usize = 4;

/// A file that holds something of annals', or should.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) what: Recognised,
}

/// A folder with files of one session, or of several.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// The session whose folder it is by its name, if it is in the place for that.
    pub(super) named: Option<SessionId>,
    pub(super) files: Vec<Found>,
    /// Whether it is the store itself, or the folder of all sessions: files in it are loose.
    pub(super) is_shared: bool,
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) folders: Vec<Folder>,
    /// What is neither file nor folder, or was too much to look at.
    pub(super) passed_over: Vec<(PathBuf, &'static str)>,
    entries: usize,
}

/// Looks at everything in a store but quarantines and workspaces.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn survey(disk: &dyn Disk, root: &Path) -> Result<Survey, DiskError> {
    let mut survey = Survey::default();
    survey.shared(disk, root, false)?;
    survey.shared(disk, &root.join(SESSIONS), true)?;
    Ok(survey)
}

/// The entries of a folder, sorted; none where it is missing.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn names(disk: &dyn Disk, folder: &Path) -> Result<Vec<(String, EntryKind)>, DiskError> {
    let mut entries = match disk.list_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

impl Survey {
    /// Whether something in it is the history of a session that names itself.
    pub(super) fn proves_a_store(&self) -> bool {
        let mut found = self.folders.iter().flat_map(|folder| &folder.files);
        found.any(|found| found.what.session().is_some())
            || self.folders.iter().any(|folder| {
                folder.named.is_some()
                    && folder.files.iter().any(|found| found.what.seed().is_some())
            })
    }

    /// Which session each journal is of, as far as files name it; `None` where two do.
    pub(super) fn owners(&self) -> BTreeMap<Seed, Option<SessionId>> {
        let mut owners: BTreeMap<Seed, Option<SessionId>> = BTreeMap::new();
        for found in self.folders.iter().flat_map(|folder| &folder.files) {
            if let (Some(session), Some((seed, _))) = (found.what.session(), found.what.seed()) {
                let owner = owners.entry(seed).or_insert_with(|| Some(session.clone()));
                if owner.as_ref() != Some(session) {
                    *owner = None;
                }
            }
        }
        owners
    }

    /// The store's directory, or that of all sessions.
    fn shared(
        &mut self,
        disk: &dyn Disk,
        path: &Path,
        holds_sessions: bool,
    ) -> Result<(), DiskError> {
        let mut loose = Vec::new();
        for (name, kind) in names(disk, path)? {
            let entry = path.join(&name);
            let is_annals =
                !holds_sessions && (name == SESSIONS || name == STORE_FILE || name == "catalog");
            // Under construction, under removal, or somebody else's business.
            if is_annals || name.starts_with('.') {
                continue;
            }
            match kind {
                EntryKind::Directory => {
                    let named = holds_sessions.then(|| name.parse().ok()).flatten();
                    self.folder(disk, &entry, named, DEPTH_MAX)?;
                }
                EntryKind::File => self.file(disk, entry, &mut loose)?,
                EntryKind::Link | EntryKind::Other if holds_sessions => {
                    self.passed_over.push((entry, "it is neither a file nor a folder"));
                }
                EntryKind::Link | EntryKind::Other => {}
            }
        }
        if !holds_sessions {
            // What else a person keeps there is theirs.
            loose.retain(|found| !matches!(found.what, Recognised::Nothing { .. }));
        }
        let path = path.to_owned();
        self.folders.push(Folder { path, named: None, files: loose, is_shared: true });
        Ok(())
    }

    /// A folder that is a session's, or may have been.
    fn folder(
        &mut self,
        disk: &dyn Disk,
        path: &Path,
        named: Option<SessionId>,
        depth: usize,
    ) -> Result<(), DiskError> {
        let mut files = Vec::new();
        for (name, kind) in names(disk, path)? {
            let entry = path.join(&name);
            match (kind, name.as_str()) {
                (EntryKind::Directory, "quarantine" | "files") => {}
                (EntryKind::Directory, "segments" | "blobs") => {
                    for (inner, kind) in names(disk, &entry)? {
                        let file = entry.join(&inner);
                        if kind == EntryKind::File
                            && !(name == "blobs" && is_text_in_place(disk, &file, &inner)?)
                        {
                            self.file(disk, file, &mut files)?;
                        }
                    }
                }
                (EntryKind::Directory, _) if depth > 0 => {
                    self.folder(disk, &entry, None, depth - 1)?;
                }
                (EntryKind::Directory, _) => {
                    self.passed_over.push((entry, "it lies deeper than anything of annals"));
                }
                (EntryKind::File, _) => self.file(disk, entry, &mut files)?,
                (EntryKind::Link | EntryKind::Other, _) => {}
            }
        }
        // Texts, locks and what proves nothing are judged with the session, in its own folder.
        let path = path.to_owned();
        self.folders.push(Folder { path, named, files, is_shared: false });
        Ok(())
    }

    fn file(
        &mut self,
        disk: &dyn Disk,
        path: PathBuf,
        files: &mut Vec<Found>,
    ) -> Result<(), DiskError> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX {
            self.passed_over.push((path, "there is too much in the store to look at all of it"));
            return Ok(());
        }
        match recognise(disk, &path) {
            Ok(what) => files.push(Found { path, what }),
            // Gone since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
