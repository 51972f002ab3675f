//! Making a new base: of the old one and what was told since, or of the journals.

use std::sync::Arc;

use tracing::debug;

use super::feed::{Feed, absent_is_as_good};
use super::files::{Held, is_ours, make, make_folder, replace};
use super::layers::Layers;
use super::looking::look;
use super::measuring::{carry_measured, fold_measured};
use super::settling::settle;
use super::unfolded::{Change, Unfolded};
use super::view::{Unusable, hear_all};
use super::writing::write_base;
use crate::disk::{Access, Disk, DiskError, LockMode};
use crate::format::bounds::{CATALOG_FEEDS_MAX, RUN_SHARE, WHOLE_FOLD_BYTES_MAX};
use crate::format::catalog::{Current, Entry, file_name};
use crate::format::layout::CatalogPaths;
use crate::vocabulary::SessionId;

/// What a folding is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// The old base and the feeds, if they can be believed.
    Told,
    /// The journals.
    Journals,
}

/// Folds the catalog, making it where there is none. Answers false where somebody else is at it.
///
/// # Errors
///
/// Those of the medium. What was told stays told.
pub fn fold(disk: &Arc<dyn Disk>, feed: &Feed, folding: Folding) -> Result<bool, DiskError> {
    let paths = feed.paths();
    make_folder(&**disk, paths)?;
    let lock = disk.open(&paths.lock(), Access::OpenOrCreate)?;
    if !lock.try_lock(LockMode::Exclusive)? {
        return Ok(false);
    }
    // Whoever dies here leaves a catalog that is as true as before, with one more feed.
    let Some(begun) = Begun::new(disk, feed, folding, None)? else { return Ok(false) };
    let Some(folded) = begun.finish(disk, feed)? else { return Ok(false) };
    if let Err(error) = remove_others(&**disk, paths, &folded) {
        debug!(%error, "cannot remove what the catalog no longer needs");
    }
    Ok(true)
}

/// Folds what was told, but for all that was told of a session, while the lock of those who fold is
/// held. The old files are still there. What nobody believes is not made again: `None`.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn fold_without(
    disk: &Arc<dyn Disk>,
    feed: &Feed,
    session: &SessionId,
) -> Result<Option<Current>, DiskError> {
    match Begun::new(disk, feed, Folding::Told, Some(session.clone()))? {
        Some(begun) => begun.finish(disk, feed),
        None => Ok(None),
    }
}

/// A catalog whose writers have been sent to a new feed.
struct Begun {
    held: Held,
    current: Current,
    feed: String,
    /// A session of which nothing is to be left.
    without: Option<SessionId>,
}

impl Begun {
    fn new(
        disk: &Arc<dyn Disk>,
        feed: &Feed,
        folding: Folding,
        without: Option<SessionId>,
    ) -> Result<Option<Self>, DiskError> {
        let paths = feed.paths();
        let Some(boot) = disk.boot_id() else { return Ok(None) };
        let Some((held, old)) = open_or_make(&**disk, paths, &boot)? else { return Ok(None) };
        let is_believed = folding == Folding::Told
            && old.boot == boot
            && old.base.is_some()
            && old.feeds.len() < CATALOG_FEEDS_MAX;
        if without.is_some() && !is_believed {
            return Ok(None);
        }
        let fresh = file_name("feed");
        disk.open(&paths.file(&fresh), Access::CreateNew)?;
        let mut next = if is_believed { old } else { unbuilt(&**disk, paths, boot, &old) };
        next.feeds.push(fresh.clone());
        let Some(held) = replace(&**disk, paths, &held, &next)? else { return Ok(None) };
        Ok(Some(Self { held, current: next, feed: fresh, without }))
    }

    /// Reads what was told up to here, and puts all of it into a new base.
    fn finish(mut self, disk: &Arc<dyn Disk>, feed: &Feed) -> Result<Option<Current>, DiskError> {
        let paths = feed.paths();
        if self.current.base.is_some() {
            match self.of_what_was_told(disk, paths) {
                Ok(next) => return self.put_in_place(disk, paths, next),
                Err(Unusable::Disk(error)) => return Err(error),
                Err(_) if self.without.is_some() => return Ok(None),
                Err(unusable) => debug!(%unusable, "the catalog is made again"),
            }
            // Nobody is to believe it while that takes place.
            let mut next = unbuilt(&**disk, paths, self.current.boot.clone(), &self.before());
            next.feeds.push(self.feed.clone());
            match replace(&**disk, paths, &self.held, &next)? {
                Some(held) => (self.held, self.current) = (held, next),
                None => return Ok(None),
            }
        }
        let next = self.of_the_journals(disk, paths)?;
        self.put_in_place(disk, paths, next)
    }

    /// The catalog without the feed that was begun.
    fn before(&self) -> Current {
        let feeds = self.current.feeds.iter().filter(|name| **name != self.feed);
        Current { feeds: feeds.cloned().collect(), ..self.current.clone() }
    }

    fn of_what_was_told(
        &self,
        disk: &Arc<dyn Disk>,
        paths: &CatalogPaths,
    ) -> Result<Current, Unusable> {
        let old = self.before();
        let layers = Layers::open(&**disk, paths, &old)?;
        let (told_bytes, mut unfolded) =
            hear_all(&**disk, paths, &old).map(|(last, unfolded)| (last.bytes(), unfolded))?;
        if let Some(session) = &self.without {
            unfolded.set(session.clone(), Change::Pending);
        }
        for session in unfolded.pending.clone() {
            self.settle_or_carry(disk, paths, &session, &mut unfolded)?;
        }
        let (looked, strangers) = (unfolded.looked, unfolded.strangers.clone());
        let (measured, folded) = fold_measured(&**disk, paths, &old, &unfolded.measured)?;
        let next = Current { looked, strangers, measured, folded, ..self.current.clone() };
        if unfolded.is_empty() {
            return Ok(next);
        }
        let is_whole = self.without.is_some() || unfolded.tells_of_loss();
        if is_whole || !has_room_for_a_run(&old, told_bytes) {
            let base = write_base(&**disk, paths, layers, &unfolded)?;
            return Ok(Current { base: Some(base), run: None, ..next });
        }
        let run = write_base(&**disk, paths, layers.above_the_base(), &unfolded)?;
        Ok(Current { run: Some(run), ..next })
    }

    /// Reads every journal, each under a lock that is shared with nobody who writes: a writer that
    /// is at work may have told of that to a feed which nobody believes any more.
    fn of_the_journals(
        &self,
        disk: &Arc<dyn Disk>,
        paths: &CatalogPaths,
    ) -> Result<Current, DiskError> {
        let look = look(&**disk, paths)?;
        let mut rows = Unfolded::default();
        for session in &look.sessions {
            self.settle_or_carry(disk, paths, session, &mut rows)?;
        }
        let made = match write_base(&**disk, paths, Layers::default(), &rows) {
            Ok(made) => Some(made),
            Err(Unusable::Disk(error)) => return Err(error),
            Err(Unusable::Moved | Unusable::Spoilt(_) | Unusable::Unread) => None,
        };
        let (looked, strangers) = match look.changed_ns {
            Some(changed_ns) => (Some(changed_ns), look.strangers),
            None => (None, Vec::new()),
        };
        // What was told until everybody had seen that another feed counts.
        let left = Current { feeds: self.current.folded.clone(), ..self.current.clone() };
        let (measured, folded) = carry_measured(&**disk, paths, &left);
        Ok(Current { looked, strangers, base: made, measured, folded, ..self.current.clone() })
    }

    fn settle_or_carry(
        &self,
        disk: &Arc<dyn Disk>,
        paths: &CatalogPaths,
        session: &SessionId,
        rows: &mut Unfolded,
    ) -> Result<(), DiskError> {
        let may_be_read = self.without.as_ref() != Some(session);
        let settled = may_be_read
            && settle(disk, paths, session, |row| {
                let fits = row.is_within_bounds();
                if fits {
                    rows.set(session.clone(), Change::Row(Arc::from(row)));
                }
                fits
            });
        if settled { Ok(()) } else { self.carry(disk, paths, session) }
    }

    /// Tells the new feed too that a session has to be looked at.
    fn carry(
        &self,
        disk: &Arc<dyn Disk>,
        paths: &CatalogPaths,
        session: &SessionId,
    ) -> Result<(), DiskError> {
        let file = disk.open(&paths.file(&self.feed), Access::Append)?;
        let entry = Entry::Intent(session.clone()).encode();
        file.append(&entry.unwrap_or_default())
    }

    fn put_in_place(
        self,
        disk: &Arc<dyn Disk>,
        paths: &CatalogPaths,
        next: Current,
    ) -> Result<Option<Current>, DiskError> {
        let next = Current { feeds: vec![self.feed], ..next };
        let replaced = replace(&**disk, paths, &self.held, &next)?.is_some();
        if !replaced && let Some(made) = next.bases().next() {
            // It may hold what was to be gone for good.
            disk.remove_file(&paths.file(&made.name)).or_else(absent_is_as_good)?;
        }
        debug!(rows = next.base.as_ref().map_or(0, |base| base.rows), "folded the catalog");
        Ok(replaced.then_some(next))
    }
}

/// A catalog to be filled again from the journals. What was measured goes on.
fn unbuilt(disk: &dyn Disk, paths: &CatalogPaths, boot: String, old: &Current) -> Current {
    let (measured, folded) = carry_measured(disk, paths, old);
    Current { measured, folded, ..Current::unbuilt(boot, Vec::new()) }
}

/// What `current` says, made where there is none that can be read.
fn open_or_make(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    boot: &str,
) -> Result<Option<(Held, Current)>, DiskError> {
    for _ in 0..2 {
        if let Some(held) = Held::open(disk, paths)? {
            if let Some(current) = held.read()? {
                return Ok(Some((held, current)));
            }
            if held.is_in_place(disk, paths)? {
                disk.remove_file(&paths.current()).or_else(absent_is_as_good)?;
            }
        }
        make(disk, paths, boot.to_owned())?;
    }
    Ok(None)
}

/// Removes what nothing names any more.
///
/// # Errors
///
/// Those of the medium; some of it may still be there.
pub(super) fn remove_others(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    current: &Current,
) -> Result<(), DiskError> {
    let mut all = Ok(());
    for (name, _) in disk.list_dir(&paths.root())? {
        let is_named = current.names().any(|named| *named == name);
        if is_ours(&name) && !is_named {
            let removed = disk.remove_file(&paths.file(&name)).or_else(absent_is_as_good);
            all = all.and(removed);
        }
    }
    all
}

/// Whether what was told goes into a run beside the base, so that the base need not be copied.
fn has_room_for_a_run(old: &Current, told_bytes: u64) -> bool {
    let base_bytes = old.base.as_ref().map_or(0, |base| base.index_at);
    let run_bytes = old.run.as_ref().map_or(0, |run| run.index_at);
    base_bytes > WHOLE_FOLD_BYTES_MAX && run_bytes + told_bytes <= base_bytes / RUN_SHARE
}
