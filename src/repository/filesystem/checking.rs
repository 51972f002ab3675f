//! Verifying a session: its journal, and what the catalog says of it.

use std::sync::Arc;

use super::error::of_journal;
use super::{Inner, reading};
use crate::disk::FileLock;
use crate::format::catalog::Row;
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
        self.differing_row(session, state)?;
        let paths = self.store.paths(session).ok()?;
        let lock = FileLock::open(&*self.store.disk, &paths.lock()).ok()?;
        let _guard = lock.shared(self.settings.lock_timeout).ok()?;
        let state = self.load_once(session).ok()?.state;
        let row = self.differing_row(session, &state)?;
        // Whoever lists it next looks at the journal.
        let _best_effort = self.store.feed.intend(&*self.store.disk, session);
        let message = format!(
            "the catalog has its state at record {}, and it is another one at {}",
            row.seq, state.seq
        );
        Some(Finding::new(session, FindingClass::CatalogMismatch, message))
    }

    /// The state in the row that a listing would believe now, if it is another one.
    fn differing_row(
        &self,
        session: &SessionId,
        state: &SessionMetadata,
    ) -> Option<SessionMetadata> {
        let row = self.row_of(session)?;
        // Read without keeping others from the catalog.
        let told = row.state()?;
        (told != state && self.is_listed()).then(|| told.clone())
    }

    fn row_of(&self, session: &SessionId) -> Option<Row> {
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        let mut kept = self.kept_catalog();
        let opened = match kept.take() {
            Some(mut view) => view.hear(disk, paths).map(|()| view),
            None => View::open(disk, paths),
        };
        kept.insert(opened.ok()?).row_of(session).ok()?
    }

    /// Whether a listing would believe the rows: what it does not believe is no mismatch.
    fn is_listed(&self) -> bool {
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        let kept = self.kept_catalog();
        kept.as_ref().is_some_and(|view| view.is_folder_known(disk, paths).unwrap_or(false))
    }
}
