//! A repository whose catalog is deleted before each call.

use std::path::PathBuf;
use std::sync::Arc;

use annals::disk::Disk;
use annals::repository::{
    Compaction, Depth, FileSystemRepository, Following, Growth, HeldLock, Listing, Loaded, Records,
    Recovery, Repair, RepositoryError, SessionRepository, Sessions, Version,
};
use annals::vocabulary::{
    Append, Appended, Author, BlobRef, ExpectedSeq, Redacted, SessionFilter, SessionId,
    Verification,
};
use async_trait::async_trait;

/// A repository whose catalog is deleted before each call.
pub struct Forgetful {
    pub inner: FileSystemRepository,
    pub disk: Arc<dyn Disk>,
    pub catalog: PathBuf,
}

impl Forgetful {
    fn inner(&self) -> &FileSystemRepository {
        // Others may be deleting or filling it at the same time.
        let _may_be_missing = self.disk.remove_dir_all(&self.catalog);
        &self.inner
    }
}

#[async_trait]
impl SessionRepository for Forgetful {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        self.inner().append(session, append).await
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        self.inner().load(session).await
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        self.inner().version(session).await
    }

    async fn records(&self, session: &SessionId, from: u64) -> Result<Records, RepositoryError> {
        self.inner().records(session, from).await
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        self.inner().text(session, blob).await
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        self.inner().list(filter).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<Sessions, RepositoryError> {
        self.inner().sessions(filter).await
    }

    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError> {
        self.inner().ids().await
    }

    async fn changed(&self, session: &SessionId, after: u64) -> Result<u64, RepositoryError> {
        self.inner().changed(session, after).await
    }

    async fn growths(&self, following: &mut Following) -> Result<Vec<Growth>, RepositoryError> {
        self.inner().growths(following).await
    }

    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        self.inner().verify(session, depth).await
    }

    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        self.inner().recover(session, repair, by).await
    }

    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        self.inner().redact(session, redacted, expected, by).await
    }

    async fn compact(&self, session: &SessionId, keep: u64) -> Result<Compaction, RepositoryError> {
        self.inner().compact(session, keep).await
    }

    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError> {
        self.inner().delete(session).await
    }

    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        self.inner().locks().await
    }
}
