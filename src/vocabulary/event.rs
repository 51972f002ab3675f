//! Events: facts about a session, in the past tense, and their JSON form.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::event_data::named_even_if_null;
use super::{
    Created, FieldName, FieldSet, FileRecorded, Forked, Imported, MessageRecorded, Recovered,
    Redacted, Renamed, SessionStatus, Tag, Upcasts,
};

/// Something that happened to a session.
#[derive(Debug, Clone)]
pub enum Event {
    /// The session began.
    Created(Created),
    /// It was given a name, or lost it.
    Renamed(Renamed),
    /// Somebody spoke.
    MessageRecorded(MessageRecorded),
    /// A file was read or changed on the session's behalf.
    FileRecorded(FileRecorded),
    /// It came to the foreground.
    Activated,
    /// It went to the background.
    Backgrounded,
    /// It was put away.
    Archived,
    /// It was brought back from the archive or from deletion, to this status.
    Restored(SessionStatus),
    /// It was given a tag.
    Tagged(Tag),
    /// It lost a tag.
    Untagged(Tag),
    /// A custom field was given a value.
    FieldSet(FieldSet),
    /// A custom field was removed.
    FieldCleared(FieldName),
    /// Its working directory changed; `None` forgets it.
    Relocated(Option<String>),
    /// It began as a copy of another session's state. The first event of its journal.
    Forked(Box<Forked>),
    /// Lines of another program's transcript were brought in.
    Imported(Imported),
    /// The data of an earlier record was removed.
    Redacted(Redacted),
    /// Damage was repaired.
    Recovered(Box<Recovered>),
    /// It was marked as deleted.
    Deleted,
    /// A kind, or a version of a kind, that this version of annals does not know.
    Unknown {
        /// Its kind.
        kind: Box<str>,
        /// Its data, byte for byte.
        data: Box<RawValue>,
    },
}

/// The kinds of event that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is documented on the event of its name")]
pub enum EventKind {
    Created,
    Renamed,
    MessageRecorded,
    FileRecorded,
    Activated,
    Backgrounded,
    Archived,
    Restored,
    Tagged,
    Untagged,
    FieldSet,
    FieldCleared,
    Relocated,
    Forked,
    Imported,
    Redacted,
    Recovered,
    Deleted,
}

impl EventKind {
    /// Every known kind with its name in a record.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::Created, "created"),
        (Self::Renamed, "renamed"),
        (Self::MessageRecorded, "message_recorded"),
        (Self::FileRecorded, "file_recorded"),
        (Self::Activated, "activated"),
        (Self::Backgrounded, "backgrounded"),
        (Self::Archived, "archived"),
        (Self::Restored, "restored"),
        (Self::Tagged, "tagged"),
        (Self::Untagged, "untagged"),
        (Self::FieldSet, "field_set"),
        (Self::FieldCleared, "field_cleared"),
        (Self::Relocated, "relocated"),
        (Self::Forked, "forked"),
        (Self::Imported, "imported"),
        (Self::Redacted, "redacted"),
        (Self::Recovered, "recovered"),
        (Self::Deleted, "deleted"),
    ];

    /// The kind of this name, if this version knows it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// The name of this kind in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// The data of a record do not fit its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data of a {kind} event cannot be read: {why}")]
pub struct DataFault {
    /// The kind.
    pub kind: Box<str>,
    /// What the JSON reader says, without the data itself.
    pub why: String,
}

/// The data shapes of the events whose payload is a single value.
#[derive(Serialize, Deserialize)]
struct StatusData {
    status: SessionStatus,
}

#[derive(Serialize, Deserialize)]
struct TagData {
    tag: Tag,
}

#[derive(Serialize, Deserialize)]
struct FieldKeyData {
    key: FieldName,
}

#[derive(Serialize, Deserialize)]
struct CwdData {
    #[serde(deserialize_with = "named_even_if_null")]
    cwd: Option<String>,
}

#[derive(Serialize)]
struct NoData {}

impl Event {
    /// The kind's name, as the `type` of a record.
    #[must_use]
    pub fn kind_name(&self) -> &str {
        match self {
            Self::Unknown { kind, .. } => kind,
            known => known.kind().map_or("", EventKind::name),
        }
    }

    /// The kind, if this version knows it.
    #[must_use]
    pub fn kind(&self) -> Option<EventKind> {
        Some(match self {
            Self::Created(_) => EventKind::Created,
            Self::Renamed(_) => EventKind::Renamed,
            Self::MessageRecorded(_) => EventKind::MessageRecorded,
            Self::FileRecorded(_) => EventKind::FileRecorded,
            Self::Activated => EventKind::Activated,
            Self::Backgrounded => EventKind::Backgrounded,
            Self::Archived => EventKind::Archived,
            Self::Restored(_) => EventKind::Restored,
            Self::Tagged(_) => EventKind::Tagged,
            Self::Untagged(_) => EventKind::Untagged,
            Self::FieldSet(_) => EventKind::FieldSet,
            Self::FieldCleared(_) => EventKind::FieldCleared,
            Self::Relocated(_) => EventKind::Relocated,
            Self::Forked(_) => EventKind::Forked,
            Self::Imported(_) => EventKind::Imported,
            Self::Redacted(_) => EventKind::Redacted,
            Self::Recovered(_) => EventKind::Recovered,
            Self::Deleted => EventKind::Deleted,
            Self::Unknown { .. } => return None,
        })
    }

    /// The data of the event as compact JSON, always an object.
    ///
    /// # Errors
    ///
    /// Never for a value that this crate can make; the error is serde's.
    pub fn to_data(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Created(data) => serde_json::to_string(data),
            Self::Renamed(data) => serde_json::to_string(data),
            Self::MessageRecorded(data) => serde_json::to_string(data),
            Self::FileRecorded(data) => serde_json::to_string(data),
            Self::Activated | Self::Backgrounded | Self::Archived | Self::Deleted => {
                serde_json::to_string(&NoData {})
            }
            Self::Restored(status) => serde_json::to_string(&StatusData { status: *status }),
            Self::Tagged(tag) | Self::Untagged(tag) => {
                serde_json::to_string(&TagData { tag: tag.clone() })
            }
            Self::FieldSet(data) => serde_json::to_string(data),
            Self::FieldCleared(key) => serde_json::to_string(&FieldKeyData { key: key.clone() }),
            Self::Relocated(cwd) => serde_json::to_string(&CwdData { cwd: cwd.clone() }),
            Self::Forked(data) => serde_json::to_string(data),
            Self::Imported(data) => serde_json::to_string(data),
            Self::Redacted(data) => serde_json::to_string(data),
            Self::Recovered(data) => serde_json::to_string(data),
            Self::Unknown { data, .. } => Ok(data.get().to_owned()),
        }
    }

    /// The event that a record's `type` and `data` stand for. Older versions of a kind are first
    /// brought up to date; a kind or a version that is not known becomes [`Event::Unknown`].
    ///
    /// # Errors
    ///
    /// The kind is known, and its data are not of its shape or break a bound.
    pub fn from_data(kind: &str, data: &str, upcasts: &Upcasts) -> Result<Self, DataFault> {
        let Some(known) = EventKind::from_name(kind) else {
            return unknown(kind, data);
        };
        match upcasts.apply(known, data).map_err(|error| fault(kind, &error))? {
            super::upcast::Upcast::Current => Self::of_kind(known, data),
            super::upcast::Upcast::Raised(raised) => Self::of_kind(known, &raised),
            super::upcast::Upcast::Newer => unknown(kind, data),
        }
    }

    fn of_kind(kind: EventKind, data: &str) -> Result<Self, DataFault> {
        Ok(match kind {
            EventKind::Created => Self::Created(read(kind, data)?),
            EventKind::Renamed => Self::Renamed(read(kind, data)?),
            EventKind::MessageRecorded => Self::MessageRecorded(read(kind, data)?),
            EventKind::FileRecorded => Self::FileRecorded(read(kind, data)?),
            EventKind::Activated => Self::Activated,
            EventKind::Backgrounded => Self::Backgrounded,
            EventKind::Archived => Self::Archived,
            EventKind::Restored => Self::Restored(read::<StatusData>(kind, data)?.status),
            EventKind::Tagged => Self::Tagged(read::<TagData>(kind, data)?.tag),
            EventKind::Untagged => Self::Untagged(read::<TagData>(kind, data)?.tag),
            EventKind::FieldSet => Self::FieldSet(read(kind, data)?),
            EventKind::FieldCleared => Self::FieldCleared(read::<FieldKeyData>(kind, data)?.key),
            EventKind::Relocated => Self::Relocated(read::<CwdData>(kind, data)?.cwd),
            EventKind::Forked => Self::Forked(Box::new(read(kind, data)?)),
            EventKind::Imported => Self::Imported(read(kind, data)?),
            EventKind::Redacted => Self::Redacted(read(kind, data)?),
            EventKind::Recovered => Self::Recovered(Box::new(read(kind, data)?)),
            EventKind::Deleted => Self::Deleted,
        })
    }
}

fn read<T: DeserializeOwned>(kind: EventKind, data: &str) -> Result<T, DataFault> {
    serde_json::from_str(data).map_err(|error| fault(kind.name(), &error))
}

fn unknown(kind: &str, data: &str) -> Result<Event, DataFault> {
    let data = RawValue::from_string(data.to_owned()).map_err(|error| fault(kind, &error))?;
    Ok(Event::Unknown { kind: kind.into(), data })
}

fn fault(kind: &str, error: &serde_json::Error) -> DataFault {
    DataFault { kind: kind.into(), why: error.to_string() }
}
