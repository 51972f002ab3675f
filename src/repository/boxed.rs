//! A repository whose kind is chosen while the program runs.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    CacheStatistics, Compaction, Depth, Effort, Following, Growth, HeldLock, Listing, Loaded,
    Records, Recovery, Repair, RepositoryError, Salvage, Scrub, SessionRepository, Sessions,
    Version, Watermark,
};
use crate::vocabulary::{
    Append, Appended, Author, BlobRef, ExpectedSeq, Figures, Redacted, SessionFilter, SessionId,
    Verification, WriteFigures,
};

/// Every call goes to the repository in the box.
#[async_trait]
impl SessionRepository for Box<dyn SessionRepository> {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        (**self).append(session, append).await
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        (**self).load(session).await
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        (**self).version(session).await
    }

    fn watermark(&self) -> Option<Watermark> {
        (**self).watermark()
    }

    fn is_unchanged(&self, session: &SessionId, since: Watermark) -> bool {
        (**self).is_unchanged(session, since)
    }

    async fn records(
        &self,
        session: &SessionId,
        from_seq: u64,
    ) -> Result<Records, RepositoryError> {
        (**self).records(session, from_seq).await
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        (**self).text(session, blob).await
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        (**self).list(filter).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<Sessions, RepositoryError> {
        (**self).sessions(filter).await
    }

    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError> {
        (**self).ids().await
    }

    async fn changed(&self, session: &SessionId, after_seq: u64) -> Result<u64, RepositoryError> {
        (**self).changed(session, after_seq).await
    }

    async fn growths(&self, following: &mut Following) -> Result<Vec<Growth>, RepositoryError> {
        (**self).growths(following).await
    }

    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        (**self).verify(session, depth).await
    }

    async fn scrub(&self, effort: &Effort) -> Result<Scrub, RepositoryError> {
        (**self).scrub(effort).await
    }

    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        (**self).recover(session, repair, by).await
    }

    async fn salvage(&self, repair: Repair) -> Result<Salvage, RepositoryError> {
        (**self).salvage(repair).await
    }

    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        (**self).redact(session, redacted, expected, by).await
    }

    async fn compact(&self, session: &SessionId, keep: u64) -> Result<Compaction, RepositoryError> {
        (**self).compact(session, keep).await
    }

    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError> {
        (**self).delete(session).await
    }

    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        (**self).locks().await
    }

    fn cache_statistics(&self) -> CacheStatistics {
        (**self).cache_statistics()
    }

    fn write_figures(&self) -> WriteFigures {
        (**self).write_figures()
    }

    fn tell_figures(&self, figures: &Figures) -> bool {
        (**self).tell_figures(figures)
    }

    async fn told_figures(&self) -> Result<Figures, RepositoryError> {
        (**self).told_figures().await
    }

    fn lock_timeout(&self) -> Duration {
        (**self).lock_timeout()
    }
}
