//! Operations on the history itself: checking it, repairing it, sealing it, removing it.

use tracing::{debug, instrument, warn};

use super::{Operation, SessionError, SessionManager};
use crate::repository::{Adopted, Compaction, Depth, Recovery, Repair, Salvage, SessionRepository};
use crate::vocabulary::{Appended, ExpectedSeq, Redacted, SessionId, Verification};

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
            self.met(&verification.findings);
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
            self.met(&recovery.findings);
            if recovery.changed && repair == Repair::Apply {
                self.metrics.recovered();
                let Recovery { records_kept, lost, quarantined, .. } = &recovery;
                warn!(records_kept, ?lost, ?quarantined, "recovered");
            }
            Ok(recovery)
        };
        self.observe(Operation::RecoverSession, Some(session), work).await
    }

    /// Brings back to their sessions what lies about in the store under wrong names or in wrong
    /// places, or only says what that would lead to. The sessions are recovered afterwards.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::salvage`].
    #[instrument(skip_all, fields(?repair))]
    pub async fn salvage_store(&self, repair: Repair) -> Result<Salvage, SessionError> {
        let work = async {
            debug!("salvaging");
            let salvage = self.repository.salvage(repair).await?;
            if repair == Repair::Apply {
                for Adopted { session, from, to } in &salvage.adopted {
                    warn!(session_id = %session, from, to, "brought back");
                }
            }
            Ok(salvage)
        };
        self.observe(Operation::SalvageStore, None, work).await
    }

    /// Removes the data of one record for good, and says so in the history: by whom, and why. The
    /// record itself stays, and the chain holds.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::redact`].
    #[instrument(skip_all, fields(session_id = %session, seq = redacted.seq))]
    pub async fn redact_record(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
    ) -> Result<Appended, SessionError> {
        let work = async {
            debug!("redacting");
            Ok(self.repository.redact(session, redacted, expected, &self.author).await?)
        };
        self.observe(Operation::RedactRecord, Some(session), work).await
    }

    /// Moves all but the newest `keep` records of the session into compressed segments. Nothing is
    /// lost, and everything reads as before.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::compact`].
    #[instrument(skip_all, fields(session_id = %session, keep))]
    pub async fn compact_session(
        &self,
        session: &SessionId,
        keep: u64,
    ) -> Result<Compaction, SessionError> {
        let work = async {
            debug!("compacting");
            Ok(self.repository.compact(session, keep).await?)
        };
        self.observe(Operation::CompactSession, Some(session), work).await
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
