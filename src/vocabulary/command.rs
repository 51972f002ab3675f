//! What somebody asks of a session.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    FieldName, FileRecorded, Imported, Link, Recovered, Redacted, Role, SessionId, SessionMetadata,
    SessionName, SessionStatus, Tag, Timestamp, Tokens,
};

/// A change asked for. [`decide`](super::decide) answers with events or a refusal.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begin a session.
    Create(NewSession),
    /// Begin a session from the state of another.
    Fork(Box<NewFork>),
    /// Give it a name, or take the name away.
    Rename {
        /// The new name.
        name: Option<SessionName>,
        /// When it happened, if that was earlier.
        occurred: Option<Timestamp>,
    },
    /// Record a message.
    RecordMessage(NewMessage),
    /// Record that a file was read or changed.
    RecordFile(FileRecorded),
    /// Bring it to the foreground.
    Activate,
    /// Send it to the background.
    Background,
    /// Put it away.
    Archive,
    /// Bring it back, from the archive or from deletion.
    Restore,
    /// Add a tag.
    Tag(Tag),
    /// Remove a tag.
    Untag(Tag),
    /// Give a custom field a value.
    SetField {
        /// The field.
        key: FieldName,
        /// Its value: any JSON.
        value: Value,
    },
    /// Remove a custom field.
    ClearField {
        /// The field.
        key: FieldName,
    },
    /// Change its working directory.
    Relocate {
        /// The new one; `None` forgets it.
        cwd: Option<String>,
    },
    /// Note what an import brought.
    NoteImport(Imported),
    /// Note that a record's data were removed.
    NoteRedaction(Redacted),
    /// Note a repair.
    NoteRecovery(Box<Recovered>),
    /// Mark it as deleted.
    Delete,
    /// Take the last change back.
    Undo,
}

/// How a session begins.
#[derive(Debug, Clone, Default)]
pub struct NewSession {
    /// A name for people.
    pub name: Option<SessionName>,
    /// Active or background.
    pub status: SessionStatus,
    /// The directory that it works in.
    pub cwd: Option<String>,
    /// The program that it comes from.
    pub source: Option<String>,
    /// The session whose sub-agent it is.
    pub parent: Option<SessionId>,
    /// Custom fields.
    pub fields: BTreeMap<FieldName, Value>,
    /// The first message of the user; it is recorded as an event of its own.
    pub message: Option<String>,
    /// When it began, if that was earlier.
    pub occurred: Option<Timestamp>,
}

/// A message to record.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said, at most 64 MiB.
    pub text: Option<String>,
    /// The model that speaks.
    pub model: Option<String>,
    /// What it cost.
    pub tokens: Option<Tokens>,
    /// Whether a program put it there, although it stands in a person's place.
    pub meta: bool,
    /// When it happened, if that was earlier.
    pub occurred: Option<Timestamp>,
}

impl NewMessage {
    /// A message of a role with a text, and nothing else known of it.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        let text = Some(text.into());
        Self { role, text, model: None, tokens: None, meta: false, occurred: None }
    }
}

/// What a fork takes over.
#[derive(Debug, Clone)]
pub struct NewFork {
    /// The state of the parent at the moment of forking.
    pub parent: SessionMetadata,
    /// The parent's head at that moment.
    pub head: Link,
    /// A name for the new session.
    pub name: Option<SessionName>,
}
