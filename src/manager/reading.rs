//! Operations that look and change nothing.

use tracing::{debug, field, instrument};

use super::{Head, Operation, SessionError, SessionManager};
use crate::repository::{Listing, Loaded, Records, RepositoryError, SessionRepository, Sessions};
use crate::vocabulary::{BlobRef, SessionFilter, SessionId, SessionMetadata, SessionStatus};

impl<R: SessionRepository> SessionManager<R> {
    /// Every session that is not deleted, newest activity first. Those that cannot be read are
    /// left out and logged; [`list`](Self::list) returns them too.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    #[instrument(skip_all, fields(session_count = field::Empty))]
    pub async fn list_sessions(&self) -> Result<Vec<SessionMetadata>, SessionError> {
        let work = async {
            let sessions = self.listing(&SessionFilter::default()).await?.sessions;
            self.metrics.saw_undeleted(&sessions);
            Ok(sessions)
        };
        self.observe(Operation::ListSessions, None, work).await
    }

    /// Every session of one status, newest activity first.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    #[instrument(skip_all, fields(%status, session_count = field::Empty))]
    pub async fn list_by_status(
        &self,
        status: SessionStatus,
    ) -> Result<Vec<SessionMetadata>, SessionError> {
        let work = async {
            let sessions = self.listing(&SessionFilter::with_status(status)).await?.sessions;
            self.metrics.saw_status(status, sessions.len());
            Ok(sessions)
        };
        self.observe(Operation::ListByStatus, None, work).await
    }

    /// The sessions that a filter admits, in its order, with those that could not be read.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    #[instrument(skip_all, fields(session_count = field::Empty))]
    pub async fn list(&self, filter: &SessionFilter) -> Result<Listing, SessionError> {
        self.observe(Operation::List, None, self.listing(filter)).await
    }

    /// The same as a stream that holds a bounded number of them. Its time in the metrics is that of
    /// opening the stream.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    #[instrument(skip_all)]
    pub async fn sessions(&self, filter: &SessionFilter) -> Result<Sessions, SessionError> {
        let work = async {
            debug!(?filter, "listing");
            Ok(self.repository.sessions(filter).await?)
        };
        self.observe(Operation::List, None, work).await
    }

    async fn listing(&self, filter: &SessionFilter) -> Result<Listing, SessionError> {
        debug!(?filter, "listing");
        let listing = self.repository.list(filter).await?;
        self.met_in(&listing);
        tracing::Span::current().record("session_count", listing.sessions.len());
        Ok(listing)
    }

    /// The session's state now.
    ///
    /// # Errors
    ///
    /// There is no such session, or the store cannot be read. A damaged session's state is what
    /// its intact records come to; the damage is logged, and [`load`](Self::load) returns it.
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn get_session(&self, session: &SessionId) -> Result<SessionMetadata, SessionError> {
        let work = async { Ok(self.loaded(session).await?.state) };
        self.observe(Operation::GetSession, Some(session), work).await
    }

    /// The session's state now, with its head and the damage met on the way.
    ///
    /// # Errors
    ///
    /// There is no such session, or the store cannot be read.
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn load(&self, session: &SessionId) -> Result<Loaded, SessionError> {
        self.observe(Operation::Load, Some(session), self.loaded(session)).await
    }

    pub(super) async fn loaded(&self, session: &SessionId) -> Result<Loaded, SessionError> {
        debug!("loading");
        let loaded = self.repository.load(session).await?;
        self.met(&loaded.findings);
        Ok(loaded)
    }

    /// Whether there is such a session, deleted ones included.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn exists(&self, session: &SessionId) -> Result<bool, SessionError> {
        self.observe(Operation::Exists, Some(session), self.is_there(session)).await
    }

    pub(super) async fn is_there(&self, session: &SessionId) -> Result<bool, SessionError> {
        match self.repository.version(session).await {
            Ok(_) => Ok(true),
            // Too damaged to have a version, and so in need of those who verify and recover it.
            Err(RepositoryError::Corrupted { .. }) => Ok(true),
            Err(RepositoryError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The session's records from a sequence number on, as a stream. Its time in the metrics is
    /// that of opening the stream.
    ///
    /// # Errors
    ///
    /// There is no such session, or the store cannot be read.
    #[instrument(skip_all, fields(session_id = %session, from_seq))]
    pub async fn history(
        &self,
        session: &SessionId,
        from_seq: u64,
    ) -> Result<Records, SessionError> {
        let work = async { Ok(self.repository.records(session, from_seq).await?) };
        self.observe(Operation::History, Some(session), work).await
    }

    /// Waits, without a bound of its own, until the session's history has gone beyond a sequence
    /// number, and returns where it stands. Dropping the future is harmless.
    ///
    /// # Errors
    ///
    /// There is no such session, or no longer, or the store cannot be read.
    #[instrument(skip_all, fields(session_id = %session, after_seq))]
    pub async fn changed(&self, session: &SessionId, after_seq: u64) -> Result<u64, SessionError> {
        let work = async {
            debug!("waiting");
            Ok(self.repository.changed(session, after_seq).await?)
        };
        self.observe(Operation::Changed, Some(session), work).await
    }

    /// The whole of a text that was too long for its record.
    ///
    /// # Errors
    ///
    /// There is no such session, or its text is gone, or the store cannot be read.
    #[instrument(skip_all, fields(session_id = %session, digest = %blob.digest))]
    pub async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, SessionError> {
        let work = async { Ok(self.repository.text(session, blob).await?) };
        self.observe(Operation::Text, Some(session), work).await
    }

    /// The ids of all sessions, sorted, whatever state they are in.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    #[instrument(skip_all)]
    pub async fn session_ids(&self) -> Result<Vec<SessionId>, SessionError> {
        self.observe(Operation::SessionIds, None, self.sorted_ids()).await
    }

    pub(super) async fn sorted_ids(&self) -> Result<Vec<SessionId>, SessionError> {
        let mut ids = self.repository.ids().await?;
        ids.sort();
        Ok(ids)
    }

    /// The newest link of the session's hash chain.
    ///
    /// # Errors
    ///
    /// There is no such session, or the store cannot be read.
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn head(&self, session: &SessionId) -> Result<Head, SessionError> {
        let work = async {
            let Loaded { state, head, .. } = self.loaded(session).await?;
            Ok(Head { session: session.clone(), seq: state.seq, head })
        };
        self.observe(Operation::Head, Some(session), work).await
    }
}
