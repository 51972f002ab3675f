//! Another disk with entries moved, in thought only.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Access, Disk, DiskError, DiskFile, DiskOperation, EntryInfo, EntryKind, FileIdentity};

/// A disk on top of another one, on which entries can be renamed without the other one noticing:
/// what a rearrangement would lead to can be looked at before it is made.
///
/// Folders can be made, entries renamed to free names, and files removed. Everything else that would
/// change something is refused as on a disk that can only be read.
#[derive(Debug)]
pub struct RearrangedDisk {
    below: Arc<dyn Disk>,
    /// What is elsewhere than below.
    places: Mutex<BTreeMap<PathBuf, Place>>,
}

/// Where an entry is in truth.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// On the disk below, at this path.
    Below(PathBuf),
    /// Nowhere: a folder that was made.
    NewFolder,
    /// Nowhere: it was moved away.
    Gone,
}

impl RearrangedDisk {
    /// A disk on which nothing has been moved yet.
    #[must_use]
    pub fn new(below: Arc<dyn Disk>) -> Self {
        Self { below, places: Mutex::default() }
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, path: &Path) -> Place {
        let places = self.places();
        let moved = path.ancestors().find_map(|above| Some((above, places.get(above)?)));
        match moved {
            None => Place::Below(path.to_owned()),
            Some((above, Place::Below(truth))) => match path.strip_prefix(above) {
                Ok(rest) if !rest.as_os_str().is_empty() => Place::Below(truth.join(rest)),
                _ => Place::Below(truth.clone()),
            },
            Some((above, Place::NewFolder)) if above == path => Place::NewFolder,
            Some((_, Place::NewFolder | Place::Gone)) => Place::Gone,
        }
    }

    /// Where a file is in truth.
    fn truth(&self, operation: DiskOperation, path: &Path) -> Result<PathBuf, DiskError> {
        match self.place(path) {
            Place::Below(truth) => Ok(truth),
            Place::NewFolder => Err(fault(operation, path, io::ErrorKind::IsADirectory)),
            Place::Gone => Err(fault(operation, path, io::ErrorKind::NotFound)),
        }
    }

    fn refuse<T>(operation: DiskOperation, path: &Path) -> Result<T, DiskError> {
        Err(fault(operation, path, io::ErrorKind::ReadOnlyFilesystem))
    }
}

fn fault(operation: DiskOperation, path: &Path, kind: io::ErrorKind) -> DiskError {
    DiskError::new(operation, path, kind.into())
}

impl Disk for RearrangedDisk {
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        match access {
            Access::Read => self.below.open(&self.truth(DiskOperation::Open, path)?, access),
            Access::Write | Access::Append | Access::CreateNew | Access::OpenOrCreate => {
                self.truth(DiskOperation::Open, path)?;
                Self::refuse(DiskOperation::Open, path)
            }
        }
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        if self.info(path)?.is_some() {
            return Err(fault(DiskOperation::CreateDir, path, io::ErrorKind::AlreadyExists));
        }
        self.places().insert(path.to_owned(), Place::NewFolder);
        Ok(())
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::CreateDir, path)
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<(String, EntryKind)>, DiskError> {
        let mut entries: BTreeMap<String, EntryKind> = match self.place(path) {
            Place::Below(truth) => self.below.list_dir(&truth)?.into_iter().collect(),
            Place::NewFolder => BTreeMap::new(),
            Place::Gone => {
                return Err(fault(DiskOperation::ListDir, path, io::ErrorKind::NotFound));
            }
        };
        let moved: Vec<PathBuf> = self.places().keys().cloned().collect();
        for entry in moved.into_iter().filter(|entry| entry.parent() == Some(path)) {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match self.info(&entry)? {
                Some(info) => entries.insert(name, info.kind),
                None => entries.remove(&name),
            };
        }
        Ok(entries.into_iter().collect())
    }

    fn info(&self, path: &Path) -> Result<Option<EntryInfo>, DiskError> {
        match self.place(path) {
            Place::Below(truth) => self.below.info(&truth),
            Place::NewFolder => Ok(Some(EntryInfo {
                kind: EntryKind::Directory,
                len: 0,
                mode: 0o700,
                identity: FileIdentity { device: 0, inode: 0 },
                changed_ns: self.below.now_ns(),
            })),
            Place::Gone => Ok(None),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let place = self.place(from);
        if self.info(from)?.is_none() {
            return Err(fault(DiskOperation::Rename, from, io::ErrorKind::NotFound));
        }
        let mut places = self.places();
        let inside: Vec<PathBuf> =
            places.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in inside {
            let moved = places.remove(&path);
            // What was moved into the folder goes along with it.
            if let (Some(moved), Ok(rest)) = (moved, path.strip_prefix(from))
                && !rest.as_os_str().is_empty()
            {
                places.insert(to.join(rest), moved);
            }
        }
        places.insert(from.to_owned(), Place::Gone);
        places.insert(to.to_owned(), place);
        Ok(())
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        if self.info(to)?.is_some() {
            return Err(fault(DiskOperation::Rename, to, io::ErrorKind::AlreadyExists));
        }
        self.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        self.truth(DiskOperation::Remove, path)?;
        self.places().insert(path.to_owned(), Place::Gone);
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::Remove, path)
    }

    fn sync_dir(&self, _path: &Path) -> Result<(), DiskError> {
        Ok(())
    }

    fn boot_id(&self) -> Option<String> {
        self.below.boot_id()
    }

    fn now_ns(&self) -> i64 {
        self.below.now_ns()
    }
}
