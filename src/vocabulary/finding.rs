//! Something wrong with a session, classified.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{SessionId, SessionMetadata};

/// What kind of wrong. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingClass {
    /// Bytes that verify as nothing, with intact records after them.
    Corrupt,
    /// The journal ends below a sequence number that it is known to have reached.
    Truncated,
    /// An unfinished last line: a writer or the machine died while writing it.
    TornTail,
    /// A complete last line that does not verify, with nothing after it.
    AmbiguousTail,
    /// The operating system could not read the bytes.
    IoError,
    /// A record is missing between two that are there.
    SequenceGap,
    /// A record stands twice, or out of order.
    Duplicate,
    /// A record of another journal.
    Foreign,
    /// A record does not follow from the one before it: somebody edited the history.
    ChainBreak,
    /// An event that cannot follow the state it meets.
    ImpossibleTransition,
    /// The first line is not the header of this session's journal.
    Header,
    /// A snapshot says something else than the records.
    SnapshotMismatch,
    /// The catalog says something else than the records.
    CatalogMismatch,
    /// Sealed history is gone or damaged.
    MissingSegment,
    /// A text that a record refers to is gone or damaged.
    MissingBlob,
    /// Written by a newer version of annals.
    UnknownFormat,
    /// Others than the owner may read or write it, or it leads out of the store.
    Permissions,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Derived or unacknowledged data: annals heals it by itself, or the owner should tidy it.
    Warning,
    /// History is damaged, missing or edited.
    Error,
}

impl FindingClass {
    /// Every class with its name.
    pub const ALL: [(Self, &'static str); 17] = [
        (Self::Corrupt, "corrupt"),
        (Self::Truncated, "truncated"),
        (Self::TornTail, "torn-tail"),
        (Self::AmbiguousTail, "ambiguous-tail"),
        (Self::IoError, "io-error"),
        (Self::SequenceGap, "sequence-gap"),
        (Self::Duplicate, "duplicate"),
        (Self::Foreign, "foreign"),
        (Self::ChainBreak, "chain-break"),
        (Self::ImpossibleTransition, "impossible-transition"),
        (Self::Header, "header"),
        (Self::SnapshotMismatch, "snapshot-mismatch"),
        (Self::CatalogMismatch, "catalog-mismatch"),
        (Self::MissingSegment, "missing-segment"),
        (Self::MissingBlob, "missing-blob"),
        (Self::UnknownFormat, "unknown-format"),
        (Self::Permissions, "permissions"),
    ];

    /// The class's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(class, _)| *class == self).map_or("", |(_, name)| name)
    }

    /// How bad findings of this class are.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::TornTail | Self::SnapshotMismatch | Self::CatalogMismatch | Self::Permissions => {
                Severity::Warning
            }
            _ => Severity::Error,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Corrupt
            | Self::Truncated
            | Self::AmbiguousTail
            | Self::SequenceGap
            | Self::Duplicate
            | Self::Foreign
            | Self::Header => {
                "see what can be kept with `annals recover --dry-run`, then run `annals recover`"
            }
            Self::TornTail => "nothing: the next writer sets the bytes aside and goes on",
            Self::IoError => "check the disk and its cables; do not recover from a failing disk",
            Self::ChainBreak => {
                "compare with a backup or an anchored head: this history was edited, and recovery \
                 cannot tell the original"
            }
            Self::ImpossibleTransition => {
                "look at the record with `annals log`: the program that wrote it is at fault"
            }
            Self::SnapshotMismatch => "nothing: the next writer replaces the snapshot",
            Self::CatalogMismatch => "nothing: the catalog is rebuilt from the journals",
            Self::MissingSegment => {
                "restore the file from a backup, or go on without what it held: `annals recover`"
            }
            Self::MissingBlob => "restore the file from a backup",
            Self::UnknownFormat => "use the version of annals that wrote it",
            Self::Permissions => {
                "make folders 0700 and files 0600, and replace links by what they lead to"
            }
        }
    }
}

impl fmt::Display for FindingClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for FindingClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The session.
    pub session: SessionId,
    /// Its class.
    pub class: FindingClass,
    /// How bad it is.
    pub severity: Severity,
    /// The record it concerns, where one can be named.
    pub seq: Option<u64>,
    /// Where in the journal it was met, in bytes from its start.
    pub offset: Option<u64>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub next: &'static str,
}

impl Finding {
    /// A finding with the severity and the next step of its class.
    #[must_use]
    pub fn new(session: &SessionId, class: FindingClass, message: impl Into<String>) -> Self {
        Self {
            session: session.clone(),
            class,
            severity: class.severity(),
            seq: None,
            offset: None,
            message: message.into(),
            next: class.next_step(),
        }
    }

    /// The same finding about a record.
    #[must_use]
    pub fn at_seq(self, seq: u64) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// The same finding at an offset of the journal.
    #[must_use]
    pub fn at_offset(self, offset: u64) -> Self {
        Self { offset: Some(offset), ..self }
    }
}

/// What the verification of one session came to.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// Everything that is wrong, in the order of the journal.
    pub findings: Vec<Finding>,
    /// Records that proved themselves, the header not counted.
    pub records: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Records at or below an anchor that they agree with.
    pub anchored: u64,
    /// What the records come to, where they were folded.
    pub state: Option<SessionMetadata>,
}

impl Verification {
    /// Whether history is damaged, missing or edited.
    #[must_use]
    pub fn is_corrupted(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}
