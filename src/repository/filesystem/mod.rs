//! Sessions on a file system: a folder each, a lock each, and no process that has to run.

mod admission;
mod appending;
mod checking;
mod deletion;
mod error;
mod following;
mod leftovers;
mod listing;
mod locks;
mod queue;
mod reading;
mod salvage;
mod scrubbing;
mod slot;
mod store;
mod streaming;
mod telling;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::error::of_journal;
use self::reading::Wanted;
use self::slot::Slot;
use self::store::{Store, storage};
use super::{
    Compaction, Depth, Effort, Following, Growth, HeldLock, Listing, Loaded, Records, Recovery,
    Repair, RepositoryError, Salvage, Scrub, SessionRepository, Sessions, Version, Watermark,
    author_from_environment,
};
use crate::disk::{Disk, RealDisk};
use crate::format::catalog::Verified;
use crate::journal::catalog::View;
use crate::journal::{Journal, JournalError, JournalWriter, Settings, read_blob};
use crate::vocabulary::{
    Append, Appended, Author, BlobRef, ExpectedSeq, Figures, Redacted, SessionFilter, SessionId,
    Verification, WriteFigures,
};

/// Most sessions of a list that is collected, rather than fed by a thread of its own.
const COLLECTED_MAX: usize = 256;

/// Most sessions that are kept open between two calls: each holds three descriptors.
const SLOTS_MAX: usize = 128;

/// How often a change by another process is looked for.
const WATCH_PERIOD: Duration = Duration::from_millis(50);

/// A store of sessions in a directory, shared with any number of other processes.
#[derive(Debug, Clone)]
pub struct FileSystemRepository {
    inner: Arc<Inner>,
    hop: Hop,
}

/// Where the blocking work of a call is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hop {
    /// On a thread of the runtime's pool for blocking work.
    ToThePool,
    /// Where the call is polled.
    None,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    settings: Settings,
    slots: Mutex<HashMap<SessionId, Arc<Slot>>>,
    /// The catalog as it was read last.
    catalog: Mutex<Option<View>>,
    /// What the last scrub left to be known.
    verified: Mutex<Option<Verified>>,
    /// How often a version was asked for since there was a catalog to hear.
    asked: AtomicU64,
}

impl FileSystemRepository {
    /// A store in a directory of the machine, with the default settings. A directory that is
    /// missing or empty is an empty store, and becomes one on disk with the first append.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotAStore`] when the directory holds something else,
    /// [`RepositoryError::NewerFormat`], and those of the medium.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RepositoryError> {
        Self::open_with(Arc::new(RealDisk), path, Settings::new(author_from_environment()))
    }

    /// A store on any medium, with settings of one's own.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub fn open_with(
        disk: Arc<dyn Disk>,
        path: impl Into<PathBuf>,
        settings: Settings,
    ) -> Result<Self, RepositoryError> {
        let store = Store::new(disk, path.into(), settings.catalog);
        store.exists()?;
        Ok(Self { inner: Arc::new(Inner::new(store, settings)), hop: Hop::ToThePool })
    }

    /// The same for [`salvage`](SessionRepository::salvage): a directory that has lost what makes
    /// it a store is opened too, if it holds what only a store does. Until it is salvaged, every
    /// other call refuses.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub fn open_to_salvage(
        disk: Arc<dyn Disk>,
        path: impl Into<PathBuf>,
        settings: Settings,
    ) -> Result<Self, RepositoryError> {
        let store = Store::new(disk, path.into(), settings.catalog);
        if let Err(error) = store.exists() {
            let is_lost = matches!(error, RepositoryError::NotAStore { .. });
            if !is_lost || !salvage::is_plausible(&*store.disk, store.root()).map_err(storage)? {
                return Err(error);
            }
        }
        Ok(Self { inner: Arc::new(Inner::new(store, settings)), hop: Hop::ToThePool })
    }

    /// The same store, with its work done on the thread that polls: for programs whose threads have
    /// nothing else to do meanwhile, such as a command. It saves two switches of threads a call, a
    /// good part of what a durable append costs beside its sync. A call may block its thread for as
    /// long as the medium and the lock take, and tasks of one thread do not share syncs; those of
    /// several threads do.
    #[must_use]
    pub fn without_hops(self) -> Self {
        Self { hop: Hop::None, ..self }
    }

    /// The store's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.inner.store.root()
    }

    /// One blocking hop at most.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        if self.hop == Hop::None {
            return work(&self.inner);
        }
        let inner = Arc::clone(&self.inner);
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || span.in_scope(|| work(&inner)))
            .await
            .map_err(|error| RepositoryError::Interrupted { why: error.to_string() })?
    }

    /// A look at one session as it is now.
    async fn look<T: Send + 'static>(
        &self,
        session: &SessionId,
        look: impl FnOnce(&Journal) -> T + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let session = session.clone();
        self.blocking(move |inner| inner.look(&session, look)).await
    }
}

impl Inner {
    fn new(store: Store, settings: Settings) -> Self {
        Self {
            store,
            settings,
            slots: Mutex::default(),
            catalog: Mutex::default(),
            verified: Mutex::default(),
            asked: AtomicU64::default(),
        }
    }

    fn slot(&self, session: &SessionId) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(session) {
            return Arc::clone(slot);
        }
        if slots.len() >= SLOTS_MAX {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let slot = Arc::new(Slot::new(session.clone()));
        slots.insert(session.clone(), Arc::clone(&slot));
        slot
    }

    fn forget(&self, session: &SessionId) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }

    /// A session that was asked for before.
    fn known_slot(&self, session: &SessionId) -> Option<Arc<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(session).map(Arc::clone)
    }

    fn look<T>(
        &self,
        session: &SessionId,
        look: impl FnOnce(&Journal) -> T,
    ) -> Result<T, RepositoryError> {
        if !self.store.exists()? {
            return Err(RepositoryError::NotFound { session: session.clone() });
        }
        let slot = self.slot(session);
        let seen = slot.read(&self.store, &self.settings, look);
        if let Err(JournalError::Missing { .. }) = &seen {
            self.forget(session);
        }
        seen.map_err(|error| of_journal(session, &Arc::new(error)))
    }

    /// Does what no append does with the writer of a session that exists.
    fn write<T>(
        &self,
        session: &SessionId,
        work: impl FnOnce(&mut JournalWriter) -> Result<T, Arc<JournalError>>,
    ) -> Result<T, RepositoryError> {
        if !self.store.exists()? {
            return Err(RepositoryError::NotFound { session: session.clone() });
        }
        let slot = self.slot(session);
        slot.write(&self.store, &self.settings, work).map_err(|error| of_journal(session, &error))
    }
}

fn loaded(journal: &Journal) -> Loaded {
    let replay = journal.replay();
    Loaded {
        state: replay.projection.metadata.clone(),
        head: replay.head,
        findings: replay.findings.clone(),
    }
}

#[async_trait]
impl SessionRepository for FileSystemRepository {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        self.append_in_turn(session, append).await
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        self.look(session, loaded).await
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        let session = session.clone();
        self.blocking(move |inner| {
            // So that there is a watermark, for as long as nobody changes anything.
            inner.hear_catalog();
            inner.look(&session, |journal| {
                // A recovered journal keeps its id, and is another file.
                let inode = u128::from(journal.identity().inode);
                let id = u128::from_be_bytes(*journal.id().as_bytes());
                Version::new(id ^ inode, journal.replay().end_offset)
            })
        })
        .await
    }

    fn watermark(&self) -> Option<Watermark> {
        self.inner.watermark()
    }

    fn is_unchanged(&self, session: &SessionId, since: Watermark) -> bool {
        self.inner.is_unchanged(session, since)
    }

    async fn records(
        &self,
        session: &SessionId,
        from_seq: u64,
    ) -> Result<Records, RepositoryError> {
        // A session that cannot be opened at all is an error of the call, not of the stream.
        let wanted = self.look(session, move |journal| Wanted::of(journal, from_seq)).await?;
        let (sender, records) = Records::channel();
        let (inner, session) = (Arc::clone(&self.inner), session.clone());
        tokio::task::spawn_blocking(move || {
            let timeout = inner.settings.lock_timeout;
            reading::feed_records(&inner.store, &session, wanted, timeout, sender);
        });
        Ok(records)
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        let (session, blob) = (session.clone(), *blob);
        self.blocking(move |inner| {
            inner.look(&session, |_| ())?;
            let paths = inner.store.paths(&session).map_err(storage)?;
            read_blob(&*inner.store.disk, &paths, &blob)
                .map_err(|error| of_journal(&session, &Arc::new(error)))
        })
        .await
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        if let Some(listing) = self.inner.list_from_memory(filter) {
            return Ok(listing);
        }
        let filter = filter.clone();
        self.blocking(move |inner| inner.list(&filter)).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<Sessions, RepositoryError> {
        if self.hop == Hop::None && filter.limit.is_some_and(|limit| limit <= COLLECTED_MAX) {
            // A few need no stream, and so no thread.
            return Ok(self.list(filter).await?.into());
        }
        self.inner.store.exists()?;
        let (sender, sessions) = Sessions::channel();
        let (inner, filter) = (Arc::clone(&self.inner), filter.clone());
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            span.in_scope(|| inner.feed_sessions(&filter, sender));
        });
        Ok(sessions)
    }

    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError> {
        self.blocking(|inner| Ok(inner.store.entries()?.sessions)).await
    }

    async fn changed(&self, session: &SessionId, after_seq: u64) -> Result<u64, RepositoryError> {
        loop {
            let seq = self.look(session, |journal| journal.replay().seq).await?;
            if seq > after_seq {
                return Ok(seq);
            }
            tokio::time::sleep(WATCH_PERIOD).await;
        }
    }

    async fn growths(&self, following: &mut Following) -> Result<Vec<Growth>, RepositoryError> {
        self.growths_by_catalog(following).await
    }

    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        let (session, depth) = (session.clone(), depth.clone());
        self.blocking(move |inner| inner.verify(&session, &depth)).await
    }

    async fn scrub(&self, effort: &Effort) -> Result<Scrub, RepositoryError> {
        self.scrub_incrementally(effort).await
    }

    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        let (session, by) = (session.clone(), by.clone());
        self.blocking(move |inner| inner.recover(&session, repair, &by)).await
    }

    async fn salvage(&self, repair: Repair) -> Result<Salvage, RepositoryError> {
        self.blocking(move |inner| inner.salvage(repair)).await
    }

    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        let (session, by) = (session.clone(), by.clone());
        self.blocking(move |inner| {
            inner.write(&session, |writer| writer.redact(&redacted, expected, &by))
        })
        .await
    }

    async fn compact(&self, session: &SessionId, keep: u64) -> Result<Compaction, RepositoryError> {
        let session = session.clone();
        self.blocking(move |inner| inner.write(&session, |writer| writer.compact(keep))).await
    }

    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError> {
        let session = session.clone();
        self.blocking(move |inner| {
            deletion::delete(&inner.store, &session, &inner.settings)?;
            inner.forget(&session);
            Ok(())
        })
        .await
    }

    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        self.blocking(Inner::locks).await
    }

    fn write_figures(&self) -> WriteFigures {
        self.inner.store.feed.write_figures()
    }

    fn tell_figures(&self, figures: &Figures) -> bool {
        self.tell_and_fold(figures)
    }

    async fn told_figures(&self) -> Result<Figures, RepositoryError> {
        self.blocking(|inner| inner.store.feed.told_figures(&*inner.store.disk).map_err(storage))
            .await
    }

    fn lock_timeout(&self) -> Duration {
        self.inner.settings.lock_timeout
    }
}
