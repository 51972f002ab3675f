//! A row: what a session's journal comes to, in columns that are read at a glance, and its state as
//! JSON that is read only by those who look into it.

use std::fmt::Write as _;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::vocabulary::{SessionId, SessionMetadata, SessionStatus, Timestamp};

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
#[derive(Debug, Clone)]
pub struct Row {
    /// The session.
    pub id: SessionId,
    /// When it was last worked in, which is what rows are ordered by.
    pub last_active: Timestamp,
    /// Where it stands.
    pub status: SessionStatus,
    /// What the journal looked like.
    pub stamp: Stamp,
    /// Holds the state, and perhaps other rows. It is what was read, and was not copied.
    text: Arc<String>,
    /// Where the state is in it.
    state: Range<usize>,
    /// Where the columns begin that stand in front of the state: at the state, where none do.
    line_begin: usize,
    /// The state, once somebody has looked into it.
    read: OnceLock<Box<SessionMetadata>>,
}

impl Row {
    /// The row of a state; `None` where that has no JSON.
    #[must_use]
    pub fn new(stamp: Stamp, state: &SessionMetadata) -> Option<Self> {
        let text = serde_json::to_string(state).ok()?;
        let columns = (state.id.clone(), state.last_active, state.status, stamp);
        let all = 0..text.len();
        Some(Self::of(columns, Arc::new(text), all, 0))
    }

    /// A row whose state is a part of a text that has proved itself.
    pub(super) fn of(
        (id, last_active, status, stamp): (SessionId, Timestamp, SessionStatus, Stamp),
        text: Arc<String>,
        state: Range<usize>,
        line_begin: usize,
    ) -> Self {
        Self { id, last_active, status, stamp, text, state, line_begin, read: OnceLock::new() }
    }

    /// The state as `annals list --json` prints it.
    #[must_use]
    pub fn json(&self) -> &str {
        self.text.get(self.state.clone()).unwrap_or_default()
    }

    /// The state; `None` where there is something else in its place.
    #[must_use]
    pub fn state(&self) -> Option<&SessionMetadata> {
        if self.read.get().is_none() {
            let state: Box<SessionMetadata> = serde_json::from_str(self.json()).ok()?;
            let columns = (&state.id, state.last_active, state.status);
            if columns != (&self.id, self.last_active, self.status) {
                return None;
            }
            return Some(self.read.get_or_init(|| state));
        }
        self.read.get().map(|state| &**state)
    }

    /// Whether this one comes before another in a listing: newest activity first, then by id.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        self.last_active > other.last_active
            || self.last_active == other.last_active && self.id < other.id
    }

    /// Puts the row behind the others of a base, as a line.
    pub(super) fn write_line(&self, lines: &mut String) {
        if self.line_begin < self.state.start {
            lines.push_str(self.text.get(self.line_begin..self.state.end).unwrap_or_default());
            lines.push('\n');
            return;
        }
        let Self { id, last_active, status, stamp, .. } = self;
        let Stamp { inode, bytes, changed_ns } = stamp;
        let active_us = last_active.as_micros();
        // Writing to a string cannot fail.
        let _ = write!(lines, "{id}\t{active_us}\t{status}\t{inode}\t{bytes}\t{changed_ns}\t");
        lines.push_str(self.json());
        lines.push('\n');
    }

    /// Reads a line of a block that has proved itself, without its line feed.
    #[must_use]
    pub fn read_line(block: &Arc<String>, line: Range<usize>) -> Option<Self> {
        let (line_begin, end) = (line.start, line.end);
        let mut columns = block.get(line)?.splitn(7, '\t');
        let id = columns.next()?.parse().ok()?;
        let last_active = Timestamp::from_micros(number(columns.next()?)?).ok()?;
        let status = columns.next()?.parse().ok()?;
        let (inode, bytes) = (number(columns.next()?)?, number(columns.next()?)?);
        let stamp = Stamp { inode, bytes, changed_ns: number(columns.next()?)? };
        let state = end - columns.next()?.len()..end;
        Some(Self::of((id, last_active, status, stamp), Arc::clone(block), state, line_begin))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        let columns = |row: &Self| (row.last_active, row.status, row.stamp);
        self.id == other.id && columns(self) == columns(other) && self.json() == other.json()
    }
}

fn number<T: FromStr>(digits: &str) -> Option<T> {
    digits.parse().ok()
}
