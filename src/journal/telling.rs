//! What a writer tells the catalog: that it is about to change a journal, and what it came to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::JournalError;
use super::catalog::{Feed, forget, is_sound, stamp_of};
use super::writer::Core;
use crate::disk::{Disk, DiskError, DiskFile};
use crate::format::catalog::{Row, Stamp, Timing};
use crate::vocabulary::{Holder, Projection};

/// What has been told since the lock was asked for.
#[derive(Debug)]
pub(super) struct Telling {
    feed: Arc<Feed>,
    /// That the journal is about to change has been told, and its row has not.
    intended: bool,
    began: Instant,
    waited: Duration,
    syncing: Instant,
    synced: Duration,
}

impl Telling {
    pub(super) fn new(feed: Arc<Feed>) -> Self {
        let (waited, synced) = (Duration::ZERO, Duration::ZERO);
        let now = Instant::now();
        Self { feed, intended: false, began: now, waited, syncing: now, synced }
    }

    /// The lock is being asked for.
    pub(super) fn begin(&mut self) {
        self.intended = false;
        self.began = Instant::now();
        self.synced = Duration::ZERO;
    }

    /// The lock was had.
    pub(super) fn has_lock(&mut self) {
        self.waited = self.began.elapsed();
    }

    pub(super) fn syncs(&mut self) {
        self.syncing = Instant::now();
    }

    pub(super) fn has_synced(&mut self) {
        self.synced += self.syncing.elapsed();
    }

    /// What was told stands: nothing is known for sure of what came of it.
    pub(super) fn forget(&mut self) {
        self.intended = false;
    }

    fn timing(&self) -> Timing {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Timing {
            waited_us: micros(self.waited),
            synced_us: micros(self.synced),
            took_us: micros(self.began.elapsed()),
        }
    }
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

    /// Tells that the journal is about to change, once in each holding of its lock.
    ///
    /// # Errors
    ///
    /// Those of the medium: the journal must not be changed then, or a listing would not know.
    pub(super) fn intend(&mut self) -> Result<(), JournalError> {
        if !self.telling.intended {
            self.telling.feed.intend(&*self.journal.disk, &self.journal.session)?;
            self.telling.intended = true;
        }
        Ok(())
    }

    /// Tells what the journal came to, if it was told that it would change. One that is damaged has
    /// no row: whoever lists it looks at it.
    pub(super) fn tell_row(&mut self) {
        if !std::mem::take(&mut self.telling.intended) || !is_sound(&self.journal) {
            return;
        }
        let journal = &self.journal;
        let Ok(info) = journal.file.info() else { return };
        let stamp = Stamp {
            inode: info.identity.inode,
            bytes: info.len.saturating_sub(journal.file.shift()),
            changed_ns: info.changed_ns,
        };
        let Some(row) = Row::new(stamp, &journal.replay.projection.metadata) else { return };
        let timing = self.telling.timing();
        self.telling.feed.told_row(&*journal.disk, row, Some(&timing));
    }
}

/// Tells of a session that has just been put into its place.
pub(super) fn tell_of_creation(disk: &dyn Disk, feed: &Feed, state: &Projection) {
    let stamp = stamp_of(disk, feed.paths(), &state.metadata.id);
    if let Some(row) = stamp.and_then(|stamp| Row::new(stamp, &state.metadata)) {
        feed.told_row(disk, row, None);
    }
}
