//! Where journals live: the asynchronous [`SessionRepository`] trait and its implementations.

mod author;
mod boxed;
#[cfg(feature = "cache")]
mod cached;
mod error;
mod filesystem;
mod following;
mod listing;
mod memory;
mod records;
mod salvage;
mod scrub;
mod sessions;
mod version;

use std::time::Duration;

use async_trait::async_trait;

pub use author::author_from_environment;
#[cfg(feature = "cache")]
pub use cached::{CacheOptions, CachedRepository};
pub use error::RepositoryError;
pub use filesystem::FileSystemRepository;
pub use following::{Following, Growth};
pub use listing::{HeldLock, Listing, Loaded, Unreadable};
pub use memory::InMemoryRepository;
pub use records::{Read, Records, RecordsSender};
pub use salvage::{Adopted, Salvage, Unattributed};
pub use scrub::{Effort, FINDINGS_MAX, Scrub, VerifiedSessions};
pub use sessions::{Listed, Met, Sessions, SessionsSender};
pub use version::Version;

pub use crate::journal::catalog::Watermark;
pub use crate::journal::{Compaction, Durability, Recovery, Settings as FileSystemOptions};
pub use crate::vocabulary::CacheStatistics;
use crate::vocabulary::{
    Append, Appended, Author, BlobRef, ExpectedSeq, Figures, Link, Redacted, SessionFilter,
    SessionId, Verification, WriteFigures,
};

/// A store of sessions. It speaks events, not files.
///
/// What callers rely on: appends to one session happen one after the other, whoever makes them and
/// from whichever process; those that one process makes to a session that exists happen in the
/// order in which their futures were polled first; an append that was acknowledged is seen by every
/// later call, and is as durable as the repository was opened to make it; an append that returned
/// an error other than [`RepositoryError::DurabilityUnknown`] changed nothing.
///
/// What callers may *not* rely on: that a listing is one moment's picture of several sessions;
/// that two sessions' records are ordered between each other; that a session which was read is
/// still there at the next call.
///
/// Dropping the future of a call that changes something does not take the change back: once it
/// was asked for, it may or may not happen, as if the answer had been lost.
#[async_trait]
pub trait SessionRepository: Send + Sync + 'static {
    /// Decides commands against the session's state and appends their events, all or none. What
    /// exactly it comes to is said by [`plan`](crate::vocabulary::plan).
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`] for any command but one that begins the session,
    /// [`RepositoryError::Refused`] or [`RepositoryError::Conflict`] when the state speaks against
    /// it, [`RepositoryError::Busy`] when the lock could not be had in time,
    /// [`RepositoryError::Corrupted`] when the session needs a recovery first,
    /// [`RepositoryError::DurabilityUnknown`] when the medium failed after the write, and the
    /// errors of the medium.
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError>;

    /// The session's state now, with its head.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`] and the errors of the medium. A damaged session is loaded as
    /// far as it proves itself, with findings.
    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError>;

    /// Which version of the session's history there is now: a token that changes with every
    /// append, recovery, or replacement of the session, and that costs far less than a load.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`] and the errors of the medium.
    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError>;

    /// How far this process has heard of changes, where that is all that there is to hear. It costs
    /// next to nothing, and is `None` where it would cost more.
    fn watermark(&self) -> Option<Watermark> {
        None
    }

    /// Whether a session is sure to be as it was at a watermark. It costs next to nothing: false
    /// says only that its [`version`](Self::version) has to be asked for.
    fn is_unchanged(&self, _session: &SessionId, _since: Watermark) -> bool {
        false
    }

    /// The session's records from a sequence number on, in order, as a stream that holds a bounded
    /// number of them. Damage is reported in its place, and reading goes on after it.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`] and the errors of the medium.
    async fn records(&self, session: &SessionId, from_seq: u64)
    -> Result<Records, RepositoryError>;

    /// The whole of a text that was too long for its record.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`] where the session is gone, [`RepositoryError::MissingText`]
    /// where the text is gone or damaged, and the errors of the medium.
    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError>;

    /// The sessions that a filter admits, in its order, and those that could not be read.
    ///
    /// # Errors
    ///
    /// Those of the medium, for the store as a whole.
    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError>;

    /// The same as a stream that holds a bounded number of them, in the order of the filter; what is
    /// wrong with some comes last.
    ///
    /// # Errors
    ///
    /// Those of the medium, for the store as a whole.
    async fn sessions(&self, filter: &SessionFilter) -> Result<Sessions, RepositoryError> {
        Ok(self.list(filter).await?.into())
    }

    /// The ids of all sessions, in no particular order, whatever state they are in.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError>;

    /// Waits until the session's history has gone beyond a sequence number, and returns where it
    /// stands. Dropping the future is harmless.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`] and the errors of the medium.
    async fn changed(&self, session: &SessionId, after_seq: u64) -> Result<u64, RepositoryError>;

    /// Which histories have grown since the same `following` was asked about last, whoever made them
    /// grow; the first time, none. No growth is passed over and none is told twice, in no particular
    /// order. What happens is seen within the time between two calls; a session that was moved in by
    /// hand is seen once somebody lists.
    ///
    /// Here all sessions are listed and compared each time. Dropping the future forgets what it
    /// would have answered: the next call is a first one.
    ///
    /// # Errors
    ///
    /// Those of the medium; what was not told is told by a later call.
    async fn growths(&self, following: &mut Following) -> Result<Vec<Growth>, RepositoryError> {
        following.compare(self.sessions(&SessionFilter::everything()).await?).await
    }

    /// Replays and checks a session. It changes nothing and takes no lock that keeps writers out
    /// for longer than they would keep each other out.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`]; all that is wrong with the session itself is a finding.
    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError>;

    /// Verifies the store in a quick way, as much of it as an effort allows: what has changed since
    /// it was verified last, and a share of what has not. A repository that does not know what has
    /// changed verifies everything each time. Dropping the future is harmless; what it has verified
    /// by then may be verified again.
    ///
    /// # Errors
    ///
    /// Those of the medium, for the store as a whole; what is wrong with sessions is the answer.
    async fn scrub(&self, _effort: &Effort) -> Result<Scrub, RepositoryError> {
        scrub::verify_all(self).await
    }

    /// Repairs a session, keeping all that proves itself, or only says what it would do.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`], [`RepositoryError::Busy`], and the errors of the medium.
    async fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError>;

    /// Brings back to their sessions what lies about in the store under wrong names or in wrong
    /// places, or only says what that would lead to. Sessions are not recovered by it: that is
    /// [`recover`](Self::recover)'s work, afterwards. A repository in which nothing can lie about
    /// finds nothing.
    ///
    /// # Errors
    ///
    /// Those of the medium, for the store as a whole.
    async fn salvage(&self, _repair: Repair) -> Result<Salvage, RepositoryError> {
        Ok(Salvage::default())
    }

    /// Removes the data of one record from wherever the repository has put them, and appends the
    /// event that says so. The record keeps its place, its author and the digest of its data, so
    /// the chain holds. Asked for again, it makes sure that nothing was left behind.
    ///
    /// # Errors
    ///
    /// As of [`append`](Self::append); [`RepositoryError::Refused`] too where there is no such
    /// record, or the history would not verify without its data.
    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError>;

    /// Moves all but the newest `keep` records into a form that takes less room. Nothing is lost,
    /// and everything reads as before. A repository without such a form changes nothing.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`], [`RepositoryError::Busy`],
    /// [`RepositoryError::Corrupted`], and the errors of the medium.
    async fn compact(&self, session: &SessionId, keep: u64) -> Result<Compaction, RepositoryError>;

    /// Removes a session and its history for good.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`], [`RepositoryError::Busy`], and the errors of the medium.
    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError>;

    /// The locks that are held at this moment, by whom and since when.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError>;

    /// How a cache in front of the store has done; all zero where there is none.
    fn cache_statistics(&self) -> CacheStatistics {
        CacheStatistics::default()
    }

    /// What was measured of the appends that this process has made.
    fn write_figures(&self) -> WriteFigures {
        WriteFigures::default()
    }

    /// Tells all who share the repository what was measured since this was done last. To that the
    /// repository adds what it has measured of appends itself. It takes as long as a short write,
    /// without a sync. False where it was not told, and has to be told again with what comes.
    fn tell_figures(&self, _figures: &Figures) -> bool {
        false
    }

    /// What all who share the repository have told, and the appends that this process has still to
    /// tell of. Where nothing can be told, those are all.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    async fn told_figures(&self) -> Result<Figures, RepositoryError> {
        Ok(Figures { writes: self.write_figures(), ..Figures::default() })
    }

    /// How long an append waits for a lock.
    fn lock_timeout(&self) -> Duration {
        Duration::from_secs(30)
    }
}

/// How deep a verification goes.
#[derive(Debug, Clone, Default)]
pub struct Depth {
    /// Check headers, checksums and sequence only: no chain, no transitions, no blobs.
    pub quick: bool,
    /// Heads written down elsewhere, as sequence number and link.
    pub anchors: Vec<(u64, Link)>,
}

/// Whether a recovery is to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Say what would be done, and change nothing.
    Plan,
    /// Do it.
    Apply,
}
