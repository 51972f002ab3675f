//! What is told to a feed, a line each.

use serde::{Deserialize, Serialize};

use super::{seal, unseal};
use crate::format::bounds::ENTRY_BYTES_MAX;
use crate::vocabulary::{SessionId, SessionMetadata};

/// What the journal's file looked like when a row was true. Another look means another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its inode.
    pub inode: u64,
    /// Its length.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub changed_ns: i64,
}

/// What a session's journal comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What the journal looked like.
    pub stamp: Stamp,
    /// Its state.
    pub state: SessionMetadata,
}

/// How long it took a writer to change a session since it told the last row, in microseconds. What
/// shared a lock, a write and a sync counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timing {
    /// How many changes these figures are of.
    pub changes: u64,
    /// Waiting for the session's lock, together.
    pub waited_us: u64,
    /// Syncing, together.
    pub synced_us: u64,
    /// In all, together.
    pub took_us: u64,
    /// The longest, in all.
    pub took_us_max: u64,
}

/// A look at the folder of sessions, which has held just those that were told of, but for `gone`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// When the folder was changed last.
    pub changed_ns: i64,
    /// Sessions that were told of, and are no longer there.
    pub gone: Vec<SessionId>,
    /// Names that no session can have.
    pub strangers: Vec<String>,
}

/// What is told to a feed. Of one session, the last entry is the one that counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// The session's journal is about to change, or has to be looked at for another reason.
    Intent(SessionId),
    /// What its journal comes to, told while nobody else could write.
    Row(Box<Row>),
    /// What the folder of sessions holds.
    Looked(Looked),
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<&'a SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<&'a Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<&'a Timing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    looked: Option<&'a Looked>,
}

#[derive(Deserialize)]
struct Read {
    intent: Option<SessionId>,
    row: Option<Box<Row>>,
    looked: Option<Looked>,
}

impl Entry {
    /// The entry as it is appended, between two line feeds: whatever an unfinished one has left
    /// in front of it stays a line of its own. `None` for one that is over its bound.
    #[must_use]
    pub fn encode(&self, timing: Option<&Timing>) -> Option<Vec<u8>> {
        let nothing = Told { intent: None, row: None, timing, looked: None };
        let line = match self {
            Self::Intent(session) => seal(&Told { intent: Some(session), ..nothing }),
            Self::Row(row) => seal(&Told { row: Some(row), ..nothing }),
            Self::Looked(looked) => seal(&Told { looked: Some(looked), ..nothing }),
        };
        let line = line.filter(|line| line.len() + 2 <= ENTRY_BYTES_MAX)?;
        Some([b"\n", line.as_slice(), b"\n"].concat())
    }

    /// Reads a line without its line feed; `None` for one that does not prove itself.
    #[must_use]
    pub fn decode(line: &[u8]) -> Option<Self> {
        match unseal(line)? {
            Read { intent: Some(session), row: None, looked: None } => Some(Self::Intent(session)),
            Read { intent: None, row: Some(row), looked: None } => Some(Self::Row(row)),
            Read { intent: None, row: None, looked: Some(looked) } => Some(Self::Looked(looked)),
            _ => None,
        }
    }
}
