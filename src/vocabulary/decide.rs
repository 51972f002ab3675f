//! What a command does to a state: events, or a refusal.

use serde_json::Value;

use super::bounds;
use super::{
    Command, Created, Event, FieldName, FieldSet, Forked, Impossible, MessageRecorded, NewFork,
    NewMessage, NewSession, Projection, Renamed, Reversal, Role, SessionMetadata, SessionStatus,
    Tag, check_transition,
};

/// Why a command was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// A session of that id exists.
    #[error("a session with this id exists already, at seq {seq}")]
    Exists {
        /// Where its history stands.
        seq: u64,
    },
    /// The session's status does not allow it.
    #[error("the session is {status}: {why}")]
    Status {
        /// The status it has.
        status: SessionStatus,
        /// What to do about it.
        why: &'static str,
    },
    /// A session begins as active or in the background.
    #[error("a session cannot begin as {status}: create it, then change its status")]
    BeginsAs {
        /// The status asked for.
        status: SessionStatus,
    },
    /// There is nothing that `undo` could take back.
    #[error("there is no change to undo: messages, files and imports are history and stay")]
    NothingToUndo,
    /// A bound would be broken.
    #[error("{what}: at most {max} {unit}, and this is {actual}")]
    TooMuch {
        /// What is bounded.
        what: &'static str,
        /// The bound.
        max: usize,
        /// What is counted.
        unit: &'static str,
        /// The amount asked for.
        actual: usize,
    },
    /// The data of a record cannot be spared.
    #[error(
        "record {seq} is a `{kind}` event, without which the history does not verify: its data stay"
    )]
    Indispensable {
        /// The record.
        seq: u64,
        /// Its kind.
        kind: &'static str,
    },
    /// A record that is not in the journal was named.
    #[error("there is no record {seq} in this session: its history ends at {last}")]
    NoRecord {
        /// The record named.
        seq: u64,
        /// The last one there is.
        last: u64,
    },
}

/// The events that `command` makes of `state`, where `None` is a session that does not exist.
/// No event means that the state is already as asked. Pure.
///
/// # Errors
///
/// A [`Refusal`], which says what speaks against the command.
pub fn decide(state: Option<&Projection>, command: Command) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (None, Command::Create(new)) => create(new),
        (None, Command::Fork(new)) => fork(*new),
        (None, _) => Err(Refusal::NoSession),
        (Some(state), Command::Create(_) | Command::Fork(_)) => {
            Err(Refusal::Exists { seq: state.metadata.seq })
        }
        (Some(state), command) => change(state, command),
    }
}

fn create(new: NewSession) -> Result<Vec<Event>, Refusal> {
    if !matches!(new.status, SessionStatus::Active | SessionStatus::Background) {
        return Err(Refusal::BeginsAs { status: new.status });
    }
    check_detail("working directory", new.cwd.as_deref())?;
    check_detail("source", new.source.as_deref())?;
    check_count("custom fields", new.fields.len(), bounds::FIELDS_MAX)?;
    for value in new.fields.values() {
        check_value(value)?;
    }
    let created = Event::Created(Created {
        name: new.name,
        status: new.status,
        cwd: new.cwd,
        source: new.source,
        parent: new.parent,
        fields: new.fields,
        occurred: new.occurred,
    });
    let Some(text) = new.message else { return Ok(vec![created]) };
    let first = NewMessage { occurred: new.occurred, ..NewMessage::new(Role::user(), text) };
    Ok(vec![created, message(first)?])
}

fn fork(new: NewFork) -> Result<Vec<Event>, Refusal> {
    let parent = new.parent;
    Ok(vec![Event::Forked(Box::new(Forked {
        at_seq: parent.seq,
        head: new.head,
        name: new.name.or(parent.name),
        first_message: parent.first_message,
        message_count: parent.message_count,
        file_count: parent.file_count,
        tags: parent.tags,
        cwd: parent.cwd,
        fields: parent.fields,
        parent: parent.id,
    }))])
}

fn change(state: &Projection, command: Command) -> Result<Vec<Event>, Refusal> {
    let now = &state.metadata;
    let event = match command {
        Command::Rename { name, .. } if name == now.name => return Ok(Vec::new()),
        Command::Rename { name, occurred } => Event::Renamed(Renamed { name, occurred }),
        Command::RecordMessage(new) => message(new)?,
        Command::RecordFile(file) => {
            check_detail("file path", Some(&file.path))?;
            check_detail("file action", file.action.as_deref())?;
            Event::FileRecorded(file)
        }
        Command::Activate if now.status == SessionStatus::Active => return Ok(Vec::new()),
        Command::Activate => Event::Activated,
        Command::Background if now.status == SessionStatus::Background => return Ok(Vec::new()),
        Command::Background => Event::Backgrounded,
        Command::Archive if now.status == SessionStatus::Archived => return Ok(Vec::new()),
        Command::Archive => Event::Archived,
        Command::Restore => restore(now)?,
        Command::Tag(tag) if now.tags.contains(&tag) => return Ok(Vec::new()),
        Command::Tag(tag) => add_tag(now, tag)?,
        Command::Untag(tag) if !now.tags.contains(&tag) => return Ok(Vec::new()),
        Command::Untag(tag) => Event::Untagged(tag),
        Command::SetField { key, value } if now.fields.get(&key) == Some(&value) => {
            return Ok(Vec::new());
        }
        Command::SetField { key, value } => set_field(now, key, value)?,
        Command::ClearField { key } if !now.fields.contains_key(&key) => return Ok(Vec::new()),
        Command::ClearField { key } => Event::FieldCleared(key),
        Command::Relocate { cwd } if cwd == now.cwd => return Ok(Vec::new()),
        Command::Relocate { cwd } => {
            check_detail("working directory", cwd.as_deref())?;
            Event::Relocated(cwd)
        }
        Command::NoteImport(imported) => {
            check_detail("path", Some(&imported.path))?;
            check_detail("source", Some(&imported.source))?;
            Event::Imported(imported)
        }
        Command::NoteRedaction(redacted) => {
            check_detail("reason", Some(&redacted.reason))?;
            if redacted.seq == 0 || redacted.seq > now.seq {
                return Err(Refusal::NoRecord { seq: redacted.seq, last: now.seq });
            }
            Event::Redacted(redacted)
        }
        Command::NoteRecovery(recovered) => Event::Recovered(recovered),
        Command::Delete if now.status == SessionStatus::Deleted => return Ok(Vec::new()),
        Command::Delete => Event::Deleted,
        Command::Undo => undo(state)?,
        Command::Create(_) | Command::Fork(_) => return Err(Refusal::Exists { seq: now.seq }),
    };
    permit(state, &event)?;
    Ok(vec![event])
}

/// The state machine has the last word, so that what `decide` makes and what `verify` accepts
/// cannot drift apart.
fn permit(state: &Projection, event: &Event) -> Result<(), Refusal> {
    check_transition(Some(state), event).map_err(|Impossible { why, .. }| {
        let status = state.metadata.status;
        let why = match status {
            SessionStatus::Archived | SessionStatus::Deleted => "restore it first",
            SessionStatus::Active | SessionStatus::Background => why,
        };
        Refusal::Status { status, why }
    })
}

fn restore(now: &SessionMetadata) -> Result<Event, Refusal> {
    match now.status {
        SessionStatus::Archived | SessionStatus::Deleted => {
            Ok(Event::Restored(SessionStatus::Active))
        }
        status => Err(Refusal::Status { status, why: "there is nothing to restore it from" }),
    }
}

fn undo(state: &Projection) -> Result<Event, Refusal> {
    use SessionStatus::{Active, Archived, Background, Deleted};

    let reversal = state.reversal.clone().ok_or(Refusal::NothingToUndo)?;
    Ok(match reversal {
        Reversal::Rename { name, .. } => Event::Renamed(Renamed { name, occurred: None }),
        Reversal::SetStatus { from, to, .. } => match (from, to) {
            (_, Deleted) => Event::Deleted,
            (Archived | Deleted, to) => Event::Restored(to),
            (_, Active) => Event::Activated,
            (_, Background) => Event::Backgrounded,
            (_, Archived) => Event::Archived,
        },
        Reversal::Tag { tag, .. } => Event::Tagged(tag),
        Reversal::Untag { tag, .. } => Event::Untagged(tag),
        Reversal::SetField { key, value, .. } => Event::FieldSet(FieldSet { key, value }),
        Reversal::ClearField { key, .. } => Event::FieldCleared(key),
        Reversal::Relocate { cwd, .. } => Event::Relocated(cwd),
    })
}

fn message(new: NewMessage) -> Result<Event, Refusal> {
    let text_bytes = new.text.as_ref().map_or(0, String::len);
    check_size("message text", text_bytes, bounds::TEXT_BYTES_MAX)?;
    check_detail("model", new.model.as_deref())?;
    Ok(Event::MessageRecorded(MessageRecorded {
        role: new.role,
        text: new.text,
        blob: None,
        model: new.model,
        tokens: new.tokens,
        meta: new.meta,
        occurred: new.occurred,
    }))
}

fn add_tag(now: &SessionMetadata, tag: Tag) -> Result<Event, Refusal> {
    check_count("tags", now.tags.len() + 1, bounds::TAGS_MAX)?;
    Ok(Event::Tagged(tag))
}

fn set_field(now: &SessionMetadata, key: FieldName, value: Value) -> Result<Event, Refusal> {
    check_value(&value)?;
    if !now.fields.contains_key(&key) {
        check_count("custom fields", now.fields.len() + 1, bounds::FIELDS_MAX)?;
    }
    Ok(Event::FieldSet(FieldSet { key, value }))
}

fn check_value(value: &Value) -> Result<(), Refusal> {
    let (depth, depth_max) = (depth_of(value), bounds::FIELD_VALUE_DEPTH_MAX);
    check_bound("nesting in the value of a field", depth, depth_max, "levels")?;
    check_size("value of a field", value.to_string().len(), bounds::FIELD_VALUE_BYTES_MAX)
}

/// How many arrays and objects stand inside one another.
fn depth_of(value: &Value) -> usize {
    let (mut depth, mut level) = (0, vec![value]);
    while level.iter().any(|value| value.is_array() || value.is_object()) {
        depth += 1;
        level = level.into_iter().flat_map(parts_of).collect();
    }
    depth
}

fn parts_of(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn check_detail(what: &'static str, text: Option<&str>) -> Result<(), Refusal> {
    check_size(what, text.map_or(0, str::len), bounds::DETAIL_BYTES_MAX)
}

fn check_size(what: &'static str, actual: usize, max: usize) -> Result<(), Refusal> {
    check_bound(what, actual, max, "bytes")
}

fn check_count(what: &'static str, actual: usize, max: usize) -> Result<(), Refusal> {
    check_bound(what, actual, max, "in a session")
}

fn check_bound(
    what: &'static str,
    actual: usize,
    max: usize,
    unit: &'static str,
) -> Result<(), Refusal> {
    if actual > max { Err(Refusal::TooMuch { what, max, unit, actual }) } else { Ok(()) }
}
