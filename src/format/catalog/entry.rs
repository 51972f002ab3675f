//! What is told to a feed, a line each.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Row, Stamp, seal, seal_json, unseal};
use crate::format::bounds::ENTRY_BYTES_MAX;
use crate::vocabulary::{SessionId, SessionStatus, Timestamp};

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
    looked: Option<&'a Looked>,
}

#[derive(Deserialize)]
struct Read<'a> {
    intent: Option<SessionId>,
    #[serde(borrow)]
    row: Option<ReadRow<'a>>,
    looked: Option<Looked>,
}

#[derive(Deserialize)]
struct ReadRow<'a> {
    id: SessionId,
    active_us: i64,
    status: SessionStatus,
    stamp: Stamp,
    #[serde(borrow)]
    state: &'a RawValue,
}

impl ReadRow<'_> {
    fn into_row(self) -> Option<Row> {
        let last_active = Timestamp::from_micros(self.active_us).ok()?;
        let (state, columns) = (self.state.get(), (self.id, last_active, self.status, self.stamp));
        Some(Row::of(columns, state.into(), 0..state.len()))
    }
}

impl Entry {
    /// The entry as it is appended, between two line feeds: whatever an unfinished one has left
    /// in front of it stays a line of its own. `None` for one that is over its bound.
    #[must_use]
    pub fn encode(&self, timing: Option<&Timing>) -> Option<Vec<u8>> {
        let line = match self {
            Self::Intent(session) => seal(&Told { intent: Some(session), looked: None }),
            Self::Row(row) => seal_json(&row_json(row, timing)?),
            Self::Looked(looked) => seal(&Told { intent: None, looked: Some(looked) }),
        };
        let line = line.filter(|line| line.len() + 2 <= ENTRY_BYTES_MAX)?;
        Some([b"\n", line.as_slice(), b"\n"].concat())
    }

    /// Reads a line without its line feed; `None` for one that does not prove itself.
    #[must_use]
    pub fn decode(line: &[u8]) -> Option<Self> {
        match unseal(line)? {
            Read { intent: Some(session), row: None, looked: None } => Some(Self::Intent(session)),
            Read { intent: None, row: Some(row), looked: None } => {
                Some(Self::Row(Box::new(row.into_row()?)))
            }
            Read { intent: None, row: None, looked: Some(looked) } => Some(Self::Looked(looked)),
            _ => None,
        }
    }
}

/// The object that tells a row. Its state is JSON already, and is not read again.
fn row_json(row: &Row, timing: Option<&Timing>) -> Option<String> {
    let Row { id, status, stamp: Stamp { inode, bytes, changed_ns }, .. } = row;
    let (active_us, state) = (row.last_active.as_micros(), row.json());
    let mut json = String::with_capacity(state.len() + 512);
    let stamp = format_args!(r#"{{"inode":{inode},"bytes":{bytes},"changed_ns":{changed_ns}}}"#);
    write!(
        json,
        r#"{{"row":{{"id":"{id}","active_us":{active_us},"status":"{status}","stamp":{stamp},"state":{state}}}"#
    )
    .ok()?;
    if let Some(timing) = timing {
        write!(json, r#","timing":{}"#, serde_json::to_string(timing).ok()?).ok()?;
    }
    json.push('}');
    Some(json)
}

impl Row {
    /// Whether a feed and a base have room for it.
    #[must_use]
    pub fn is_within_bounds(&self) -> bool {
        Entry::Row(Box::new(self.clone())).encode(None).is_some()
    }
}
