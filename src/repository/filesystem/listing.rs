//! Listing: by the catalog where there is one to be had, else by opening every session.

use std::ops::ControlFlow;
use std::sync::{Arc, MutexGuard, PoisonError};

use tracing::{debug, warn};

use super::Inner;
use crate::disk::FileLock;
use crate::format::catalog::Row;
use crate::journal::catalog::{Folding, Unusable, View, fold, settle_for_all};
use crate::repository::{Listing, RepositoryError, Unreadable};
use crate::vocabulary::{
    Finding, FindingClass, SessionFilter, SessionId, SessionMetadata, SortKey,
};

/// How often a catalog that others are folding is opened again.
const TRIES_MAX: usize = 8;

impl Inner {
    /// The sessions that a filter admits.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    pub(super) fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        if self.settings.catalog && self.store.exists()? {
            let listed = self.by_catalog(|view| self.list_view(view, filter));
            if let Some((mut listing, pending)) = listed {
                self.take_pending(&mut listing, pending, filter);
                filter.arrange(&mut listing.sessions);
                return Ok(listing);
            }
        }
        self.list_by_opening(filter)
    }

    /// Opens every session: right whatever else is wrong with the store.
    fn list_by_opening(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        let entries = self.store.entries()?;
        let mut listing = Listing::default();
        for session in entries.sessions {
            self.take_opened(&mut listing, &session, filter);
        }
        listing.unreadable.extend(entries.strangers.into_iter().map(stranger));
        filter.arrange(&mut listing.sessions);
        Ok(listing)
    }

    /// Takes a session into a listing as its journal says. Returns whether nothing is wrong with it.
    fn take_opened(
        &self,
        listing: &mut Listing,
        session: &SessionId,
        filter: &SessionFilter,
    ) -> bool {
        match self.load_once(session) {
            Ok(loaded) => {
                let is_sound = loaded.findings.is_empty();
                if filter.admits(&loaded.state) {
                    listing.sessions.push(loaded.state);
                    listing.findings.extend(loaded.findings);
                }
                is_sound
            }
            // Removed since the folder was listed.
            Err(RepositoryError::NotFound { .. }) => false,
            Err(error) => {
                let (session, why) = (session.to_string(), error.to_string());
                listing.unreadable.push(Unreadable { session, why });
                false
            }
        }
    }

    /// What the rows say, and which sessions have to be looked at.
    fn list_view(
        &self,
        view: &mut View,
        filter: &SessionFilter,
    ) -> Result<(Listing, Vec<SessionId>), Unusable> {
        let newest_first = filter.sort == SortKey::LastActive;
        let enough = filter.limit.filter(|_| newest_first).unwrap_or(usize::MAX);
        let mut listing = Listing::default();
        view.visit(|row| {
            let too_old = filter.since.is_some_and(|since| row.state.last_active < since);
            if listing.sessions.len() >= enough || too_old {
                return ControlFlow::Break(());
            }
            if filter.admits(&row.state) {
                listing.sessions.push(row.state.clone());
            }
            ControlFlow::Continue(())
        })?;
        listing.unreadable.extend(view.strangers().iter().cloned().map(stranger));
        Ok((listing, view.pending()))
    }

    fn take_pending(&self, listing: &mut Listing, pending: Vec<SessionId>, filter: &SessionFilter) {
        let strangers = std::mem::take(&mut listing.unreadable);
        for session in pending {
            if self.take_opened(listing, &session, filter) {
                settle_for_all(&self.store.disk, &self.store.feed, &session);
            }
        }
        listing.unreadable.extend(strangers);
    }

    /// Asks the catalog, as it is now; `None` where there is none to be had.
    fn by_catalog<T>(&self, mut ask: impl FnMut(&mut View) -> Result<T, Unusable>) -> Option<T> {
        let mut kept = self.kept_catalog();
        for _ in 0..TRIES_MAX {
            let answer = self.brought_up_to_date(&mut kept).and_then(|view| {
                let answer = ask(view)?;
                Ok((answer, view.is_due()))
            });
            match answer {
                Ok((answer, is_due)) => {
                    if is_due {
                        self.fold(Folding::Told);
                    }
                    return Some(answer);
                }
                Err(unusable) => {
                    *kept = None;
                    match unusable {
                        Unusable::Moved => {}
                        Unusable::Spoilt(why) => {
                            debug!(why, "the catalog is made again");
                            if !self.fold(Folding::Journals) {
                                return None;
                            }
                        }
                        Unusable::Disk(error) => {
                            warn!(%error, "listing goes on without the catalog");
                            return None;
                        }
                    }
                }
            }
        }
        None
    }

    fn brought_up_to_date<'v>(&self, kept: &'v mut Option<View>) -> Result<&'v mut View, Unusable> {
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        let view = match kept.take() {
            Some(mut view) => {
                view.hear(disk, paths)?;
                kept.insert(view)
            }
            None => kept.insert(View::open(disk, paths)?),
        };
        if !view.is_folder_known(disk, paths)? {
            view.compare(&self.store.disk, &self.store.feed)?;
        }
        Ok(view)
    }

    /// Folds the catalog if that is due; whoever appends does so once everybody has their answer.
    pub(super) fn fold_if_due(&self) {
        if self.settings.catalog && self.store.feed.is_due() {
            self.fold(Folding::Told);
        }
    }

    /// Folds the catalog, and says whether that was done.
    fn fold(&self, folding: Folding) -> bool {
        match fold(&self.store.disk, &self.store.feed, folding) {
            Ok(done) => done,
            Err(error) => {
                debug!(%error, "cannot fold the catalog");
                false
            }
        }
    }

    /// Whether the catalog says of a sound session what its journal says, which is `state`. What is
    /// different while nobody is kept out may be a writer's work, and is looked at again while
    /// writers wait.
    pub(super) fn check_row(
        &self,
        session: &SessionId,
        state: &SessionMetadata,
    ) -> Option<Finding> {
        if !self.settings.catalog || !self.store.exists().ok()? {
            return None;
        }
        if self.row_of(session)?.state == *state {
            return None;
        }
        let paths = self.store.paths(session).ok()?;
        let lock = FileLock::open(&*self.store.disk, &paths.lock()).ok()?;
        let _guard = lock.shared(self.settings.lock_timeout).ok()?;
        let row = &self.row_of(session)?.state;
        let state = self.load_once(session).ok()?.state;
        if *row == state {
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

    /// The row that a listing would believe now.
    fn row_of(&self, session: &SessionId) -> Option<Arc<Row>> {
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
        view.row_of(session).ok()?
    }

    fn kept_catalog(&self) -> MutexGuard<'_, Option<View>> {
        // A panic elsewhere leaves nothing that is believed: it is heard again each time.
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stranger(session: String) -> Unreadable {
    let why = "its name is no session id: rename the folder or move it out".to_owned();
    Unreadable { session, why }
}
