//! A change, and the beginning of a session, as programs ask for them: an operation and its fields, as
//! in a line of `annals batch` and in the body of a request.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Error, Map, Value};

use super::ChangeOptions;
use crate::vocabulary::{
    Command, ExpectedSeq, FieldName, Key, NewMessage, NewSession, Role, SessionId, SessionName,
    SessionStatus, Tag,
};

/// How a session is to begin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreationLine {
    /// Its id; one is made where none is named.
    pub id: Option<SessionId>,
    name: Option<SessionName>,
    message: Option<String>,
    cwd: Option<String>,
    #[serde(default)]
    status: SessionStatus,
    #[serde(default)]
    fields: BTreeMap<FieldName, Value>,
}

impl From<CreationLine> for NewSession {
    fn from(line: CreationLine) -> Self {
        let CreationLine { id: _, name, message, cwd, status, fields } = line;
        Self { name, message, cwd, status, fields, ..Self::default() }
    }
}

/// One change to one session.
#[derive(Debug)]
pub struct ChangeLine {
    /// What the session goes by: see [`SessionManager::resolve`](super::SessionManager::resolve).
    pub session: String,
    /// What is to happen to it.
    pub command: Command,
    /// On which condition.
    pub options: ChangeOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordFields {
    session: String,
    role: Role,
    text: Option<String>,
    model: Option<String>,
    key: Option<Key>,
    expect: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameFields {
    session: String,
    /// Null takes the name away; to leave it out is a mistake.
    #[serde(deserialize_with = "Option::deserialize")]
    name: Option<SessionName>,
    expect: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionFields {
    session: String,
    expect: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagFields {
    session: String,
    tag: Tag,
    expect: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFields {
    session: String,
    key: FieldName,
    value: Value,
    expect: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnsetFields {
    session: String,
    key: FieldName,
    expect: Option<u64>,
}

impl ChangeLine {
    /// The operations there are.
    pub const OPERATIONS: [&str; 12] = [
        "record",
        "rename",
        "archive",
        "restore",
        "background",
        "activate",
        "delete",
        "undo",
        "tag",
        "untag",
        "set",
        "unset",
    ];

    /// Reads an operation with its fields; `None` where there is no such operation.
    ///
    /// # Errors
    ///
    /// A field is missing, has a value that it cannot have, or is none of the operation's.
    pub fn parse(operation: &str, fields: Map<String, Value>) -> Result<Option<Self>, Error> {
        match operation {
            "record" => read(fields).map(record),
            "rename" => read(fields).map(|RenameFields { session, name, expect }| {
                change(session, Command::Rename { name, occurred: None }, expect)
            }),
            "archive" => plain(fields, Command::Archive),
            "restore" => plain(fields, Command::Restore),
            "background" => plain(fields, Command::Background),
            "activate" => plain(fields, Command::Activate),
            "delete" => plain(fields, Command::Delete),
            "undo" => plain(fields, Command::Undo),
            "tag" => read(fields).map(|TagFields { session, tag, expect }| {
                change(session, Command::Tag(tag), expect)
            }),
            "untag" => read(fields).map(|TagFields { session, tag, expect }| {
                change(session, Command::Untag(tag), expect)
            }),
            "set" => read(fields).map(|SetFields { session, key, value, expect }| {
                change(session, Command::SetField { key, value }, expect)
            }),
            "unset" => read(fields).map(|UnsetFields { session, key, expect }| {
                change(session, Command::ClearField { key }, expect)
            }),
            _ => Ok(None),
        }
    }
}

fn record(fields: RecordFields) -> Option<ChangeLine> {
    let RecordFields { session, role, text, model, key, expect } = fields;
    let message = NewMessage { role, text, model, tokens: None, meta: false, occurred: None };
    let options = ChangeOptions { expected: expected(expect), key };
    Some(ChangeLine { session, command: Command::RecordMessage(message), options })
}

fn plain(fields: Map<String, Value>, command: Command) -> Result<Option<ChangeLine>, Error> {
    read(fields).map(|SessionFields { session, expect }| change(session, command, expect))
}

fn change(session: String, command: Command, expect: Option<u64>) -> Option<ChangeLine> {
    let options = ChangeOptions { expected: expected(expect), key: None };
    Some(ChangeLine { session, command, options })
}

fn expected(expect: Option<u64>) -> ExpectedSeq {
    expect.map_or(ExpectedSeq::Any, ExpectedSeq::Exactly)
}

fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Error> {
    serde_json::from_value(Value::Object(fields))
}
