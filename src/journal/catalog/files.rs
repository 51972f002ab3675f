//! The files of the catalog on a medium. None of them is ever synced.

use std::io::ErrorKind;

use super::view::Unusable;
use crate::disk::{Access, Disk, DiskError, DiskFile, EntryKind, FileIdentity};
use crate::format::bounds::CURRENT_BYTES_MAX;
use crate::format::catalog::{Current, file_name};
use crate::format::layout::CatalogPaths;
use crate::journal::files::{Durability, write_new};

/// `current`, kept open: as long as it is, no other file can have its inode.
#[derive(Debug)]
pub(super) struct Held {
    file: Box<dyn DiskFile>,
    identity: FileIdentity,
}

impl Held {
    pub(super) fn new(file: Box<dyn DiskFile>) -> Result<Self, DiskError> {
        Ok(Self { identity: file.info()?.identity, file })
    }

    /// Opens `current`, or answers `None` where there is none.
    pub(super) fn open(disk: &dyn Disk, paths: &CatalogPaths) -> Result<Option<Self>, DiskError> {
        if !has_folder(disk, paths)? {
            return Ok(None);
        }
        match disk.open(&paths.current(), Access::Read) {
            Ok(file) => Self::new(file).map(Some),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether this is still what `current` is.
    pub(super) fn is_in_place(
        &self,
        disk: &dyn Disk,
        paths: &CatalogPaths,
    ) -> Result<bool, DiskError> {
        let there = match disk.info(&paths.current()) {
            Err(error) if is_absent(&error) => None,
            there => there?,
        };
        Ok(there.is_some_and(|there| there.identity == self.identity))
    }

    /// What it says; `None` where it cannot be believed.
    pub(super) fn read(&self) -> Result<Option<Current>, DiskError> {
        let mut bytes = vec![0; 4096];
        let mut read = self.file.read_at(0, &mut bytes)?;
        if read == bytes.len() {
            bytes = vec![0; CURRENT_BYTES_MAX + 1];
            read = self.file.read_at(0, &mut bytes)?;
        }
        bytes.truncate(read);
        Ok(Current::decode(&bytes))
    }
}

/// Whether there is nothing, not even the folder.
pub(super) fn is_absent(error: &DiskError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether a name is one of those that the catalog's files have, but for `current`, `verified` and the lock.
pub(super) fn is_ours(name: &str) -> bool {
    const KINDS: [&str; 5] = ["feed-", "base-", "measured-", "current-", "verified-"];
    KINDS.iter().any(|kind| name.starts_with(kind))
}

/// Whether the catalog has a folder of its own; through a link nothing is reached.
pub(super) fn has_folder(disk: &dyn Disk, paths: &CatalogPaths) -> Result<bool, DiskError> {
    Ok(disk.info(&paths.root())?.is_some_and(|info| info.kind == EntryKind::Directory))
}

/// Makes the folder of the catalog where it is missing.
pub(super) fn make_folder(disk: &dyn Disk, paths: &CatalogPaths) -> Result<(), DiskError> {
    match disk.create_dir(&paths.root()) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Err(_) if !has_folder(disk, paths)? => Err(DiskError::no_own_folder(&paths.root())),
        _ => Ok(()),
    }
}

/// Makes a catalog that tells of nothing yet, unless somebody else is faster.
pub(super) fn make(disk: &dyn Disk, paths: &CatalogPaths, boot: String) -> Result<(), DiskError> {
    make_folder(disk, paths)?;
    let feed = file_name("feed");
    write_new(disk, &paths.file(&feed), &[], Durability::Buffered)?;
    let made = write_successor(disk, paths, &Current::unbuilt(boot, vec![feed.clone()]));
    let placed = made.and_then(|(name, _)| {
        let placed = disk.rename_new(&paths.file(&name), &paths.current());
        if placed.is_err() {
            let _best_effort = disk.remove_file(&paths.file(&name));
        }
        placed
    });
    if placed.is_err() {
        let _best_effort = disk.remove_file(&paths.file(&feed));
    }
    match placed {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        placed => placed,
    }
}

/// Puts another `current` in the place of the one held, under the lock of those who fold. Answers
/// `None` where somebody has taken that one away.
pub(super) fn replace(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    held: &Held,
    next: &Current,
) -> Result<Option<Held>, DiskError> {
    let (name, successor) = write_successor(disk, paths, next)?;
    let name = paths.file(&name);
    let replaced = held.is_in_place(disk, paths).and_then(|in_place| {
        if in_place {
            disk.rename(&name, &paths.current())?;
        }
        Ok(in_place)
    });
    if !matches!(replaced, Ok(true)) {
        let _best_effort = disk.remove_file(&name);
    }
    Ok(replaced?.then_some(successor))
}

fn write_successor(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    next: &Current,
) -> Result<(String, Held), DiskError> {
    let name = file_name("current");
    let path = paths.file(&name);
    let bytes = next.encode().unwrap_or_default();
    let successor = write_new(disk, &path, &bytes, Durability::Buffered)?;
    Ok((name, Held::new(successor)?))
}

/// Opens a file that `current` names. One that is missing was folded away, or is lost.
pub(super) fn open_named(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    name: &str,
) -> Result<Box<dyn DiskFile>, Unusable> {
    disk.open(&paths.file(name), Access::Read)
        .map_err(|error| if is_absent(&error) { Unusable::Moved } else { Unusable::Disk(error) })
}
