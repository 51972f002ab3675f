//! What is told to a feed, a line each.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Row, Stamp, seal, seal_json, unseal};
use crate::format::bounds::ENTRY_BYTES_MAX;
use crate::vocabulary::{SessionId, SessionStatus, Timestamp};

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
    /// What a process has measured, as JSON that is read only by who asks for it: see
    /// [`Measured`](super::Measured).
    Measured(Box<str>),
}

#[derive(Default, Serialize)]
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
    #[serde(borrow)]
    measured: Option<&'a RawValue>,
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
        Some(Row::of(columns, Arc::new(state.to_owned()), 0..state.len(), 0))
    }
}

impl Entry {
    /// The entry as it is appended, between two line feeds: whatever an unfinished one has left
    /// in front of it stays a line of its own. `None` for one that is over its bound.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let line = match self {
            Self::Intent(session) => seal(&Told { intent: Some(session), ..Told::default() }),
            Self::Row(row) => seal_json(&row_json(row)?),
            Self::Looked(looked) => seal(&Told { looked: Some(looked), ..Told::default() }),
            Self::Measured(json) => seal_json(&format!(r#"{{"measured":{json}}}"#)),
        };
        let line = line.filter(|line| line.len() + 2 <= ENTRY_BYTES_MAX)?;
        Some([b"\n", line.as_slice(), b"\n"].concat())
    }

    /// Reads a line without its line feed; `None` for one that does not prove itself.
    #[must_use]
    pub fn decode(line: &[u8]) -> Option<Self> {
        match unseal(line)? {
            Read { intent: Some(session), row: None, looked: None, measured: None } => {
                Some(Self::Intent(session))
            }
            Read { intent: None, row: Some(row), looked: None, measured: None } => {
                Some(Self::Row(Box::new(row.into_row()?)))
            }
            Read { intent: None, row: None, looked: Some(looked), measured: None } => {
                Some(Self::Looked(looked))
            }
            Read { intent: None, row: None, looked: None, measured: Some(json) } => {
                Some(Self::Measured(json.get().into()))
            }
            _ => None,
        }
    }
}

/// The object that tells a row. Its state is JSON already, and is not read again.
fn row_json(row: &Row) -> Option<String> {
    let Row { id, status, stamp: Stamp { inode, bytes, changed_ns }, .. } = row;
    let (active_us, state) = (row.last_active.as_micros(), row.json());
    let mut json = String::with_capacity(state.len() + 512);
    let stamp = format_args!(r#"{{"inode":{inode},"bytes":{bytes},"changed_ns":{changed_ns}}}"#);
    write!(
        json,
        r#"{{"row":{{"id":"{id}","active_us":{active_us},"status":"{status}","stamp":{stamp},"state":{state}}}}}"#
    )
    .ok()?;
    Some(json)
}

impl Row {
    /// Whether a feed and a base have room for it.
    #[must_use]
    pub fn is_within_bounds(&self) -> bool {
        Entry::Row(Box::new(self.clone())).encode().is_some()
    }
}
