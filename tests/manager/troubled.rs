//! A repository with trouble put in.

use std::sync::Arc;
use std::time::Duration;

use annals::manager::SessionManager;
use annals::repository::{
    CacheStatistics, Compaction, Depth, HeldLock, InMemoryRepository, Listing, Loaded, Records,
    Recovery, Repair, RepositoryError, Salvage, SessionRepository, Unreadable, Version,
};
use annals::vocabulary::{
    Append, Appended, Author, BlobRef, ExpectedSeq, Finding, FindingClass, Holder, Redacted,
    SessionFilter, SessionId, Timestamp, Verification,
};
use async_trait::async_trait;

use super::support::{TestClock, author, id};

/// What is wrong.
#[derive(Default)]
pub struct Trouble {
    /// A session that is damaged.
    pub damaged: Option<SessionId>,
    /// A session that only has to be tidied.
    pub untidy: Option<SessionId>,
    /// The name of something that cannot be listed.
    pub unreadable: Option<String>,
    /// Since when locks are held.
    pub locks_since: Vec<Timestamp>,
    /// Whether loading fails.
    pub fails_to_load: bool,
    pub cache: CacheStatistics,
}

pub struct Troubled {
    inner: InMemoryRepository,
    trouble: Trouble,
}

pub fn troubled(trouble: Trouble) -> (SessionManager<Troubled>, Arc<TestClock>) {
    let clock = TestClock::new();
    let inner = InMemoryRepository::with_clock(Arc::clone(&clock) as _);
    let manager = SessionManager::new(Troubled { inner, trouble });
    (manager.with_author(author()).with_clock(Arc::clone(&clock) as _), clock)
}

impl Troubled {
    fn findings(&self, session: &SessionId) -> Vec<Finding> {
        let find = |class, message| Finding::new(session, class, message).at_seq(1).at_offset(212);
        let damage = || find(FindingClass::Corrupt, "a stain");
        let dust = || find(FindingClass::SnapshotMismatch, "an old snapshot");
        let is_damaged = self.trouble.damaged.as_ref() == Some(session);
        let is_untidy = self.trouble.untidy.as_ref() == Some(session);
        is_damaged.then(damage).into_iter().chain(is_untidy.then(dust)).collect()
    }
}

#[async_trait]
impl SessionRepository for Troubled {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        self.inner.append(session, append).await
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        if self.trouble.fails_to_load {
            return Err(RepositoryError::Storage { source: "the disk is on fire".into() });
        }
        let loaded = self.inner.load(session).await?;
        Ok(Loaded { findings: self.findings(session), ..loaded })
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        self.inner.version(session).await
    }

    async fn records(&self, session: &SessionId, from: u64) -> Result<Records, RepositoryError> {
        self.inner.records(session, from).await
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        self.inner.text(session, blob).await
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        let mut listing = self.inner.list(filter).await?;
        for session in &listing.sessions {
            listing.findings.extend(self.findings(&session.id));
        }
        let why = "it holds no journal".to_owned();
        let unreadable = self.trouble.unreadable.clone();
        listing.unreadable.extend(unreadable.map(|session| Unreadable { session, why }));
        Ok(listing)
    }

    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError> {
        self.inner.ids().await
    }

    async fn changed(&self, session: &SessionId, after: u64) -> Result<u64, RepositoryError> {
        self.inner.changed(session, after).await
    }

    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        let verification = self.inner.verify(session, depth).await?;
        Ok(Verification { findings: self.findings(session), ..verification })
    }

    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        let recovery = self.inner.recover(session, repair, by).await?;
        let findings = self.findings(session);
        Ok(Recovery { changed: !findings.is_empty(), findings, ..recovery })
    }

    async fn salvage(&self, repair: Repair) -> Result<Salvage, RepositoryError> {
        self.inner.salvage(repair).await
    }

    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        self.inner.redact(session, redacted, expected, by).await
    }

    async fn compact(&self, session: &SessionId, keep: u64) -> Result<Compaction, RepositoryError> {
        self.inner.compact(session, keep).await
    }

    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError> {
        self.inner.delete(session).await
    }

    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        let held = self.trouble.locks_since.iter().map(|since| HeldLock {
            session: id("locked"),
            holder: Some(Holder { by: author(), since: *since }),
        });
        Ok(held.collect())
    }

    fn cache_statistics(&self) -> CacheStatistics {
        self.trouble.cache
    }

    fn lock_timeout(&self) -> Duration {
        Duration::from_secs(30)
    }
}
