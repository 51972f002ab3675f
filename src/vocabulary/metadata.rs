//! The projected state of a session: what its history comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FieldName, SessionId, SessionName, Tag, Timestamp};

/// Where a session stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// In use.
    #[default]
    Active,
    /// Running unattended.
    Background,
    /// Put away; it takes no messages until it is restored.
    Archived,
    /// Marked as deleted; the history is still there, and `restore` brings it back.
    Deleted,
}

/// The text names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a status: write active, background, archived or deleted")]
pub struct UnknownStatus {
    /// What was read.
    pub text: String,
}

impl SessionStatus {
    /// Every status, in the order of a session's usual life.
    pub const ALL: [Self; 4] = [Self::Active, Self::Background, Self::Archived, Self::Deleted];

    /// The status as text: `active`, `background`, `archived` or `deleted`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Background => "background",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for SessionStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus { text: text.to_owned() })
    }
}

/// The state of a session, folded from its records up to and including `seq`.
///
/// Its JSON form is the one that `annals --json` prints; its names are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionMetadata {
    /// The session.
    pub id: SessionId,
    /// Where it stands.
    pub status: SessionStatus,
    /// When it began: where it was recorded first, for an imported one.
    pub created: Timestamp,
    /// When it was last worked in: created, spoken in, a file recorded, activated or restored.
    /// Renaming, tagging and archiving do not count.
    pub last_active: Timestamp,
    /// The beginning of the first message of a user, at most 200 characters.
    pub first_message: Option<String>,
    /// Its name for people.
    pub name: Option<SessionName>,
    /// How many messages were recorded.
    pub message_count: u64,
    /// How many file changes were recorded.
    pub file_count: u64,
    /// Its tags.
    pub tags: BTreeSet<Tag>,
    /// The directory that it works in.
    pub cwd: Option<String>,
    /// The program that it came from, when it was imported.
    pub source: Option<String>,
    /// The session that it was forked from, or whose sub-agent it is.
    pub parent: Option<SessionId>,
    /// Custom fields.
    pub fields: BTreeMap<FieldName, Value>,
    /// The sequence number of the last record folded in.
    pub seq: u64,
}

impl SessionMetadata {
    /// The state of a session of which nothing is known but its id and when its journal began.
    #[must_use]
    pub fn blank(id: SessionId, created: Timestamp) -> Self {
        Self {
            id,
            status: SessionStatus::Active,
            created,
            last_active: created,
            first_message: None,
            name: None,
            message_count: 0,
            file_count: 0,
            tags: BTreeSet::new(),
            cwd: None,
            source: None,
            parent: None,
            fields: BTreeMap::new(),
            seq: 0,
        }
    }
}
