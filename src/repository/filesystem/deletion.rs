//! Removing a session's folder for good.

use std::sync::Arc;

use tracing::warn;

use super::error::of_journal;
use super::leftovers;
use super::store::{Store, storage};
use crate::disk::FileLock;
use crate::format::layout::UNDER_REMOVAL;
use crate::journal::catalog::forget;
use crate::journal::{JournalError, Settings};
use crate::repository::RepositoryError;
use crate::vocabulary::{Holder, SessionId};

/// Removes a session for good, under its lock.
pub(super) fn delete(
    store: &Store,
    session: &SessionId,
    settings: &Settings,
) -> Result<(), RepositoryError> {
    let of_journal = |error: JournalError| of_journal(session, &Arc::new(error));
    let paths = store.paths(session).map_err(storage)?;
    let disk = &*store.disk;
    if disk.info(paths.root()).map_err(storage)?.is_none() {
        // Perhaps asked for again, because it was cut short.
        leftovers::sweep(store, settings).map_err(storage)?;
        return Err(RepositoryError::NotFound { session: session.clone() });
    }
    let lock = FileLock::open(disk, &paths.lock()).map_err(|error| of_journal(error.into()))?;
    let holder = Holder { by: settings.by.clone(), since: settings.clock.now() };
    let (_guard, _previous) =
        lock.exclusive(&holder, settings.lock_timeout).map_err(|error| of_journal(error.into()))?;
    let removed = store.sessions().join(format!("{UNDER_REMOVAL}{}", uuid::Uuid::now_v7()));
    let set_aside = || {
        disk.rename_new(paths.root(), &removed)?;
        disk.sync_dir(&store.sessions())
    };
    set_aside().map_err(storage)?;
    // It is gone for all who list; what the catalog's files still say of it goes as well. First,
    // since who sweeps up after a process that died here knows of it by the folder alone.
    let timeout = settings.lock_timeout;
    if let Err(error) = forget(&store.disk, &store.feed, session, &holder, timeout) {
        warn!(session_id = %session, %error, "cannot remove what the catalog says of it");
    }
    disk.remove_dir_all(&removed).map_err(storage)?;
    Ok(())
}
