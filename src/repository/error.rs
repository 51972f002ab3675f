//! What can go wrong with a session, whatever it is stored in.

use std::path::PathBuf;
use std::time::Duration;

use crate::vocabulary::{Digest, ExpectedSeq, Finding, Holder, Refusal, Rejection, SessionId};

/// Why a repository could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is no such session.
    #[error("there is no session {session}")]
    NotFound {
        /// The session asked for.
        session: SessionId,
    },
    /// The session's state speaks against the command.
    #[error("{session}: {refusal}")]
    Refused {
        /// The session.
        session: SessionId,
        /// Why.
        refusal: Refusal,
    },
    /// The session is not where the caller expected it.
    #[error("{session}: expected {expected}, but {}", describe_actual(*actual))]
    Conflict {
        /// The session.
        session: SessionId,
        /// What the caller expected.
        expected: ExpectedSeq,
        /// Where it stands; `None` if it does not exist.
        actual: Option<u64>,
    },
    /// The lock could not be had in time.
    #[error("{session} is locked by {}; gave up after {waited:?}", describe_holder(holder.as_deref()))]
    Busy {
        /// The session.
        session: SessionId,
        /// How long the caller waited.
        waited: Duration,
        /// Who holds the lock, where that could be read.
        holder: Option<Box<Holder>>,
    },
    /// The session is damaged, and the command would have written to it.
    #[error("{session} is damaged: {}", finding.message)]
    Corrupted {
        /// The session.
        session: SessionId,
        /// What was met first.
        finding: Box<Finding>,
    },
    /// The medium failed after the bytes were handed to it: they may or may not survive.
    #[error("{session}: whether seq {seq} survives a crash of the machine is unknown: {source}")]
    DurabilityUnknown {
        /// The session.
        session: SessionId,
        /// The first record in doubt.
        seq: u64,
        /// What the medium said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A text that a record refers to is gone or damaged.
    #[error("{session}: the text {digest} is missing or damaged")]
    MissingText {
        /// The session.
        session: SessionId,
        /// The text's digest.
        digest: Digest,
    },
    /// The store, or a part of it, was written by a newer version.
    #[error("{} has format {found}; this version of annals reads up to {supported}", path.display())]
    NewerFormat {
        /// What was opened.
        path: PathBuf,
        /// The format it names.
        found: u64,
        /// The newest format that this version reads.
        supported: u64,
    },
    /// The directory holds something else than a store.
    #[error("{} is not an annals store: {why}", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// What speaks against it.
        why: &'static str,
    },
    /// The file system has no working locks, so two writers could not be kept apart.
    #[error("the file system of {} has no working locks", path.display())]
    LocksUnsupported {
        /// The store.
        path: PathBuf,
    },
    /// The store could not be read or written.
    #[error("{source}")]
    Storage {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A task of the runtime was cancelled or panicked.
    #[error("the work was interrupted: {why}")]
    Interrupted {
        /// What the runtime says.
        why: String,
    },
}

impl RepositoryError {
    /// The error for an append that was not carried out.
    #[must_use]
    pub fn rejected(session: &SessionId, rejection: Rejection) -> Self {
        let session = session.clone();
        match rejection {
            Rejection::Refused(Refusal::NoSession) => Self::NotFound { session },
            Rejection::Refused(refusal) => Self::Refused { session, refusal },
            Rejection::Conflict { expected, actual } => {
                Self::Conflict { session, expected, actual }
            }
        }
    }
}

fn describe_actual(actual: Option<u64>) -> String {
    match actual {
        Some(seq) => format!("it stands at seq {seq}"),
        None => "it does not exist".to_owned(),
    }
}

fn describe_holder(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "somebody who left no name".to_owned(), ToString::to_string)
}
