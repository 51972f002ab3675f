//! Counting, timing and logging, the same for every operation.

use std::time::Instant;

use tracing::field::display;
use tracing::{error, info, warn};

use super::answer::Answer;
use super::{Operation, SessionError, SessionManager};
use crate::repository::{Listing, SessionRepository};
use crate::vocabulary::{Finding, SessionId};

impl<R: SessionRepository> SessionManager<R> {
    /// Does an operation's work, and lets metrics and the log know what came of it. One that is
    /// dropped half-way has been called and has neither failed nor taken any time.
    pub(super) async fn observe<T: Answer>(
        &self,
        operation: Operation,
        session: Option<&SessionId>,
        work: impl Future<Output = Result<T, SessionError>> + Send,
    ) -> Result<T, SessionError> {
        let started = Instant::now();
        self.metrics.begin(operation);
        let answer = work.await;
        let duration = started.elapsed();
        self.metrics.finish(operation, duration, answer.as_ref().err());
        self.tell_if_due();

        let operation = operation.name();
        let duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        match &answer {
            Ok(answer) => {
                let session_id = session.or(answer.session()).map(display);
                let (seq, count) = (answer.seq(), answer.count());
                info!(operation, session_id, seq, count, duration_us, "done");
            }
            Err(error) => {
                let session_id = session.or(error.session()).map(display);
                error!(operation, session_id, kind = error.kind(), %error, duration_us, "failed");
            }
        }
        answer
    }

    /// Counts damage that was met on the way to an answer, and tells the log of it.
    pub(super) fn met(&self, findings: &[Finding]) {
        self.metrics.met(findings.len());
        for finding in findings {
            warn!(
                session_id = %finding.session,
                class = finding.class.as_str(),
                seq = finding.seq,
                offset = finding.offset,
                next = finding.next,
                "{}",
                finding.message,
            );
        }
    }

    /// The same of what a listing met, and of sessions that are not listed.
    pub(super) fn met_in(&self, listing: &Listing) {
        self.met(&listing.findings);
        for unreadable in &listing.unreadable {
            warn!(session_id = unreadable.session, why = unreadable.why, "not listed");
        }
    }
}
