//! Which locks are held.

use std::sync::Arc;

use super::Inner;
use super::error::of_journal;
use crate::disk::{FileLock, LockState};
use crate::repository::{HeldLock, RepositoryError};

impl Inner {
    pub(super) fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        let mut held = Vec::new();
        for session in self.store.entries()?.sessions {
            // What is no folder of the store's own is reported by those who list it.
            let Ok(paths) = self.store.paths(&session) else { continue };
            let path = paths.lock();
            let state = FileLock::probe(&*self.store.disk, &path)
                .map_err(|error| of_journal(&session, &Arc::new(error.into())))?;
            if let LockState::Held(holder) = state {
                held.push(HeldLock { session, holder });
            }
        }
        Ok(held)
    }
}
