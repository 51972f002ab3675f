//! What a journal's error is to those who use the repository.

use std::sync::Arc;

use crate::disk::LockError;
use crate::format::bounds::FORMAT_SEALED;
use crate::journal::JournalError;
use crate::repository::RepositoryError;
use crate::vocabulary::{Refusal, SessionId};

/// The error of one session's journal. Several callers may be told of the same one.
pub(super) fn of_journal(session: &SessionId, error: &Arc<JournalError>) -> RepositoryError {
    let session = session.clone();
    match &**error {
        JournalError::Missing { .. } | JournalError::Refused(Refusal::NoSession) => {
            RepositoryError::NotFound { session }
        }
        JournalError::Refused(refusal) => {
            RepositoryError::Refused { session, refusal: refusal.clone() }
        }
        JournalError::Conflict { expected, actual } => {
            RepositoryError::Conflict { session, expected: *expected, actual: *actual }
        }
        JournalError::Lock(LockError::Timeout { waited, holder, .. }) => {
            RepositoryError::Busy { session, waited: *waited, holder: holder.clone() }
        }
        JournalError::Lock(LockError::Unsupported { path, .. }) => {
            RepositoryError::LocksUnsupported { path: path.clone() }
        }
        JournalError::Corrupted { finding } => {
            RepositoryError::Corrupted { session, finding: finding.clone() }
        }
        JournalError::NewerFormat { path, found } => RepositoryError::NewerFormat {
            path: path.clone(),
            found: *found,
            supported: FORMAT_SEALED,
        },
        JournalError::DurabilityUnknown { seq, .. } => RepositoryError::DurabilityUnknown {
            session,
            seq: *seq,
            source: Box::new(Arc::clone(error)),
        },
        JournalError::Blob { digest, .. } => {
            RepositoryError::MissingText { session, digest: *digest }
        }
        JournalError::Exists { .. }
        | JournalError::Disk(_)
        | JournalError::Lock(LockError::Disk(_))
        | JournalError::Line(_) => RepositoryError::Storage { source: Box::new(Arc::clone(error)) },
    }
}
