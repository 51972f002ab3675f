//! What programs read, as JSON: the names that `--json` and the API over HTTP have in common.

use serde::Serialize;
use serde_json::value::RawValue;

use super::SessionError;
use crate::repository::HeldLock;
use crate::vocabulary::{Author, Data, Digest, Holder, Key, Record, SessionId, Timestamp};

/// A record of a session's history. What was redacted has no data, but the digest of what it was.
#[derive(Debug, Clone, Copy, Serialize)]
#[allow(missing_docs, reason = "each is what the record holds under that name")]
pub struct RecordLine<'a> {
    pub session: &'a SessionId,
    pub seq: u64,
    pub at: Timestamp,
    pub by: &'a Author,
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<&'a Digest>,
    pub key: &'a Key,
}

impl<'a> RecordLine<'a> {
    /// The line of a record.
    #[must_use]
    pub fn new(session: &'a SessionId, record: &'a Record) -> Self {
        let (data, digest) = match &record.data {
            Data::Present(data) => (Some(&**data), None),
            Data::Erased(digest) => (None, Some(digest)),
        };
        let Record { seq, at, by, kind, key, .. } = record;
        Self { session, seq: *seq, at: *at, by, kind, data, digest, key }
    }
}

/// A lock that is held.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LockLine<'a> {
    /// The session that is locked.
    pub session: &'a SessionId,
    /// Who holds it, where that can be read.
    pub holder: Option<&'a Holder>,
}

impl<'a> From<&'a HeldLock> for LockLine<'a> {
    fn from(HeldLock { session, holder }: &'a HeldLock) -> Self {
        Self { session, holder: holder.as_ref() }
    }
}

/// An error or a warning.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Its stable name.
    pub kind: &'static str,
    /// What happened.
    pub message: String,
    /// The session that it concerns.
    pub session: Option<SessionId>,
    /// What to do next.
    pub hint: String,
    /// The sessions that could have been meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<SessionId>,
}

impl From<&SessionError> for Report {
    fn from(error: &SessionError) -> Self {
        let candidates = match error {
            SessionError::Ambiguous { candidates, .. } => candidates.clone(),
            _ => Vec::new(),
        };
        let session = error.session().cloned();
        Self {
            kind: error.kind(),
            message: error.to_string(),
            session,
            hint: error.hint(),
            candidates,
        }
    }
}

/// An error as it is answered: `{"error":{…}}`.
#[derive(Debug, Serialize)]
pub struct ErrorLine<'a> {
    /// What went wrong.
    pub error: &'a Report,
}
