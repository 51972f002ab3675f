//! A repository that counts what is read from it, and can be made slow to answer.

use std::sync::atomic::{AtomicU64, Ordering};

use annals::repository::{
    Compaction, Depth, HeldLock, InMemoryRepository, Listing, Loaded, Records, Recovery, Repair,
    RepositoryError, Salvage, SessionRepository, Version,
};
use annals::vocabulary::{
    Append, Appended, Author, BlobRef, ExpectedSeq, Finding, FindingClass, Redacted, SessionFilter,
    SessionId, Verification,
};
use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};

pub struct Counting {
    inner: InMemoryRepository,
    loads: watch::Sender<u64>,
    versions: AtomicU64,
    /// Whether a load has a finding to tell of.
    damaged: bool,
    /// An answer to a load, once read, is held back until there is a permit for it.
    pub answers: Semaphore,
}

impl Counting {
    pub fn new(inner: InMemoryRepository) -> Self {
        Self {
            inner,
            loads: watch::Sender::new(0),
            versions: AtomicU64::new(0),
            damaged: false,
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    pub fn damaged(self) -> Self {
        Self { damaged: true, ..self }
    }

    pub fn holding_answers_back(self) -> Self {
        Self { answers: Semaphore::new(0), ..self }
    }

    pub fn loads(&self) -> u64 {
        *self.loads.borrow()
    }

    pub fn versions(&self) -> u64 {
        self.versions.load(Ordering::SeqCst)
    }

    pub async fn has_loaded(&self, times: u64) {
        self.loads.subscribe().wait_for(|loads| *loads >= times).await.unwrap();
    }
}

#[async_trait]
impl SessionRepository for Counting {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        self.inner.append(session, append).await
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        let mut loaded = self.inner.load(session).await?;
        if self.damaged {
            loaded.findings.push(Finding::new(session, FindingClass::Corrupt, "a stain"));
        }
        self.loads.send_modify(|loads| *loads += 1);
        self.answers.acquire().await.unwrap().forget();
        Ok(loaded)
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        self.versions.fetch_add(1, Ordering::SeqCst);
        self.inner.version(session).await
    }

    async fn records(&self, session: &SessionId, from: u64) -> Result<Records, RepositoryError> {
        self.inner.records(session, from).await
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        self.inner.text(session, blob).await
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        self.inner.list(filter).await
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
        self.inner.verify(session, depth).await
    }

    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        self.inner.recover(session, repair, by).await
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
        self.inner.locks().await
    }
}
