//! What the log says of an answer.

use crate::repository::{Compaction, Listing, Loaded, Records, Recovery, Salvage, Sessions};
use crate::vocabulary::{Appended, SessionId, SessionMetadata, Verification};

use super::import::ImportReport;
use super::{Changed, Head, SessionHealth};

/// An answer, as the log tells of it.
pub(super) trait Answer {
    /// Where the session stands.
    fn seq(&self) -> Option<u64> {
        None
    }

    /// Which session it is, where the question did not say so.
    fn session(&self) -> Option<&SessionId> {
        None
    }

    /// How many things were found.
    fn count(&self) -> Option<usize> {
        None
    }
}

/// Answers about one session, and where they stand.
macro_rules! stands_at {
    ($($answer:ty: |$self:ident| $seq:expr),+ $(,)?) => {
        $(impl Answer for $answer {
            fn seq(&$self) -> Option<u64> {
                Some($seq)
            }
        })+
    };
}

/// Answers that hold several things, and how many.
macro_rules! counts {
    ($($answer:ty: |$self:ident| $count:expr),+ $(,)?) => {
        $(impl Answer for $answer {
            fn count(&$self) -> Option<usize> {
                Some($count)
            }
        })+
    };
}

stands_at! {
    SessionMetadata: |self| self.seq,
    Loaded: |self| self.state.seq,
    Changed: |self| self.state.seq,
    Appended: |self| self.state.seq,
    Head: |self| self.seq,
    u64: |self| *self,
}

counts! {
    Vec<SessionMetadata>: |self| self.len(),
    Vec<SessionId>: |self| self.len(),
    Listing: |self| self.sessions.len(),
    Verification: |self| self.findings.len(),
    Recovery: |self| self.findings.len(),
    Salvage: |self| self.adopted.len() + self.left.len(),
    SessionHealth: |self| self.checks.len(),
    ImportReport: |self| usize::try_from(self.events_added).unwrap_or(usize::MAX),
}

impl Answer for () {}
impl Answer for bool {}
impl Answer for String {}
impl Answer for Records {}
impl Answer for Sessions {}
impl Answer for Compaction {}

impl Answer for SessionId {
    fn session(&self) -> Option<&SessionId> {
        Some(self)
    }
}
