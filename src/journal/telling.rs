//! What a writer tells the catalog: that it is about to change a journal, and what it came to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::JournalError;
use super::catalog::{Feed, forget, is_sound};
use super::writer::{Core, JournalWriter};
use crate::disk::{Disk, DiskError, DiskFile, FileLockGuard};
use crate::format::catalog::{Row, Stamp};
use crate::vocabulary::{Holder, Projection, Timestamp};

/// How long a session that is changed over and over goes without a row: a second, in microseconds.
/// Meanwhile it is pending, so that a change costs no more than its journal does.
const ROW_EVERY_US: i64 = 1_000_000;

/// What one writer has told, and what it has still to tell.
#[derive(Debug)]
pub(super) struct Telling {
    feed: Arc<Feed>,
    /// That the journal may change is known to all, by this writer or another.
    announced: bool,
    /// It was changed by this writer, and nobody has told a row since.
    owes_row: bool,
    /// When this writer told a row.
    told_at: Option<Timestamp>,
    /// How many records were appended under this holding of the lock.
    appended: u64,
    /// How long the lock was waited for.
    waited: Duration,
    began: Instant,
    syncing: Instant,
}

impl Telling {
    pub(super) fn new(feed: Arc<Feed>) -> Self {
        let now = Instant::now();
        Self {
            feed,
            announced: false,
            owes_row: false,
            told_at: None,
            appended: 0,
            waited: Duration::ZERO,
            began: now,
            syncing: now,
        }
    }

    /// The lock is being asked for.
    pub(super) fn begin(&mut self) {
        (self.announced, self.appended) = (false, 0);
        self.began = Instant::now();
    }

    /// The lock was had, with what it says.
    pub(super) fn has_lock(&mut self, announced: bool) {
        self.announced = announced;
        self.owes_row &= announced;
        self.waited = self.began.elapsed();
    }

    pub(super) fn syncs(&mut self) {
        self.syncing = Instant::now();
    }

    pub(super) fn has_synced(&mut self) {
        let synced = self.syncing.elapsed();
        self.feed.measure(|appends| appends.synced.record(synced));
    }

    /// So many records were appended.
    pub(super) fn has_appended(&mut self, records: usize) {
        self.appended += records as u64;
    }

    /// Whether a row is owed to those who read the catalog.
    pub(super) fn owes_row(&self) -> bool {
        self.owes_row
    }

    /// What was told stands: nothing is known for sure of what came of it.
    pub(super) fn forget(&mut self) {
        self.owes_row = false;
    }

    /// The change was made, and the lock is about to be given back.
    fn is_done(&mut self) {
        let records = std::mem::take(&mut self.appended);
        if records > 0 {
            let (took, waited) = (self.began.elapsed(), self.waited);
            self.feed.measure(|appends| {
                appends.changes += records;
                appends.took.record(took);
                appends.waited.record(waited);
            });
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let since = |told: Timestamp| now.as_micros().saturating_sub(told.as_micros());
        // A clock that was set back makes it due, too.
        self.told_at.is_none_or(|told| !(0..ROW_EVERY_US).contains(&since(told)))
    }
}

/// When a row is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// When the last one was told a while ago: more changes are likely.
    Unhurried,
    /// Now.
    AtOnce,
}

impl Core {
    /// Has the catalog forget the session: it may hold what has just been removed from the journal.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn forget_rows(&self) -> Result<(), DiskError> {
        let (journal, settings) = (&self.journal, &self.settings);
        let holder = Holder { by: settings.by.clone(), since: settings.clock.now() };
        let feed = &self.telling.feed;
        forget(&journal.disk, feed, &journal.session, &holder, settings.lock_timeout)
    }

    /// Tells that the journal is about to change, unless that is known: an announcement stands until
    /// a row is told, and the lock says whether one does.
    ///
    /// # Errors
    ///
    /// Those of the medium: the journal must not be changed then, or a listing would not know.
    pub(super) fn intend(&mut self) -> Result<(), JournalError> {
        if !self.telling.announced {
            self.telling.feed.intend(&*self.journal.disk, &self.journal.session)?;
            self.telling.announced = true;
        }
        self.telling.owes_row = true;
        Ok(())
    }

    /// Tells what the journal came to, if it has changed. One that is damaged has no row: whoever
    /// lists it looks at it.
    pub(super) fn tell_row(&mut self, guard: &FileLockGuard<'_>, pace: Pace) {
        self.telling.is_done();
        let now = self.settings.clock.now();
        let must_tell = pace == Pace::AtOnce || self.telling.is_due(now);
        if !self.telling.owes_row {
            return;
        }
        if !must_tell || !is_sound(&self.journal) {
            return guard.leave_announced();
        }
        let journal = &self.journal;
        let Ok(info) = journal.file.info() else { return };
        let stamp = Stamp {
            inode: info.identity.inode,
            bytes: info.len.saturating_sub(journal.file.shift()),
            changed_ns: info.changed_ns,
        };
        let Some(row) = Row::new(stamp, &journal.replay.projection.metadata) else { return };
        // First of all: should this writer die before the row is told, the next one announces its
        // change to no harm. The other way round, it would not, and the row would hide the change.
        if guard.silence().is_err() {
            return;
        }
        self.telling.feed.told_row(&*journal.disk, row);
        self.telling.owes_row = false;
        self.telling.told_at = Some(now);
    }
}

/// A row that is owed is told, if the lock can be had at once: otherwise readers find the session
/// pending, and read its journal.
impl Drop for JournalWriter {
    fn drop(&mut self) {
        let core = &mut self.core;
        if !core.telling.owes_row() || core.poisoned.is_some() {
            return;
        }
        core.settings.lock_timeout = Duration::ZERO;
        let Ok((guard, _)) = core.lock(&self.lock) else { return };
        // A session removed and made again has another lock, and writers who hold that one.
        let is_its_own = self.lock.is_in_place(&*core.journal.disk).unwrap_or(false);
        if is_its_own && core.journal.refresh().is_ok() {
            core.tell_row(&guard, Pace::AtOnce);
        }
    }
}

/// Tells of a session that has just been put into its place, while nobody can have written to it.
pub(super) fn tell_of_creation(
    disk: &dyn Disk,
    feed: &Feed,
    state: &Projection,
    stamp: Stamp,
    began: Instant,
) {
    let took = began.elapsed();
    feed.measure(|appends| {
        appends.changes += state.metadata.seq;
        appends.took.record(took);
    });
    if let Some(row) = Row::new(stamp, &state.metadata) {
        feed.told_row(disk, row);
    }
}
