//! What events say: the data of each kind.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{
    Digest, FieldName, Link, Role, SessionId, SessionMetadata, SessionName, SessionStatus, Tag,
    Timestamp,
};

/// Data of [`Event::Created`](super::Event::Created).
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

/// Data of [`Event::Renamed`](super::Event::Renamed).
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
pub(super) fn named_even_if_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// Data of [`Event::MessageRecorded`](super::Event::MessageRecorded).
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

/// Data of [`Event::FileRecorded`](super::Event::FileRecorded).
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

/// Data of [`Event::FieldSet`](super::Event::FieldSet).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldSet {
    /// The field.
    pub key: FieldName,
    /// Its new value: any JSON.
    pub value: Value,
}

/// Data of [`Event::Forked`](super::Event::Forked): where the new session comes from, and the state that it takes over.
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

/// Data of [`Event::Imported`](super::Event::Imported): what one run of an importer brought in.
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

/// Data of [`Event::Redacted`](super::Event::Redacted).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// The record whose data was removed.
    pub seq: u64,
    /// Why.
    pub reason: String,
}

/// Data of [`Event::Recovered`](super::Event::Recovered): what a repair found lost, and where the
/// damaged bytes are; or what earlier ones said whose data a redaction took.
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
