//! Operations on the history itself: checking it, repairing it, removing it.

use tracing::{debug, instrument, warn};

use super::observe::warn_of;
use super::{Operation, SessionError, SessionManager};
use crate::repository::{Depth, Recovery, Repair, SessionRepository};
use crate::vocabulary::{SessionId, Verification};

impl<R: SessionRepository> SessionManager<R> {
    /// Replays and checks the session's history, and changes nothing. What is wrong with it is
    /// part of the answer, and is logged.
    ///
    /// # Errors
    ///
    /// There is no such session, or the store as a whole cannot be read.
    #[instrument(skip_all, fields(session_id = %session, quick = depth.quick))]
    pub async fn verify_session(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, SessionError> {
        let work = async {
            debug!(anchors = depth.anchors.len(), "verifying");
            let verification = self.repository.verify(session, depth).await?;
            warn_of(&verification.findings);
            Ok(verification)
        };
        self.observe(Operation::VerifySession, Some(session), work).await
    }

    /// Repairs the session's history, keeping all that proves itself, or only says what a repair
    /// would do.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::recover`].
    #[instrument(skip_all, fields(session_id = %session, ?repair))]
    pub async fn recover_session(
        &self,
        session: &SessionId,
        repair: Repair,
    ) -> Result<Recovery, SessionError> {
        let work = async {
            debug!("recovering");
            let recovery = self.repository.recover(session, repair, &self.author).await?;
            warn_of(&recovery.findings);
            if recovery.changed && repair == Repair::Apply {
                let Recovery { records_kept, lost, quarantined, .. } = &recovery;
                warn!(records_kept, ?lost, ?quarantined, "recovered");
            }
            Ok(recovery)
        };
        self.observe(Operation::RecoverSession, Some(session), work).await
    }

    /// Removes the session and its history for good.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::delete`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn purge_session(&self, session: &SessionId) -> Result<(), SessionError> {
        let work = async { Ok(self.repository.delete(session).await?) };
        self.observe(Operation::PurgeSession, Some(session), work).await
    }
}
