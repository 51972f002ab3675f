//! What events make of a state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bounds::FIRST_MESSAGE_CHARS_MAX;
use super::{
    Created, Event, EventKind, FieldName, FieldSet, FileRecorded, Forked, MessageRecorded, Record,
    Recovered, Renamed, Role, SessionId, SessionMetadata, SessionName, SessionStatus, Tag,
    Timestamp,
};

/// A session's state with what folding needs beside it: how to undo the last change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// The state that applications see.
    pub metadata: SessionMetadata,
    /// The last change that `undo` can take back, and how. Messages, files, imports, redactions
    /// and recoveries are history and cannot be undone; they leave this as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal: Option<Reversal>,
}

/// What takes a change back: the opposite event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "undo")]
#[allow(missing_docs, reason = "each holds the data of the event of its name")]
pub enum Reversal {
    Rename { seq: u64, name: Option<SessionName> },
    SetStatus { seq: u64, from: SessionStatus, to: SessionStatus },
    Tag { seq: u64, tag: Tag },
    Untag { seq: u64, tag: Tag },
    SetField { seq: u64, key: FieldName, value: Value },
    ClearField { seq: u64, key: FieldName },
    Relocate { seq: u64, cwd: Option<String> },
}

impl Reversal {
    /// The sequence number of the change that it takes back.
    #[must_use]
    pub fn seq(&self) -> u64 {
        match self {
            Self::Rename { seq, .. }
            | Self::SetStatus { seq, .. }
            | Self::Tag { seq, .. }
            | Self::Untag { seq, .. }
            | Self::SetField { seq, .. }
            | Self::ClearField { seq, .. }
            | Self::Relocate { seq, .. } => *seq,
        }
    }
}

impl Projection {
    /// The state before the first record, of a journal whose header was written at `created`.
    #[must_use]
    pub fn blank(id: SessionId, created: Timestamp) -> Self {
        Self { metadata: SessionMetadata::blank(id, created), reversal: None }
    }

    /// [`fold`] in place, for those who fold a million events.
    pub fn apply(&mut self, seq: u64, at: Timestamp, event: &Event) {
        if let Some(reversal) = reversal_of(&self.metadata, seq, event) {
            self.reversal = Some(reversal);
        } else if matches!(event, Event::Recovered(recovered) if recovered.state.is_some()) {
            // What led to the state that a repair brought is not known, nor how to undo it.
            self.reversal = None;
        }
        change(&mut self.metadata, at, event);
        self.metadata.seq = seq;
    }

    /// Passes over a record whose data were redacted: a message or a file still happened.
    pub fn apply_erased(&mut self, seq: u64, kind: &str) {
        match EventKind::from_name(kind) {
            Some(EventKind::MessageRecorded) => self.metadata.message_count += 1,
            Some(EventKind::FileRecorded) => self.metadata.file_count += 1,
            _ => {}
        }
        self.metadata.seq = seq;
    }
}

/// The state after one more event. Pure and total: an event that should not have been possible
/// still has its effect, because a reader of a damaged journal has nothing better; whether it was
/// possible is [`check_transition`](super::check_transition)'s question.
#[must_use]
pub fn fold(mut state: Projection, seq: u64, at: Timestamp, event: &Event) -> Projection {
    state.apply(seq, at, event);
    state
}

/// The state after one more record, redacted or not. A record whose data cannot be read has no
/// effect but on the sequence number.
#[must_use]
pub fn replay(mut state: Projection, record: &Record) -> Projection {
    match record.event() {
        Ok(Some(event)) => state.apply(record.seq, record.at, &event),
        Ok(None) => state.apply_erased(record.seq, &record.kind),
        Err(_) => state.metadata.seq = record.seq,
    }
    state
}

fn change(metadata: &mut SessionMetadata, at: Timestamp, event: &Event) {
    match event {
        Event::Created(created) => begin(metadata, at, created),
        Event::Forked(forked) => begin_as_fork(metadata, at, forked),
        Event::Renamed(Renamed { name, .. }) => metadata.name.clone_from(name),
        Event::MessageRecorded(message) => speak(metadata, at, message),
        Event::FileRecorded(FileRecorded { occurred, .. }) => {
            metadata.file_count += 1;
            touch(metadata, occurred.unwrap_or(at));
        }
        Event::Activated => {
            metadata.status = SessionStatus::Active;
            touch(metadata, at);
        }
        Event::Restored(status) => {
            metadata.status = *status;
            touch(metadata, at);
        }
        Event::Backgrounded => metadata.status = SessionStatus::Background,
        Event::Archived => metadata.status = SessionStatus::Archived,
        Event::Deleted => metadata.status = SessionStatus::Deleted,
        Event::Tagged(tag) => {
            metadata.tags.insert(tag.clone());
        }
        Event::Untagged(tag) => {
            metadata.tags.remove(tag);
        }
        Event::FieldSet(FieldSet { key, value }) => {
            metadata.fields.insert(key.clone(), value.clone());
        }
        Event::FieldCleared(key) => {
            metadata.fields.remove(key);
        }
        Event::Relocated(cwd) => metadata.cwd.clone_from(cwd),
        Event::Recovered(recovered) => bridge(metadata, recovered),
        Event::Imported(_) | Event::Redacted(_) | Event::Unknown { .. } => {}
    }
}

fn begin(metadata: &mut SessionMetadata, at: Timestamp, created: &Created) {
    metadata.created = created.occurred.unwrap_or(at);
    metadata.last_active = metadata.created;
    metadata.status = created.status;
    metadata.name.clone_from(&created.name);
    metadata.cwd.clone_from(&created.cwd);
    metadata.source.clone_from(&created.source);
    metadata.parent.clone_from(&created.parent);
    metadata.fields = created.fields.clone();
}

fn begin_as_fork(metadata: &mut SessionMetadata, at: Timestamp, forked: &Forked) {
    metadata.created = at;
    metadata.last_active = at;
    metadata.parent = Some(forked.parent.clone());
    metadata.name.clone_from(&forked.name);
    metadata.first_message.clone_from(&forked.first_message);
    metadata.message_count = forked.message_count;
    metadata.file_count = forked.file_count;
    metadata.tags = forked.tags.clone();
    metadata.cwd.clone_from(&forked.cwd);
    metadata.fields = forked.fields.clone();
}

fn speak(metadata: &mut SessionMetadata, at: Timestamp, message: &MessageRecorded) {
    metadata.message_count += 1;
    touch(metadata, message.occurred.unwrap_or(at));
    if metadata.begins_with(message) {
        let text = message.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        metadata.first_message =
            text.map(|text| text.chars().take(FIRST_MESSAGE_CHARS_MAX).collect());
    }
}

impl SessionMetadata {
    /// Whether the text of a message would become the first one, if it has any.
    pub(super) fn begins_with(&self, message: &MessageRecorded) -> bool {
        self.first_message.is_none() && message.role == Role::user() && !message.meta
    }
}

fn touch(metadata: &mut SessionMetadata, moment: Timestamp) {
    metadata.last_active = metadata.last_active.max(moment);
}

fn bridge(metadata: &mut SessionMetadata, recovered: &Recovered) {
    if let Some(state) = &recovered.state {
        let id = metadata.id.clone();
        *metadata = SessionMetadata { id, ..(**state).clone() };
    }
}

/// The opposite of an event, seen from the state it is about to change.
fn reversal_of(before: &SessionMetadata, seq: u64, event: &Event) -> Option<Reversal> {
    let status = |to| Reversal::SetStatus { seq, from: to, to: before.status };
    Some(match event {
        Event::Renamed(_) => Reversal::Rename { seq, name: before.name.clone() },
        Event::Activated => status(SessionStatus::Active),
        Event::Backgrounded => status(SessionStatus::Background),
        Event::Archived => status(SessionStatus::Archived),
        Event::Deleted => status(SessionStatus::Deleted),
        Event::Restored(to) => status(*to),
        Event::Tagged(tag) => Reversal::Untag { seq, tag: tag.clone() },
        Event::Untagged(tag) => Reversal::Tag { seq, tag: tag.clone() },
        Event::FieldSet(FieldSet { key, .. }) => restore_field(&before.fields, seq, key)
            .unwrap_or_else(|| Reversal::ClearField { seq, key: key.clone() }),
        Event::FieldCleared(key) => restore_field(&before.fields, seq, key)?,
        Event::Relocated(_) => Reversal::Relocate { seq, cwd: before.cwd.clone() },
        _ => return None,
    })
}

fn restore_field(
    fields: &BTreeMap<FieldName, Value>,
    seq: u64,
    key: &FieldName,
) -> Option<Reversal> {
    let value = fields.get(key)?.clone();
    Some(Reversal::SetField { seq, key: key.clone(), value })
}
