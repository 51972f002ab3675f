//! Everything that can end a command, folded into one error with a kind, a hint and an exit code.

use std::io;
use std::path::PathBuf;

use super::input;
use crate::config::ConfigError;
pub(super) use crate::manager::Report;
use crate::manager::SessionError;
use crate::manager::import::ImportError;
use crate::repository::RepositoryError;
use crate::vocabulary::{LabelError, Refusal, SessionId, SessionIdError};

/// How a command ended that was not cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Done, nothing wrong.
    Done,
    /// Done, and it found something.
    Found,
    /// Some of it failed; the errors were shown already, and this is the exit code of the first.
    Failed(u8),
}

impl Status {
    /// The status of a command that went through, with or without findings.
    pub(super) fn found(anything: bool) -> Self {
        if anything { Self::Found } else { Self::Done }
    }

    /// The code for the shell.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => code::FOUND,
            Self::Failed(code) => code,
        }
    }
}

/// The exit codes that scripts rely on.
pub(super) mod code {
    pub(in crate::cli) const FOUND: u8 = 1;
    pub(in crate::cli) const USAGE: u8 = 2;
    pub(in crate::cli) const NOT_FOUND: u8 = 3;
    pub(in crate::cli) const AMBIGUOUS: u8 = 4;
    pub(in crate::cli) const CONFLICT: u8 = 5;
    pub(in crate::cli) const BUSY: u8 = 6;
    pub(in crate::cli) const CORRUPTED: u8 = 7;
    pub(in crate::cli) const STORAGE: u8 = 8;
    pub(in crate::cli) const NEWER: u8 = 9;
    pub(in crate::cli) const UNREACHABLE: u8 = 10;
}

/// Why a command could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The manager refused or failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The command line, or an input it names, says something that cannot be meant.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// An input that the command line names cannot be read.
    #[error("cannot read {}: {why}", input::name_of(path).display())]
    Input {
        /// The file, or `-`.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No flag and no variable names a store, and the user has no home.
    #[error("there is no store to use: the home directory is unknown")]
    NoStore,
    /// The home directory, where programs keep their transcripts, is unknown.
    #[error("the home directory is unknown, so there are no usual folders to search")]
    NoHome,
    /// The store is a remote one, which this build cannot speak to.
    #[error("{store} is a remote store, and this build of annals has no client for one")]
    Remote {
        /// The store asked for.
        store: String,
    },
    /// The server does not start.
    #[cfg(feature = "serve")]
    #[error(transparent)]
    Serve(#[from] crate::serve::ServeError),
    /// The configuration says something that cannot be meant.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Standard output does not take what is written.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// The system gives no threads or handles.
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
}

impl From<RepositoryError> for CliError {
    fn from(error: RepositoryError) -> Self {
        Self::Session(error.into())
    }
}

impl From<LabelError> for CliError {
    fn from(error: LabelError) -> Self {
        Self::Session(error.into())
    }
}

impl From<SessionIdError> for CliError {
    fn from(error: SessionIdError) -> Self {
        Self::Session(error.into())
    }
}

impl CliError {
    /// Whether the reader of standard output went away, which is its right.
    pub(super) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Config(ConfigError::Medium { .. }) => code::STORAGE,
            Self::Session(error) => session_code(error),
            Self::Usage { .. }
            | Self::Input { .. }
            | Self::Config(_)
            | Self::NoStore
            | Self::NoHome => code::USAGE,
            Self::Remote { .. } => code::UNREACHABLE,
            #[cfg(feature = "serve")]
            Self::Serve(crate::serve::ServeError::TokenNeeded { .. }) => code::USAGE,
            #[cfg(feature = "serve")]
            Self::Serve(_) => code::STORAGE,
            Self::Output(_) | Self::Start(_) => code::STORAGE,
        }
    }

    /// The error as `--json` and the answers of `batch` show it.
    pub(super) fn report(&self) -> Report {
        Report {
            kind: self.kind(),
            message: self.to_string(),
            session: self.session().cloned(),
            hint: self.hint(),
            candidates: self.candidates().to_vec(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            // Too short for a prefix, it could still have been an id or a name.
            Self::Session(SessionError::SelectorTooShort { .. }) => "not-found",
            Self::Session(error) => error.kind(),
            Self::Usage { .. } | Self::Input { .. } => "invalid-input",
            Self::Config(ConfigError::Medium { .. }) => "storage",
            Self::Config(_) => "invalid-config",
            Self::NoStore | Self::NoHome => "no-home",
            Self::Remote { .. } => "unreachable",
            #[cfg(feature = "serve")]
            Self::Serve(error) => error.kind(),
            Self::Output(_) => "output",
            Self::Start(_) => "interrupted",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Session(error) => error.hint(),
            Self::Usage { hint, .. } => (*hint).to_owned(),
            Self::Input { .. } => "name a readable UTF-8 file, or - for standard input".to_owned(),
            Self::Config(error) => error.hint(),
            Self::NoHome => "name the folders to import from".to_owned(),
            Self::NoStore => "name one with --store DIR or ANNALS_STORE".to_owned(),
            Self::Remote { .. } => "name a directory with --store DIR".to_owned(),
            #[cfg(feature = "serve")]
            Self::Serve(error) => error.hint().to_owned(),
            Self::Output(_) => {
                "free some space where the output goes, then run it again".to_owned()
            }
            Self::Start(_) => "raise the limits of processes and open files".to_owned(),
        }
    }

    fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Session(error) => error.session(),
            _ => None,
        }
    }

    fn candidates(&self) -> &[SessionId] {
        match self {
            Self::Session(SessionError::Ambiguous { candidates, .. }) => candidates,
            _ => &[],
        }
    }
}

fn session_code(error: &SessionError) -> u8 {
    match error {
        SessionError::Repository(error) => repository_code(error),
        SessionError::Import(ImportError::Disk(_)) => code::STORAGE,
        SessionError::NoMatch { .. } | SessionError::SelectorTooShort { .. } => code::NOT_FOUND,
        SessionError::Ambiguous { .. } => code::AMBIGUOUS,
        SessionError::InvalidId(_)
        | SessionError::InvalidLabel(_)
        | SessionError::NoSuchMoment { .. }
        | SessionError::Import(_) => code::USAGE,
    }
}

fn repository_code(error: &RepositoryError) -> u8 {
    match error {
        RepositoryError::NotFound { .. }
        | RepositoryError::Refused { refusal: Refusal::NoSession, .. } => code::NOT_FOUND,
        RepositoryError::Refused { .. } | RepositoryError::Conflict { .. } => code::CONFLICT,
        RepositoryError::Busy { .. } => code::BUSY,
        RepositoryError::Corrupted { .. } => code::CORRUPTED,
        RepositoryError::NewerFormat { .. } => code::NEWER,
        RepositoryError::DurabilityUnknown { .. }
        | RepositoryError::MissingText { .. }
        | RepositoryError::NotAStore { .. }
        | RepositoryError::LocksUnsupported { .. }
        | RepositoryError::Storage { .. }
        | RepositoryError::Interrupted { .. } => code::STORAGE,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::vocabulary::{Digest, ExpectedSeq, Finding, FindingClass, SessionStatus};

    #[test]
    fn every_error_of_a_repository_has_its_exit_code_and_kind() {
        use RepositoryError as E;
        let session: SessionId = "demo".parse().unwrap();
        let at = || session.clone();
        let path = || PathBuf::from("store");
        let source = || Box::new(io::Error::other("no"));
        let status = Refusal::Status { status: SessionStatus::Archived, why: "restore it first" };
        let finding = Box::new(Finding::new(&session, FindingClass::Corrupt, "bytes"));
        let expected = ExpectedSeq::Exactly(1);
        let cases = [
            (E::NotFound { session: at() }, 3, "not-found"),
            (E::Refused { session: at(), refusal: Refusal::NoSession }, 3, "not-found"),
            (E::Refused { session: at(), refusal: Refusal::Exists { seq: 1 } }, 5, "conflict"),
            (E::Refused { session: at(), refusal: status }, 5, "refused"),
            (E::Conflict { session: at(), expected, actual: None }, 5, "conflict"),
            (E::Busy { session: at(), waited: Duration::ZERO, holder: None }, 6, "busy"),
            (E::Corrupted { session: at(), finding }, 7, "corrupted"),
            (
                E::DurabilityUnknown { session: at(), seq: 1, source: source() },
                8,
                "durability-unknown",
            ),
            (E::MissingText { session: at(), digest: Digest::ZERO }, 8, "missing-text"),
            (E::NotAStore { path: path(), why: "no" }, 8, "not-a-store"),
            (E::LocksUnsupported { path: path() }, 8, "locks-unsupported"),
            (E::Storage { source: source() }, 8, "storage"),
            (E::Interrupted { why: "no".to_owned() }, 8, "interrupted"),
            (E::NewerFormat { path: path(), found: 2, supported: 1 }, 9, "newer-format"),
        ];
        for (error, code, kind) in cases {
            let error = CliError::from(error);
            let report = error.report();
            assert_eq!((error.code(), report.kind), (code, kind), "{error}");
            assert!(!report.hint.is_empty(), "{error} leaves people without a next step");
        }
    }
}
