//! A bounded cache of session states in front of another repository.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use moka::notification::RemovalCause;
use moka::sync::Cache;

use super::{
    CacheStatistics, Compaction, Depth, Effort, Following, Growth, HeldLock, Listing, Loaded,
    Records, Recovery, Repair, RepositoryError, Salvage, Scrub, SessionRepository, Sessions,
    Version, Watermark,
};
use crate::vocabulary::{
    Append, Appended, Author, BlobRef, Clock, ExpectedSeq, Figures, Redacted, SessionFilter,
    SessionId, SystemClock, Verification, WriteFigures,
};

/// How a [`CachedRepository`] caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheOptions {
    /// Most sessions kept in memory; 1024 by default. A state takes some kilobytes, and at most
    /// what the bounds of the vocabulary allow.
    pub capacity: u64,
    /// How long a state is believed without asking the store; `None`, the default, asks every
    /// time. What other processes append is then seen only once this time is over; appends
    /// through this repository are seen at once.
    pub ttl: Option<Duration>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self { capacity: 1024, ttl: None }
    }
}

/// A repository that keeps the states of sessions in memory, and asks the one behind it only
/// whether they are still true: see [`SessionRepository::is_unchanged`], and where that cannot say,
/// [`SessionRepository::version`].
///
/// Only [`load`](SessionRepository::load) is answered from memory. A session that was loaded with
/// findings is not kept, so damage is reported until it is repaired.
pub struct CachedRepository<R> {
    inner: R,
    states: Cache<SessionId, Arc<Kept>>,
    ttl: Option<Duration>,
    clock: Arc<dyn Clock>,
    writes: Writes,
    counts: Arc<Counts>,
}

/// A state, and what it takes to believe it.
struct Kept {
    loaded: Arc<Loaded>,
    version: Version,
    /// How far changes had been heard of before it was loaded.
    watermark: Option<Watermark>,
    /// When the store last said so, in microseconds since 1970.
    since_us: i64,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    evicted: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl<R: SessionRepository> CachedRepository<R> {
    /// A cache in front of a repository.
    #[must_use]
    pub fn new(inner: R, options: CacheOptions) -> Self {
        let counts = Arc::new(Counts::default());
        let evictions = Arc::clone(&counts);
        let states = Cache::builder()
            .max_capacity(options.capacity)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    count(&evictions.evicted);
                }
            })
            .build();
        let clock = Arc::new(SystemClock);
        Self { inner, states, ttl: options.ttl, clock, writes: Writes::new(), counts }
    }

    /// The same cache with another clock to measure its time to live with.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The repository behind it.
    #[must_use]
    pub fn inner(&self) -> &R {
        &self.inner
    }

    /// How many states are in memory.
    #[must_use]
    pub fn kept(&self) -> u64 {
        // The cache does its housekeeping on the way; do what is left of it before counting.
        self.states.run_pending_tasks();
        self.states.entry_count()
    }

    /// What is kept of a session, if it can still be believed.
    async fn believable(&self, session: &SessionId) -> Result<Option<Arc<Kept>>, RepositoryError> {
        let Some(kept) = self.states.get(session) else { return Ok(None) };
        let is_unchanged = |since| self.inner.is_unchanged(session, since);
        if self.is_within_ttl(&kept) || kept.watermark.is_some_and(is_unchanged) {
            return Ok(Some(kept));
        }
        let generation = self.writes.generation(session);
        // Before the question, so that the answer is believed from the moment it was asked.
        let since_us = self.clock.now().as_micros();
        let watermark = self.inner.watermark();
        let version = self.inner.version(session).await;
        if version.as_ref().is_ok_and(|version| *version == kept.version) {
            let (loaded, version) = (Arc::clone(&kept.loaded), kept.version);
            let kept = Arc::new(Kept { loaded, version, watermark, since_us });
            self.keep(session, Arc::clone(&kept), generation);
            return Ok(Some(kept));
        }
        self.states.invalidate(session);
        version?;
        count(&self.counts.stale);
        Ok(None)
    }

    fn is_within_ttl(&self, kept: &Kept) -> bool {
        let Some(ttl) = self.ttl else { return false };
        // A clock that was set back makes a negative age, which is no reason to believe anything.
        let age_us = u64::try_from(self.clock.now().as_micros().saturating_sub(kept.since_us));
        age_us.is_ok_and(|age_us| Duration::from_micros(age_us) < ttl)
    }

    /// Forgets a session, and lets readers that are under way know.
    fn forget(&self, session: &SessionId) {
        self.writes.count(session);
        self.states.invalidate(session);
    }

    /// Keeps a state, unless the session was written to since `generation` was read.
    fn keep(&self, session: &SessionId, kept: Arc<Kept>, generation: u64) {
        self.states.insert(session.clone(), kept);
        // A write that begins after this look takes the state out again itself.
        if self.writes.generation(session) != generation {
            self.states.invalidate(session);
        }
    }

    /// Does a write, and keeps no state that was read before its end. The second time is in a
    /// guard's drop, because the write may be abandoned half-way.
    async fn writing<T>(
        &self,
        session: &SessionId,
        write: impl Future<Output = Result<T, RepositoryError>> + Send,
    ) -> Result<T, RepositoryError> {
        self.forget(session);
        let _at_the_end = Finally(|| self.forget(session));
        write.await
    }
}

/// Runs something when it goes out of scope.
struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts writes, so that a reader can tell whether one came in between. Sessions share counters
/// by their hash; sharing one costs a session that was read at the wrong moment another read.
struct Writes {
    hasher: RandomState,
    counters: [AtomicU64; 64],
}

impl Writes {
    fn new() -> Self {
        Self { hasher: RandomState::new(), counters: [const { AtomicU64::new(0) }; 64] }
    }

    fn counter(&self, session: &SessionId) -> &AtomicU64 {
        let [first, ..] = &self.counters;
        let place = self.hasher.hash_one(session) % self.counters.len() as u64;
        usize::try_from(place).ok().and_then(|place| self.counters.get(place)).unwrap_or(first)
    }

    fn count(&self, session: &SessionId) {
        self.counter(session).fetch_add(1, Ordering::SeqCst);
    }

    fn generation(&self, session: &SessionId) -> u64 {
        self.counter(session).load(Ordering::SeqCst)
    }
}

#[async_trait]
impl<R: SessionRepository> SessionRepository for CachedRepository<R> {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        self.writing(session, self.inner.append(session, append)).await
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        if let Some(kept) = self.believable(session).await? {
            count(&self.counts.hits);
            return Ok(Loaded::clone(&kept.loaded));
        }
        count(&self.counts.misses);
        let generation = self.writes.generation(session);
        let since_us = self.clock.now().as_micros();
        // The version and the watermark are read first: if the session changes in between, they are
        // older than the state, and the next look finds it stale.
        let version = self.inner.version(session).await?;
        let watermark = self.inner.watermark();
        let loaded = self.inner.load(session).await?;
        if loaded.findings.is_empty() {
            let kept = Kept { loaded: Arc::new(loaded.clone()), version, watermark, since_us };
            self.keep(session, Arc::new(kept), generation);
        }
        Ok(loaded)
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        self.inner.version(session).await
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
        self.inner.records(session, from_seq).await
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        self.inner.text(session, blob).await
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        self.inner.list(filter).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<Sessions, RepositoryError> {
        self.inner.sessions(filter).await
    }

    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError> {
        self.inner.ids().await
    }

    async fn changed(&self, session: &SessionId, after_seq: u64) -> Result<u64, RepositoryError> {
        let seq = self.inner.changed(session, after_seq).await?;
        // Whoever waited for a change wants to see it, whatever the time to live says.
        self.forget(session);
        Ok(seq)
    }

    async fn growths(&self, following: &mut Following) -> Result<Vec<Growth>, RepositoryError> {
        self.inner.growths(following).await
    }

    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        self.inner.verify(session, depth).await
    }

    async fn scrub(&self, effort: &Effort) -> Result<Scrub, RepositoryError> {
        self.inner.scrub(effort).await
    }

    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        self.writing(session, self.inner.recover(session, repair, by)).await
    }

    async fn salvage(&self, repair: Repair) -> Result<Salvage, RepositoryError> {
        let salvage = self.inner.salvage(repair).await?;
        for adopted in &salvage.adopted {
            self.forget(&adopted.session);
        }
        Ok(salvage)
    }

    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        self.writing(session, self.inner.redact(session, redacted, expected, by)).await
    }

    async fn compact(&self, session: &SessionId, keep: u64) -> Result<Compaction, RepositoryError> {
        self.writing(session, self.inner.compact(session, keep)).await
    }

    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError> {
        self.writing(session, self.inner.delete(session)).await
    }

    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        self.inner.locks().await
    }

    fn cache_statistics(&self) -> CacheStatistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStatistics {
            hits: read(&self.counts.hits),
            misses: read(&self.counts.misses),
            stale: read(&self.counts.stale),
            evicted: read(&self.counts.evicted),
        }
    }

    fn write_figures(&self) -> WriteFigures {
        self.inner.write_figures()
    }

    fn tell_figures(&self, figures: &Figures) -> bool {
        self.inner.tell_figures(figures)
    }

    async fn told_figures(&self) -> Result<Figures, RepositoryError> {
        self.inner.told_figures().await
    }

    fn lock_timeout(&self) -> Duration {
        self.inner.lock_timeout()
    }
}
