//! What lies about in a store, and what became of it.

use super::{Recovery, RepositoryError};
use crate::vocabulary::SessionId;

/// What was found beside the sessions of a store, and brought back to them.
#[derive(Debug, Default)]
pub struct Salvage {
    /// Whether the file that makes it a store had been lost, and was written again.
    pub store_restored: bool,
    /// What was brought back to its session.
    pub adopted: Vec<Adopted>,
    /// What could not be.
    pub left: Vec<Unattributed>,
    /// What the recovery of sessions would come to after that. Once it is done, they are recovered
    /// like any other, and this is empty.
    pub planned: Vec<(SessionId, Result<Recovery, RepositoryError>)>,
}

impl Salvage {
    /// The files of a session that were brought back, by where they were.
    pub fn adopted_by(&self, session: &SessionId) -> impl Iterator<Item = &str> {
        let own = self.adopted.iter().filter(move |adopted| adopted.session == *session);
        own.map(|adopted| adopted.from.as_str())
    }

    /// Whether what a recovery of this session would come to is told by the plan, or nothing is left
    /// to be recovered: its folder would be another session's.
    #[must_use]
    pub fn has_planned(&self, session: &SessionId) -> bool {
        let folder = format!("sessions/{session}");
        self.planned.iter().any(|(planned, _)| planned == session)
            || self.adopted.iter().any(|adopted| adopted.from == folder)
    }

    /// Whether what lies where this session would has been named as something else.
    #[must_use]
    pub fn has_left(&self, session: &SessionId) -> bool {
        let folder = format!("sessions/{session}");
        self.left.iter().any(|left| left.path == folder)
    }
}

/// A file or a folder that was brought back. Names are relative to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The session that it is of.
    pub session: SessionId,
    /// Where it was.
    pub from: String,
    /// Where it is now.
    pub to: String,
}

/// Something that no session can be found for. It stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unattributed {
    /// Where it is, relative to the store.
    pub path: String,
    /// Why it stays there.
    pub why: String,
}
