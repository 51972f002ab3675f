//! What is appended, on which condition, and what came of it.

use std::fmt;

use super::{Author, Command, Key, SessionMetadata};

/// What a session's history must have come to for an append to go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpectedSeq {
    /// Anything, as long as the command itself is possible.
    #[default]
    Any,
    /// The last record is this one.
    Exactly(u64),
    /// There is no such session.
    NoSession,
}

impl ExpectedSeq {
    /// Whether a session whose last record is `actual`, or that does not exist, meets it.
    #[must_use]
    pub fn is_met_by(self, actual: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(expected) => actual == Some(expected),
            Self::NoSession => actual.is_none(),
        }
    }
}

impl fmt::Display for ExpectedSeq {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any seq"),
            Self::Exactly(seq) => write!(formatter, "seq {seq}"),
            Self::NoSession => formatter.write_str("no session"),
        }
    }
}

/// Commands for one session, decided one after the other and written together: if one is refused,
/// none has any effect.
#[derive(Debug, Clone)]
pub struct Append {
    /// The condition, checked before the first command.
    pub expected: ExpectedSeq,
    /// What is asked for. An entry whose key the journal already holds is passed over.
    pub entries: Vec<Entry>,
    /// Who asks.
    pub by: Author,
}

/// One command of an [`Append`].
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is asked for.
    pub command: Command,
    /// The caller's idempotency key.
    pub key: Option<Key>,
}

impl Append {
    /// One command, without condition or key.
    #[must_use]
    pub fn one(command: Command, by: Author) -> Self {
        Self { expected: ExpectedSeq::Any, entries: vec![Entry { command, key: None }], by }
    }
}

/// What came of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It became these records, both inclusive.
    Recorded {
        /// The first.
        first_seq: u64,
        /// The last.
        last_seq: u64,
    },
    /// The state was as asked already.
    Unchanged,
    /// The journal held its key already, on this record.
    Repeated {
        /// The first record with the key.
        seq: u64,
    },
}

/// What came of an append. It is as durable as the repository promises.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The state right after it.
    pub state: SessionMetadata,
    /// One outcome for each entry, in order.
    pub outcomes: Vec<Outcome>,
}
