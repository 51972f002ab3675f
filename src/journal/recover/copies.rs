//! What a session's folder holds beside the journal, by content and not by name.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskError, EntryKind};
use crate::format::layout::SessionPaths;
use crate::format::{Seed, Segment, SegmentName};
use crate::journal::quarantine::Original;
use crate::journal::recognise::{Recognised, is_text_in_place, recognise};

/// Most files that are looked at in one folder.
const FILES_MAX: usize = 10_000;

/// A file that is not the journal.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) path: PathBuf,
    /// Relative to the session's folder.
    pub(super) name: String,
    pub(super) what: Recognised,
}

impl Copy {
    /// As what it is set aside.
    pub(super) fn original(&self) -> Original {
        match &self.what {
            Recognised::Segment { segment: Some(Segment { first_seq, last_seq, .. }), .. } => {
                Original::Segment { first_seq: *first_seq, last_seq: *last_seq }
            }
            // Which records a damaged one held is not known.
            Recognised::Segment { segment: None, .. } => {
                Original::Segment { first_seq: 0, last_seq: u64::MAX }
            }
            _ => Original::Journal,
        }
    }

    /// Whether records of a journal may be in it.
    pub(super) fn is_of(&self, seed: Seed) -> bool {
        matches!(
            self.what,
            Recognised::Journal { .. } | Recognised::Lines { .. } | Recognised::Segment { .. }
        ) && self.what.seed().is_some_and(|(own, _)| own == seed)
    }

    /// Whether it has a name that annals gives to such files, so that it may lie where it is.
    pub(super) fn is_in_place(&self) -> bool {
        match &self.what {
            Recognised::Segment { .. } => {
                let name = self.name.strip_prefix("segments/");
                name.is_some_and(|name| name.parse::<SegmentName>().is_ok())
            }
            Recognised::Snapshot { .. } => self.is_in_the_way(),
            _ => self.is_lock() || self.is_successor(),
        }
    }

    /// Whether it has the name of a snapshot.
    pub(super) fn is_in_the_way(&self) -> bool {
        self.name == "snapshot.json" || self.name == "snapshot.previous.json"
    }

    /// The lock is never moved, whatever it holds.
    pub(super) fn is_lock(&self) -> bool {
        self.name == "lock"
    }

    /// Left over from a writer that died: its records are elsewhere too, unless that is lost.
    pub(super) fn is_successor(&self) -> bool {
        self.name == "journal.jsonl.new" || self.name == "snapshot.json.new"
    }
}

/// All files of a session's folder that hold something of annals', without the journal.
pub(super) struct Copies(pub(super) Vec<Copy>);

impl Copies {
    /// Looks at the folder itself, at `segments/` and at `blobs/`. What was set aside stays so, and
    /// the session's own workspace is none of annals' business.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn read(disk: &dyn Disk, paths: &SessionPaths) -> Result<Self, DiskError> {
        let mut copies = Self(Vec::new());
        copies.add(disk, paths.root(), "")?;
        copies.add(disk, &paths.segments(), "segments/")?;
        copies.add(disk, &paths.blobs(), "blobs/")?;
        Ok(copies)
    }

    fn add(&mut self, disk: &dyn Disk, folder: &Path, prefix: &str) -> Result<(), DiskError> {
        let entries = match disk.list_dir(folder) {
            Err(error) if is_no_folder(error.kind()) => return Ok(()),
            entries => entries?,
        };
        let files = entries.into_iter().filter(|(_, kind)| *kind == EntryKind::File);
        let mut names: Vec<String> = files.map(|(name, _)| name).collect();
        names.sort_unstable();
        names.retain(|name| !prefix.is_empty() || name != "journal.jsonl");
        for name in names.into_iter().take(FILES_MAX) {
            let path = folder.join(&name);
            if prefix == "blobs/" && is_text_in_place(disk, &path, &name)? {
                continue;
            }
            let what = recognise(disk, &path)?;
            if !matches!(what, Recognised::Nothing { .. }) {
                self.0.push(Copy { path, name: format!("{prefix}{name}"), what });
            }
        }
        Ok(())
    }
}

fn is_no_folder(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}
