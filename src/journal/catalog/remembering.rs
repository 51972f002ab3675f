//! What is remembered of verified sessions from one process to the next. It is kept beside the
//! catalog, is as little synced, and goes with it.

use std::io::ErrorKind;

use super::files::has_folder;
use crate::disk::{Access, Disk, DiskError};
use crate::format::bounds::VERIFIED_BYTES_MAX;
use crate::format::catalog::{Verified, file_name};
use crate::format::layout::CatalogPaths;
use crate::journal::files::{Durability, write_new};

/// What is remembered, if it proves itself. Whatever does not is as good as nothing: all it spares
/// is work.
#[must_use]
pub fn remembered(disk: &dyn Disk, paths: &CatalogPaths) -> Option<Verified> {
    if !has_folder(disk, paths).ok()? {
        return None;
    }
    let file = disk.open(&paths.verified(), Access::Read).ok()?;
    let len = usize::try_from(file.info().ok()?.len).ok()?;
    if len > VERIFIED_BYTES_MAX {
        return None;
    }
    let mut bytes = vec![0; len];
    let read = file.read_at(0, &mut bytes).ok()?;
    bytes.truncate(read);
    Verified::decode(&bytes, &disk.boot_id()?)
}

/// Remembers what was verified, in one step. Without a catalog, or with more than fits, nothing is
/// remembered.
///
/// # Errors
///
/// Those of the medium; what was remembered before may still be.
pub fn remember(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    verified: &Verified,
) -> Result<(), DiskError> {
    let Some(boot) = disk.boot_id() else { return Ok(()) };
    let Some(bytes) =
        verified.encode(&boot).filter(|_| matches!(has_folder(disk, paths), Ok(true)))
    else {
        return Ok(());
    };
    let successor = paths.file(&file_name("verified"));
    write_new(disk, &successor, &bytes, Durability::Buffered)?;
    disk.rename(&successor, &paths.verified()).inspect_err(|_| {
        let _best_effort = disk.remove_file(&successor);
    })
}

/// Removes what is remembered.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn forget_verified(disk: &dyn Disk, paths: &CatalogPaths) -> Result<(), DiskError> {
    match disk.remove_file(&paths.verified()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
