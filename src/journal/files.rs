//! Whole files beside a journal: read within a bound, and replaced in one step.

use std::path::Path;

use crate::disk::{Access, Disk, DiskError, DiskFile, DiskOperation, EntryKind};

/// The content of a file of at most `bytes_max` bytes, or `None` where there is no file.
///
/// # Errors
///
/// Those of the medium; `FileTooLarge` when the file is over the bound.
pub(super) fn read_bounded(
    disk: &dyn Disk,
    path: &Path,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, DiskError> {
    let file = match disk.open(path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = file.info()?.len;
    if len > bytes_max as u64 {
        let too_large = std::io::Error::from(std::io::ErrorKind::FileTooLarge);
        return Err(DiskError::new(DiskOperation::Read, path, too_large));
    }
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(bytes_max)];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// Whether a change has to be on the medium before it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Acknowledged means on the medium: it survives a crash of the machine.
    #[default]
    Sync,
    /// Acknowledged means handed to the system: it survives a crash of the process alone.
    Buffered,
}

/// Writes a new file, which must not exist yet, and leaves it open.
///
/// # Errors
///
/// `AlreadyExists`, and those of the medium. What was written of the file is removed.
pub(super) fn write_new(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    durability: Durability,
) -> Result<Box<dyn DiskFile>, DiskError> {
    let file = disk.open(path, Access::CreateNew)?;
    let written = file.write_at(0, bytes).and_then(|()| match durability {
        Durability::Sync => file.sync_data(),
        Durability::Buffered => Ok(()),
    });
    if written.is_err() {
        // The first error is the one to report.
        let _best_effort = disk.remove_file(path);
    }
    written.map(|()| file)
}

/// Removes a file that may be left over from a writer that died.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn remove_leftover(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    match disk.remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a directory unless it exists, and makes its entry durable.
///
/// # Errors
///
/// A link or a file in its place, and those of the medium.
pub(super) fn ensure_dir(
    disk: &dyn Disk,
    path: &Path,
    durability: Durability,
) -> Result<(), DiskError> {
    match disk.create_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let is_folder = disk.info(path)?.is_some_and(|info| info.kind == EntryKind::Directory);
            if !is_folder {
                return Err(DiskError::no_own_folder(path));
            }
        }
        made => made?,
    }
    // Whoever made it may have died before its entry was on the medium.
    match (durability, path.parent()) {
        (Durability::Sync, Some(parent)) => disk.sync_dir(parent),
        _ => Ok(()),
    }
}
