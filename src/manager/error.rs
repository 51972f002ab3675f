//! Why an operation failed, and what to do next.

use crate::repository::RepositoryError;
use crate::vocabulary::{LabelError, Refusal, SessionId, SessionIdError};

use super::Moment;
use super::import::ImportError;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The repository could not do it.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A text that should be a session id is none.
    #[error(transparent)]
    InvalidId(#[from] SessionIdError),
    /// A text that should be a name, tag, field name, role or key is none.
    #[error(transparent)]
    InvalidLabel(#[from] LabelError),
    /// No session goes by this name.
    #[error("no session goes by {selector:?}")]
    NoMatch {
        /// What was asked for.
        selector: String,
    },
    /// Several sessions go by this name.
    #[error("{selector:?} fits several sessions: {}", list_of(candidates))]
    Ambiguous {
        /// What was asked for.
        selector: String,
        /// The sessions that it fits, sorted; the first 20 of them.
        candidates: Vec<SessionId>,
    },
    /// Too few characters for the beginning of an id.
    #[error("{selector:?} is no session's id or name, and too short for the beginning of an id")]
    SelectorTooShort {
        /// What was asked for.
        selector: String,
    },
    /// The history does not reach that moment.
    #[error("{session}: there is no state at {moment}: the history has {last} records")]
    NoSuchMoment {
        /// The session.
        session: SessionId,
        /// The moment asked for.
        moment: Moment,
        /// The last sequence number there is.
        last: u64,
    },
    /// A transcript could not be imported at all.
    #[error(transparent)]
    Import(#[from] ImportError),
}

fn list_of(candidates: &[SessionId]) -> String {
    candidates.iter().map(SessionId::as_str).collect::<Vec<_>>().join(", ")
}

impl SessionError {
    /// What kind of error this is, as a name that stays the same over versions.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Repository(error) => kind_of(error),
            Self::Import(error) => error.kind(),
            Self::NoMatch { .. } => "not-found",
            Self::Ambiguous { .. } => "ambiguous",
            Self::InvalidId(_)
            | Self::InvalidLabel(_)
            | Self::SelectorTooShort { .. }
            | Self::NoSuchMoment { .. } => "invalid-input",
        }
    }

    /// The session it is about, where it is about one.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Repository(error) => session_of(error),
            Self::NoSuchMoment { session, .. } => Some(session),
            _ => None,
        }
    }

    /// Whether what was asked for is at fault, and not the store: nobody needs to be woken.
    #[must_use]
    pub fn is_of_the_caller(&self) -> bool {
        let callers = ["not-found", "ambiguous", "invalid-input", "conflict", "refused"];
        callers.contains(&self.kind())
    }

    /// Whether a lock could not be had in time.
    #[must_use]
    pub fn is_of_a_lock(&self) -> bool {
        matches!(self, Self::Repository(RepositoryError::Busy { .. }))
    }

    /// What to do next, as a sentence for people.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Repository(error) => hint_for(error).to_owned(),
            Self::Import(error) => error.hint().to_owned(),
            Self::InvalidId(_) => "leave the id out, and one is made".to_owned(),
            Self::InvalidLabel(_) => "choose another text that keeps to this rule".to_owned(),
            Self::NoMatch { .. } => "see what there is with `annals list --status all`".to_owned(),
            Self::Ambiguous { .. } => "write more of the id".to_owned(),
            Self::SelectorTooShort { .. } => {
                "write at least 4 characters of the id, the whole name, or @last".to_owned()
            }
            Self::NoSuchMoment { session, .. } => {
                format!("see which moments there are with `annals log {session}`")
            }
        }
    }
}

fn kind_of(error: &RepositoryError) -> &'static str {
    use RepositoryError as E;
    match error {
        E::NotFound { .. } | E::Refused { refusal: Refusal::NoSession, .. } => "not-found",
        E::Conflict { .. } | E::Refused { refusal: Refusal::Exists { .. }, .. } => "conflict",
        E::Refused { .. } => "refused",
        E::Busy { .. } => "busy",
        E::Corrupted { .. } => "corrupted",
        E::DurabilityUnknown { .. } => "durability-unknown",
        E::MissingText { .. } => "missing-text",
        E::NewerFormat { .. } => "newer-format",
        E::NotAStore { .. } => "not-a-store",
        E::LocksUnsupported { .. } => "locks-unsupported",
        E::Storage { .. } => "storage",
        E::Interrupted { .. } => "interrupted",
    }
}

fn session_of(error: &RepositoryError) -> Option<&SessionId> {
    use RepositoryError as E;
    match error {
        E::NotFound { session }
        | E::Refused { session, .. }
        | E::Conflict { session, .. }
        | E::Busy { session, .. }
        | E::Corrupted { session, .. }
        | E::DurabilityUnknown { session, .. }
        | E::MissingText { session, .. } => Some(session),
        E::NewerFormat { .. }
        | E::NotAStore { .. }
        | E::LocksUnsupported { .. }
        | E::Storage { .. }
        | E::Interrupted { .. } => None,
    }
}

fn hint_for(error: &RepositoryError) -> &'static str {
    use RepositoryError as E;
    match error {
        E::NotFound { .. } => "see what there is with `annals list --status all`",
        E::Refused { refusal, .. } => hint_for_refusal(refusal),
        E::Conflict { .. } => "read the session again, then decide whether the change still fits",
        E::Busy { .. } => "try again, or see who holds what with `annals locks`",
        E::Corrupted { finding, .. } => finding.next,
        E::DurabilityUnknown { .. } => {
            "check the disk, then `annals verify` the session and see whether the change is there"
        }
        E::MissingText { .. } => "restore the file from a backup; `annals verify` names it",
        E::NewerFormat { .. } => "use the version of annals that wrote it, or a newer one",
        E::NotAStore { .. } => {
            "name another directory with --store, or one that is empty; a store that has lost its \
                               store.json gets it back with `annals recover --all`"
        }
        E::LocksUnsupported { .. } => "put the store on a local file system",
        E::Storage { .. } => "check that the store is there, writable, and has space left",
        E::Interrupted { .. } => "run it again; if it happens again, report it",
    }
}

fn hint_for_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoSession => "create it first",
        Refusal::Exists { .. } => "choose another id, or leave it out and one is made",
        Refusal::Status { .. } => "change the status first: `annals show` tells what it is",
        Refusal::BeginsAs { .. } => "begin it as active or background",
        Refusal::NothingToUndo => "see what happened with `annals log`",
        Refusal::TooMuch { .. } => "split it, or shorten it",
        Refusal::Indispensable { .. } | Refusal::NoRecord { .. } => {
            "see which records there are with `annals log`"
        }
    }
}
