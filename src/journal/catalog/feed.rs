//! Telling the catalog: before a journal changes, and what it came to.
//!
//! Writers and those who fold the catalog do not wait for each other. A writer appends to the feed
//! and then looks whether `current` is still the one that named it; who folds replaces `current`
//! and then reads the feed. So either what was told is read, or its writer tells it again.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::files::{Held, has_folder, is_absent, is_ours, make};
use super::measuring::Measuring;
use super::remembering::forget_verified;
use super::view::View;
use crate::disk::{Access, Disk, DiskError, DiskFile, DiskOperation, FileLock};
use crate::format::bounds::FEED_BYTES_MAX;
use crate::format::catalog::{Current, Entry, Row};
use crate::format::layout::{CatalogPaths, SessionPaths};
use crate::vocabulary::{Holder, SessionId};

/// How often a teller starts again because the catalog was folded in between.
pub(super) const TRIES_MAX: usize = 64;

/// The way to the catalog of one store, for all writers of a process.
#[derive(Debug)]
pub struct Feed {
    paths: CatalogPaths,
    /// Whether a catalog is made where there is none.
    makes: bool,
    place: Mutex<Option<Arc<Place>>>,
    /// How long the feed was when it was looked at last, and what was told since by this process.
    told: AtomicU64,
    pub(super) measuring: Measuring,
}

/// The feed that writers tell at present.
#[derive(Debug)]
pub(super) struct Place {
    held: Arc<Held>,
    feed: Box<dyn DiskFile>,
    current: Current,
}

impl Place {
    pub(super) fn append(&self, entries: &[u8]) -> Result<(), DiskError> {
        self.feed.append(entries)
    }

    /// Whether this is still the feed to tell, so that what was appended to it is sure to be read:
    /// nobody had begun to fold before.
    pub(super) fn is_in_place(
        &self,
        disk: &dyn Disk,
        paths: &CatalogPaths,
    ) -> Result<bool, DiskError> {
        self.held.is_in_place(disk, paths)
    }

    /// Whether what is known here of entries that were told twice reaches back to a feed.
    pub(super) fn follows(&self, earlier: &Self) -> bool {
        let feed = earlier.current.feeds.last();
        feed.is_some_and(|feed| {
            self.current.feeds.contains(feed) || self.current.folded.contains(feed)
        })
    }
}

impl Feed {
    /// The way to a catalog. Whoever does not make one keeps one true that others have made.
    #[must_use]
    pub fn new(paths: CatalogPaths, makes: bool) -> Self {
        let (place, told, measuring) = (Mutex::default(), AtomicU64::new(0), Measuring::default());
        Self { paths, makes, place, told, measuring }
    }

    /// The way to the catalog of the store that a session is in.
    pub(in crate::journal) fn of_session(paths: &SessionPaths, makes: bool) -> Self {
        let store = paths.root().parent().and_then(|sessions| sessions.parent());
        Self::new(CatalogPaths::new(store.unwrap_or(paths.root())), makes)
    }

    /// Where the catalog is.
    #[must_use]
    pub fn paths(&self) -> &CatalogPaths {
        &self.paths
    }

    /// Tells that a session's journal is about to change. Once this has answered, whoever reads
    /// the catalog looks at the journal, until its row is told.
    ///
    /// # Errors
    ///
    /// Those of the medium, where the catalog can neither be told nor taken away: the journal must
    /// not be changed then.
    pub fn intend(&self, disk: &dyn Disk, session: &SessionId) -> Result<(), DiskError> {
        let Some(entry) = Entry::Intent(session.clone()).encode() else { return Ok(()) };
        match self.tell(disk, &entry) {
            Ok(()) => Ok(()),
            Err(error) => {
                warn!(session_id = %session, %error, "cannot tell the catalog: taking it away");
                self.withdraw(disk)
            }
        }
    }

    /// Tells what a session's journal came to, while its lock is held. A row that cannot be told
    /// is read from the journal by whoever wants it.
    pub fn told_row(&self, disk: &dyn Disk, row: Row) -> bool {
        let session = row.id.clone();
        let Some(entry) = Entry::Row(Box::new(row)).encode() else { return false };
        match self.tell(disk, &entry) {
            Ok(()) => true,
            Err(error) => {
                warn!(session_id = %session, %error, "cannot tell the catalog a row");
                false
            }
        }
    }

    /// Appends an entry to the feed that counts.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn tell(&self, disk: &dyn Disk, entry: &[u8]) -> Result<(), DiskError> {
        for _ in 0..TRIES_MAX {
            let Some(place) = self.place(disk, self.makes)? else { return Ok(()) };
            let told = place.append(entry).and_then(|()| place.is_in_place(disk, &self.paths));
            if let Ok(true) = told {
                self.count_told(entry.len());
                return Ok(());
            }
            self.leave(&place);
            told?;
        }
        Err(self.in_vain())
    }

    /// Takes the catalog away: it will be made again from the journals.
    fn withdraw(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        *self.locked() = None;
        if !has_folder(disk, &self.paths)? {
            return Ok(());
        }
        match disk.remove_file(&self.paths.current()) {
            Err(error) if !is_absent(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes every file of the catalog, durably: what is to be gone for good is gone from it too.
    /// It is made again from the journals, which must not hold that any more. Whoever is folding may
    /// hold it in memory, and is waited for.
    ///
    /// # Errors
    ///
    /// Those of the medium; some of it may still be there.
    pub fn erase(
        &self,
        disk: &dyn Disk,
        holder: &Holder,
        timeout: Duration,
    ) -> Result<(), DiskError> {
        if !has_folder(disk, &self.paths)? {
            return Ok(());
        }
        let lock = FileLock::open(disk, &self.paths.lock())?;
        // One that stands still finds its catalog gone, and removes what it has made of it.
        let _alone = lock.exclusive(holder, timeout).ok();
        self.withdraw(disk)?;
        let root = self.paths.root();
        let names = match disk.list_dir(&root) {
            Err(error) if is_absent(&error) => return Ok(()),
            names => names?,
        };
        for (name, _) in names.iter().filter(|(name, _)| is_ours(name)) {
            disk.remove_file(&self.paths.file(name)).or_else(absent_is_as_good)?;
        }
        forget_verified(disk, &self.paths)?;
        disk.sync_dir(&root)
    }

    /// Whether so much was told that it is time to fold.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.locked().is_some() && self.told.load(Ordering::Relaxed) > FEED_BYTES_MAX
    }

    pub(super) fn count_told(&self, bytes: usize) {
        self.told.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The feed to be told, made where there is none and that is asked for.
    pub(super) fn place(
        &self,
        disk: &dyn Disk,
        makes: bool,
    ) -> Result<Option<Arc<Place>>, DiskError> {
        let mut place = self.locked();
        if place.is_none() {
            *place = self.find(disk, makes)?.map(Arc::new);
        }
        Ok(place.clone())
    }

    /// Takes over what a reader has open of the catalog, so that little is left to be opened by who
    /// has something to tell at last.
    pub fn adopt(&self, disk: &dyn Disk, view: &View) {
        let mut place = self.locked();
        let Some(name) = view.current.feeds.last().filter(|_| place.is_none()) else { return };
        // Whoever tells finds out by itself what there is, if that is not there any more.
        let Ok(feed) = disk.open(&self.paths.file(name), Access::Append) else { return };
        self.told.store(view.heard_bytes(), Ordering::Relaxed);
        let (held, current) = (Arc::clone(&view.held), view.current.clone());
        *place = Some(Arc::new(Place { held, feed, current }));
    }

    pub(super) fn leave(&self, left: &Arc<Place>) {
        let mut place = self.locked();
        if place.as_ref().is_some_and(|place| Arc::ptr_eq(place, left)) {
            *place = None;
        }
    }

    /// Opens the feed that `current` names; `None` where there is none to be told.
    fn find(&self, disk: &dyn Disk, makes: bool) -> Result<Option<Place>, DiskError> {
        for _ in 0..TRIES_MAX {
            let Some(held) = Held::open(disk, &self.paths)? else {
                let Some(boot) = disk.boot_id().filter(|_| makes) else { return Ok(None) };
                make(disk, &self.paths, boot)?;
                continue;
            };
            let current = held.read()?;
            let named = current.as_ref().and_then(|current| current.feeds.last());
            let feed = named.map(|name| disk.open(&self.paths.file(name), Access::Append));
            match (feed, current) {
                (Some(Ok(feed)), Some(current)) => {
                    self.told.store(feed.info()?.len, Ordering::Relaxed);
                    let held = Arc::new(held);
                    return Ok(Some(Place { held, feed, current }));
                }
                (Some(Err(error)), _) if error.kind() != ErrorKind::NotFound => return Err(error),
                // Damaged, or without its feed; unless it was replaced in between.
                _ if held.is_in_place(disk, &self.paths)? => {
                    disk.remove_file(&self.paths.current()).or_else(absent_is_as_good)?;
                }
                _ => {}
            }
        }
        Err(self.in_vain())
    }

    fn in_vain(&self) -> DiskError {
        let why = io::Error::other("it is replaced again and again");
        DiskError::new(DiskOperation::Write, &self.paths.current(), why)
    }

    fn locked(&self) -> MutexGuard<'_, Option<Arc<Place>>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn absent_is_as_good(error: DiskError) -> Result<(), DiskError> {
    if is_absent(&error) { Ok(()) } else { Err(error) }
}
