//! Events: facts about a session, in the past tense, and their JSON form.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{
    Digest, FieldName, Link, Role, SessionId, SessionMetadata, SessionName, SessionStatus, Tag,
    Timestamp, Upcasts,
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
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(kind, _)| kind)
    }

    /// The name of this kind in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// Data of [`Event::Created`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Created {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SessionName>,
    /// Active or background.
    #[serde(default, skip_serializing_if = "is_active")]
    pub status: SessionStatus,
    /// The directory that it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The program that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The session whose sub-agent it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SessionId>,
    /// Custom fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldName, Value>,
    /// When it happened, if that was before it was recorded here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_active(status: &SessionStatus) -> bool {
    *status == SessionStatus::Active
}

/// Data of [`Event::Renamed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// The new name; `None` takes the name away.
    #[serde(deserialize_with = "named_even_if_null")]
    pub name: Option<SessionName>,
    /// When it happened, if that was before it was recorded here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
}

/// Reads a value that may be null, but must be there: data that lack it say nothing, and must not
/// be taken for data that take something away.
fn named_even_if_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// Data of [`Event::MessageRecorded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecorded {
    /// Who spoke.
    pub role: Role,
    /// What was said: all of it, or an excerpt where `blob` holds the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where a text over 64 KiB is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<BlobRef>,
    /// The model that spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it cost in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// Whether a program put it there, although it stands in a person's place: it never becomes
    /// the session's first message.
    #[serde(default, skip_serializing_if = "is_false")]
    pub meta: bool,
    /// When it happened, if that was before it was recorded here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A text kept outside the journal, named by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// SHA-256 of the text.
    pub digest: Digest,
    /// Its length in bytes, uncompressed.
    pub bytes: u64,
}

/// Tokens that a message cost, as the model's provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens read by the model.
    #[serde(default)]
    pub input: u64,
    /// Tokens written by the model.
    #[serde(default)]
    pub output: u64,
    /// Tokens read from the provider's cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_read: u64,
    /// Tokens written to the provider's cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_creation: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Data of [`Event::FileRecorded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecorded {
    /// The file's path as the program named it; annals never opens it.
    pub path: String,
    /// What was done: `created`, `edited`, `read` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// When it happened, if that was before it was recorded here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
}

/// Data of [`Event::FieldSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldSet {
    /// The field.
    pub key: FieldName,
    /// Its new value: any JSON.
    pub value: Value,
}

/// Data of [`Event::Forked`]: where the new session comes from, and the state that it takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forked {
    /// The session it was forked from.
    pub parent: SessionId,
    /// The parent's sequence number at that moment.
    pub at_seq: u64,
    /// The parent's head at that moment: it anchors the parent's history up to `at_seq`.
    pub head: Link,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SessionName>,
    /// Taken over from the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_message: Option<String>,
    /// Taken over from the parent.
    #[serde(default)]
    pub message_count: u64,
    /// Taken over from the parent.
    #[serde(default)]
    pub file_count: u64,
    /// Taken over from the parent.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
    /// Taken over from the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Taken over from the parent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldName, Value>,
}

/// Data of [`Event::Imported`]: what one run of an importer brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The program whose transcript it was.
    pub source: String,
    /// The transcript's path.
    pub path: String,
    /// Lines of the transcript that were read.
    pub lines: u64,
    /// Events that this run added.
    pub events_added: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
}

/// Data of [`Event::Redacted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// The record whose data was removed.
    pub seq: u64,
    /// Why.
    pub reason: String,
}

/// Data of [`Event::Recovered`]: what a repair found lost, and where the damaged bytes are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Recovered {
    /// Why the repair was needed: the class of the finding.
    pub reason: String,
    /// Records that could not be kept. Empty when nothing that had been acknowledged was lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostRange>,
    /// Files in the session's `quarantine` folder that hold the bytes set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<String>,
    /// The state after the repair, where a snapshot covered what the journal lost. Folding takes
    /// it over as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<SessionMetadata>>,
}

/// A run of records that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRange {
    /// The first sequence number lost.
    pub first_seq: u64,
    /// The last sequence number lost.
    pub last_seq: u64,
    /// Bytes of the journal that held them and were set aside; 0 where the bytes are gone too.
    pub bytes: u64,
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
