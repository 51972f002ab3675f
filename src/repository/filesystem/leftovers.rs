//! What processes that died have left among the sessions: folders half made, or half removed.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tracing::info;

use super::store::Store;
use crate::disk::{Disk, DiskError, EntryKind, FileLock, LockError};
use crate::format::layout::{SessionPaths, UNDER_CONSTRUCTION, UNDER_REMOVAL};
use crate::journal::Settings;
use crate::vocabulary::Holder;

/// Finishes removals that were begun, and removes sessions whose making was not. Whoever makes or
/// removes one holds its lock, so that what is being worked on is left alone. What was renamed may
/// come back with its old name after a crash, so that is made durable before anything goes.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn sweep(store: &Store, settings: &Settings) -> Result<(), DiskError> {
    let disk = &*store.disk;
    let entries = match disk.list_dir(&store.sessions()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let is_left = |name: &str| {
        [UNDER_CONSTRUCTION, UNDER_REMOVAL].iter().any(|beginning| name.starts_with(beginning))
    };
    let left = entries.iter().filter(|(name, kind)| *kind == EntryKind::Directory && is_left(name));
    let mut left = left.map(|(name, _)| name).peekable();
    if left.peek().is_some() {
        disk.sync_dir(&store.sessions())?;
    }
    for name in left {
        let path = store.sessions().join(name);
        let lock = SessionPaths::at(path.clone()).lock();
        match disk.info(&lock)? {
            Some(_) => remove_unless_held(disk, &path, &lock, settings)?,
            // It is about to get its lock, or is empty.
            None if name.starts_with(UNDER_CONSTRUCTION) => {}
            None => remove(disk, &path)?,
        }
    }
    Ok(())
}

fn remove_unless_held(
    disk: &dyn Disk,
    path: &Path,
    lock: &Path,
    settings: &Settings,
) -> Result<(), DiskError> {
    let lock = match FileLock::open(disk, lock) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        lock => lock?,
    };
    let holder = Holder { by: settings.by.clone(), since: settings.clock.now() };
    match lock.exclusive(&holder, Duration::ZERO) {
        // Its maker may have renamed it since it was listed: then nothing has this name any more.
        Ok(_guard) => remove(disk, path),
        Err(LockError::Disk(error)) => Err(error),
        Err(LockError::Timeout { .. } | LockError::Unsupported { .. }) => Ok(()),
    }
}

fn remove(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    match disk.remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => {
            info!(path = %path.display(), "removed what a process that died had left");
            removed
        }
    }
}
