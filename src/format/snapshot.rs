//! A projection stored at a sequence number, so that opening a journal reads only its end.

use serde::{Deserialize, Serialize};

use super::bounds::{FORMAT, PROJECTION, SNAPSHOT_BYTES_MAX};
use super::{Canonical, JournalId, LineFault, Seed, line, verify_checksum};
use crate::vocabulary::{Link, Projection};

/// A snapshot. It is derived: a bad one is thrown away and the journal replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The format of the file.
    pub format: u64,
    /// The version of the projection.
    pub projection: u64,
    /// The journal that it was folded from.
    pub journal: JournalId,
    /// The last record folded in.
    pub seq: u64,
    /// Where the last record folded in begins, in bytes from the start of the journal.
    pub last_offset: u64,
    /// Where it ends, and reading goes on.
    pub end_offset: u64,
    /// The link of the last record folded in.
    pub head: Link,
    /// Whether the records were on the medium before this was written. Only then does it prove
    /// that the journal had come this far.
    pub durable: bool,
    /// The state.
    pub state: Projection,
}

/// Why a snapshot cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotFault {
    /// It is larger than any snapshot.
    #[error("larger than {SNAPSHOT_BYTES_MAX} bytes")]
    TooLarge,
    /// Its checksum does not hold.
    #[error("{0}")]
    Line(#[from] LineFault),
    /// It is not what a snapshot holds.
    #[error("not a snapshot: {why}")]
    Form {
        /// What the JSON reader says.
        why: String,
    },
    /// It is of another format, or of another version of the projection.
    #[error("of another version: format {format}, projection {projection}")]
    Version {
        /// Its format.
        format: u64,
        /// Its version of the projection.
        projection: u64,
    },
    /// It was folded from another journal.
    #[error("of another journal: {journal}")]
    Journal {
        /// That journal.
        journal: JournalId,
    },
}

impl Snapshot {
    /// Writes the file: one line in the manner of a record.
    ///
    /// # Errors
    ///
    /// The state is larger than any snapshot.
    pub fn encode(&self) -> Result<Vec<u8>, SnapshotFault> {
        let json = serde_json::to_string(self)
            .map_err(|error| SnapshotFault::Form { why: error.to_string() })?;
        let mut bytes = b"{\"crc\":\"00000000\",".to_vec();
        let canonical = Canonical::of(json.strip_prefix('{').unwrap_or(&json));
        bytes.extend_from_slice(canonical.as_bytes());
        if bytes.len() + 1 > SNAPSHOT_BYTES_MAX {
            return Err(SnapshotFault::TooLarge);
        }
        line::seal(Seed::of(self.journal), &mut bytes);
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the file. Of which journal it is, it says itself.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being a snapshot of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotFault> {
        if bytes.len() > SNAPSHOT_BYTES_MAX {
            return Err(SnapshotFault::TooLarge);
        }
        let form = |error: serde_json::Error| SnapshotFault::Form { why: error.to_string() };
        let Mark { format, projection, journal } = serde_json::from_slice(bytes).map_err(form)?;
        let end = bytes.strip_suffix(b"\n");
        let line = end.ok_or(LineFault::Form { what: "a line feed", offset: bytes.len() })?;
        verify_checksum(Seed::of(journal), line)?;
        if format != FORMAT || projection != PROJECTION {
            return Err(SnapshotFault::Version { format, projection });
        }
        serde_json::from_slice(bytes).map_err(form)
    }
}

/// What every version of a snapshot must keep: enough to tell another version from damage.
#[derive(Deserialize)]
struct Mark {
    format: u64,
    projection: u64,
    journal: JournalId,
}
