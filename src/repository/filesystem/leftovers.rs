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
    let mut has_removed = false;
    for name in left {
        let path = store.sessions().join(name);
        let lock = SessionPaths::at(path.clone()).lock();
        has_removed |= match disk.info(&lock)? {
            Some(_) => remove_unless_held(disk, &path, &lock, settings)?,
            // It is about to get its lock, or is empty.
            None if name.starts_with(UNDER_CONSTRUCTION) => false,
            None => remove(disk, &path)?,
        };
    }
    // What was to be gone for good is gone from the catalog's files too.
    if has_removed { forget_rows(store, settings) } else { Ok(()) }
}

/// Takes the catalog away; whoever lists next makes it again.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn forget_rows(store: &Store, settings: &Settings) -> Result<(), DiskError> {
    store.feed.erase(&*store.disk, &holder_of(settings), settings.lock_timeout)
}

fn holder_of(settings: &Settings) -> Holder {
    Holder { by: settings.by.clone(), since: settings.clock.now() }
}

fn remove_unless_held(
    disk: &dyn Disk,
    path: &Path,
    lock: &Path,
    settings: &Settings,
) -> Result<bool, DiskError> {
    let lock = match FileLock::open(disk, lock) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        lock => lock?,
    };
    match lock.exclusive(&holder_of(settings), Duration::ZERO) {
        // Its maker may have renamed it since it was listed: then nothing has this name any more.
        Ok(_guard) => remove(disk, path),
        Err(LockError::Disk(error)) => Err(error),
        Err(LockError::Timeout { .. } | LockError::Unsupported { .. }) => Ok(false),
    }
}

fn remove(disk: &dyn Disk, path: &Path) -> Result<bool, DiskError> {
    match disk.remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        removed => {
            removed?;
            info!(path = %path.display(), "removed what a process that died had left");
            Ok(true)
        }
    }
}
