//! Listing: by the catalog where there is one to be had, else by opening every session.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError, TryLockError};

use tracing::{debug, warn};

use super::Inner;
use super::admission::Admission;
use crate::journal::catalog::{Folding, Reading, Unusable, View, Watermark, fold, settle_if_quiet};
use crate::repository::{Listing, RepositoryError, Unreadable};
use crate::vocabulary::{SessionFilter, SessionId, SessionMetadata, SortKey};

/// How often a catalog that others are folding is opened again.
const TRIES_MAX: usize = 8;

/// A catalog is not made for fewer questions about single sessions.
const ASKED_MIN: u64 = 64;

/// Most rows that are visited for an answer on the thread that asks.
const VISITED_AT_ONCE_MAX: usize = 256;

/// What the catalog says besides its rows.
pub(super) struct Told {
    /// Sessions that have to be looked at.
    pub(super) pending: Vec<SessionId>,
    /// Names that no session can have.
    pub(super) strangers: Vec<String>,
}

impl Told {
    pub(super) fn of(view: &View) -> Self {
        Self { pending: view.pending(), strangers: view.strangers().to_vec() }
    }
}

impl Inner {
    /// The sessions that a filter admits.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    pub(super) fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        if self.settings.catalog && self.store.exists()? {
            let listed = self.by_catalog(&mut self.kept_catalog(), |view| {
                Ok((visited(view, filter, Reading::Allowed)?, Told::of(view)))
            });
            if let Some((sessions, told)) = listed {
                let (opened, mut listing) = self.opened(told, filter);
                listing.sessions = sessions;
                listing.sessions.extend(opened);
                filter.arrange(&mut listing.sessions);
                return Ok(listing);
            }
        }
        self.list_by_opening(filter)
    }

    /// The same where all of it is in memory and still true: `None` where it is not, or where that
    /// would take a while to say.
    pub(super) fn list_from_memory(&self, filter: &SessionFilter) -> Option<Listing> {
        if filter.sort != SortKey::LastActive {
            return None;
        }
        let mut kept = self.current_catalog()?;
        let view = kept.as_mut()?;
        if !view.pending().is_empty() {
            return None;
        }
        let mut sessions = visited(view, filter, Reading::FromMemory).ok()?;
        let unreadable = view.strangers().iter().cloned().map(stranger).collect();
        filter.arrange(&mut sessions);
        Some(Listing { sessions, unreadable, ..Listing::default() })
    }

    /// How far the catalog was heard, if that is all that there is to hear.
    pub(super) fn watermark(&self) -> Option<Watermark> {
        self.current_catalog()?.as_ref().map(View::watermark)
    }

    /// Whether a session is sure to be as it was at a watermark.
    pub(super) fn is_unchanged(&self, session: &SessionId, since: Watermark) -> bool {
        let kept = self.current_catalog();
        kept.is_some_and(|kept| kept.as_ref().is_some_and(|view| view.is_untold(session, since)))
    }

    /// Hears what was told, if there is a catalog to hear.
    pub(super) fn hear_catalog(&self) {
        if !self.settings.catalog {
            return;
        }
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        let mut kept = self.kept_catalog();
        let heard = kept.take().and_then(|mut view| view.hear(disk, paths).is_ok().then_some(view));
        *kept = if self.is_known(heard.as_ref()) { heard } else { self.worthwhile_catalog(heard) };
        if self.is_known(kept.as_ref()) {
            // One that others replace is opened again at once.
            self.asked.store(1, Ordering::Relaxed);
        }
    }

    fn is_known(&self, view: Option<&View>) -> bool {
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        view.is_some_and(|view| view.is_folder_known(disk, paths).unwrap_or(false))
    }

    /// A catalog for somebody who asks about one session at a time. Who asks but once, as most
    /// commands do, is not made to open it; after that it is tried again each time that twice as
    /// much was asked. Making it, or comparing it with the folder of sessions, waits until as much
    /// was asked as there are sessions: it costs about what was spent by then on doing without.
    fn worthwhile_catalog(&self, heard: Option<View>) -> Option<View> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if !asked.is_power_of_two() {
            return heard;
        }
        let is_worth_work = asked >= ASKED_MIN
            && self.store.entries().is_ok_and(|entries| entries.sessions.len() as u64 <= asked);
        let open = || View::open(&*self.store.disk, self.store.feed.paths()).ok();
        let made = || (is_worth_work && self.fold(Folding::Journals)).then(open).flatten();
        let mut view = heard.or_else(open).or_else(made)?;
        if is_worth_work && !self.is_known(Some(&view)) {
            view.compare(&self.store.disk, &self.store.feed).ok()?;
        }
        Some(view)
    }

    /// The catalog in memory, if nobody else is using it and nothing has happened since it was
    /// heard. That takes a look at two names and at the length of a file.
    fn current_catalog(&self) -> Option<MutexGuard<'_, Option<View>>> {
        let kept = match self.catalog.try_lock() {
            Ok(kept) => kept,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let (disk, paths) = (&*self.store.disk, self.store.feed.paths());
        let is_current = kept.as_ref()?.is_current(disk, paths);
        is_current.unwrap_or(false).then_some(kept)
    }

    /// Opens every session: right whatever else is wrong with the store.
    pub(super) fn list_by_opening(
        &self,
        filter: &SessionFilter,
    ) -> Result<Listing, RepositoryError> {
        self.list_opening(filter, |_| true)
    }

    /// Opens the sessions that are wanted.
    pub(super) fn list_opening(
        &self,
        filter: &SessionFilter,
        is_wanted: impl Fn(&SessionId) -> bool,
    ) -> Result<Listing, RepositoryError> {
        let entries = self.store.entries()?;
        let mut listing = Listing::default();
        for session in entries.sessions.iter().filter(|session| is_wanted(session)) {
            self.take_opened(&mut listing, session, filter);
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

    /// The sessions that have no row and are admitted, in order, and what is wrong with some.
    pub(super) fn opened(
        &self,
        told: Told,
        filter: &SessionFilter,
    ) -> (Vec<SessionMetadata>, Listing) {
        let mut listing = Listing::default();
        for session in told.pending {
            if self.take_opened(&mut listing, &session, filter) {
                settle_if_quiet(&self.store.disk, &self.store.feed, &session);
            }
        }
        listing.unreadable.extend(told.strangers.into_iter().map(stranger));
        let mut sessions = std::mem::take(&mut listing.sessions);
        filter.arrange(&mut sessions);
        (sessions, listing)
    }

    /// Asks the catalog, as it is now; `None` where there is none to be had.
    pub(super) fn by_catalog<T>(
        &self,
        kept: &mut Option<View>,
        mut ask: impl FnMut(&mut View) -> Result<T, Unusable>,
    ) -> Option<T> {
        for _ in 0..TRIES_MAX {
            let answer = self.brought_up_to_date(kept).and_then(|view| {
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
                        Unusable::Moved | Unusable::Unread => {}
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
        if self.is_due_to_fold() {
            self.fold(Folding::Told);
        }
    }

    pub(super) fn is_due_to_fold(&self) -> bool {
        self.settings.catalog && self.store.feed.is_due()
    }

    /// Folds the catalog, and says whether that was done.
    pub(super) fn fold(&self, folding: Folding) -> bool {
        match fold(&self.store.disk, &self.store.feed, folding) {
            Ok(done) => done,
            Err(error) => {
                debug!(%error, "cannot fold the catalog");
                false
            }
        }
    }

    pub(super) fn kept_catalog(&self) -> MutexGuard<'_, Option<View>> {
        // A panic elsewhere leaves nothing that is believed: it is heard again each time.
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The states of the rows that a filter admits. Those that come first are enough for one with a
/// limit.
fn visited(
    view: &mut View,
    filter: &SessionFilter,
    reading: Reading,
) -> Result<Vec<SessionMetadata>, Unusable> {
    let newest_first = filter.sort == SortKey::LastActive;
    let enough = filter.limit.filter(|_| newest_first).unwrap_or(usize::MAX);
    let admission = Admission::of(filter);
    let (mut sessions, mut rows, mut wrong) = (Vec::new(), 0, None);
    view.visit(reading, |row| {
        if sessions.len() >= enough || admission.is_past(row) {
            return ControlFlow::Break(());
        }
        rows += 1;
        if reading == Reading::FromMemory && rows > VISITED_AT_ONCE_MAX {
            wrong = Some(Unusable::Unread);
            return ControlFlow::Break(());
        }
        match admission.state_of(row) {
            Ok(state) => sessions.extend(state.cloned()),
            Err(unusable) => wrong = Some(unusable),
        }
        if wrong.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    wrong.map_or(Ok(sessions), Err)
}

fn stranger(session: String) -> Unreadable {
    let why = "its name is no session id: rename the folder or move it out".to_owned();
    Unreadable { session, why }
}
