//! Verifying a session: its journal, and what the catalog says of it.

use std::sync::Arc;

use super::error::of_journal;
use super::{Inner, reading};
use crate::disk::FileLock;
use crate::journal::catalog::View;
use crate::repository::{Depth, RepositoryError};
use crate::vocabulary::{Finding, FindingClass, SessionId, SessionMetadata, Verification};

impl Inner {
    /// Verifies a session, and then what the catalog says of it.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`].
    pub(super) fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        let timeout = self.settings.lock_timeout;
        let mut verification = reading::verify(&self.store, session, depth, timeout)
            .map_err(|error| of_journal(session, &Arc::new(error)))?;
        if verification.findings.is_empty()
            && let Some(state) = &verification.state
        {
            verification.findings.extend(self.check_row(session, state));
        }
        Ok(verification)
    }

    /// Whether the catalog says of a sound session what its journal says, which is `state`. What is
    /// different while nobody is kept out may be a writer's work, and is looked at again while
    /// writers wait.
    fn check_row(&self, session: &SessionId, state: &SessionMetadata) -> Option<Finding> {
        if !self.settings.catalog || !self.store.exists().ok()? {
            return None;
        }
        if self.row_of(session)? == *state {
            return None;
        }
        let paths = self.store.paths(session).ok()?;
        let lock = FileLock::open(&*self.store.disk, &paths.lock()).ok()?;
        let _guard = lock.shared(self.settings.lock_timeout).ok()?;
        let row = self.row_of(session)?;
        let state = self.load_once(session).ok()?.state;
        if row == state {
            return None;
        }
        // Whoever lists it next looks at the journal.
        let _best_effort = self.store.feed.intend(&*self.store.disk, session);
        let message = format!(
            "the catalog has its state at record {}, and it is another one at {}",
            row.seq, state.seq
        );
        Some(Finding::new(session, FindingClass::CatalogMismatch, message))
    }

    /// The state in the row that a listing would believe now.
    fn row_of(&self, session: &SessionId) -> Option<SessionMetadata> {
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        let mut kept = self.kept_catalog();
        let opened = match kept.take() {
            Some(mut view) => view.hear(disk, paths).map(|()| view),
            None => View::open(disk, paths),
        };
        let view = kept.insert(opened.ok()?);
        // A row that a listing would not believe either is no mismatch.
        if !view.is_folder_known(disk, paths).ok()? {
            return None;
        }
        let row = view.row_of(session).ok()??;
        row.state().cloned()
    }
}
