//! What can go wrong with one journal.

use std::path::PathBuf;

use crate::disk::{DiskError, LockError};
use crate::format::LineFault;
use crate::vocabulary::{Digest, ExpectedSeq, Finding, Refusal};

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no such session.
    #[error("there is no session in {}", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// Something exists where the session was to be made.
    #[error("{} exists already", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The medium failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The lock could not be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal is of a newer format.
    #[error("{} has format {found}", path.display())]
    NewerFormat {
        /// The journal.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// The journal is damaged, and must be recovered before it is written to.
    #[error("{}", finding.message)]
    Corrupted {
        /// What was met first.
        finding: Box<Finding>,
    },
    /// The state speaks against the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal is not where the caller expected it.
    #[error("expected {expected}, found {actual:?}")]
    Conflict {
        /// What the caller expected.
        expected: ExpectedSeq,
        /// Where it stands.
        actual: Option<u64>,
    },
    /// A sync failed, or a write that could not be undone: whether the records are on the medium
    /// is not known.
    #[error("the records from seq {seq} on may not survive a crash of the machine: {why}")]
    DurabilityUnknown {
        /// The first record in doubt.
        seq: u64,
        /// What the medium said.
        why: String,
    },
    /// A record cannot be written in the format.
    #[error("the event does not fit a record: {0}")]
    Line(#[from] LineFault),
    /// A text that a record refers to is gone or damaged.
    #[error("the text {digest} is missing or damaged: {why}")]
    Blob {
        /// Its digest.
        digest: Digest,
        /// What was found.
        why: String,
    },
}
