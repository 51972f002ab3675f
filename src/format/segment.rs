//! Sealed history: which segments hold the lines that a journal no longer does.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::bounds::{SEGMENT_BYTES_MAX, SEQ_MAX};
use crate::vocabulary::{Digest, Link};

/// How the names of segment files end.
const EXTENSION: &str = ".jsonl.zst";

/// The older history of a journal, as its header names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The link of the last sealed record, which the first one in the journal follows.
    pub head: Link,
    /// The segments, the oldest first. The first begins with the journal's first header.
    pub segments: Vec<Segment>,
}

/// Lines that were moved out of a journal, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The first record that it may hold; 0 is the header.
    pub first_seq: u64,
    /// The last one.
    pub last_seq: u64,
    /// Its length once decompressed, in bytes.
    pub bytes: u64,
    /// The SHA-256 of its lines.
    pub digest: Digest,
}

impl Sealed {
    /// The last record that was sealed.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.last_seq)
    }

    /// All lines that were sealed, in bytes: where the first one in the journal would begin if
    /// none had been.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().fold(0, |bytes, segment| bytes.saturating_add(segment.bytes))
    }

    /// Whether the segments follow one another from the header on, each within its bounds.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let mut next = 0;
        let follow = self.segments.iter().all(|segment| {
            let follows = segment.first_seq == next && (next..=SEQ_MAX).contains(&segment.last_seq);
            next = segment.last_seq.saturating_add(1);
            follows && (1..=SEGMENT_BYTES_MAX as u64).contains(&segment.bytes)
        });
        follow && !self.segments.is_empty()
    }
}

impl Segment {
    /// The name of its file: which records, and the beginning of the digest, so that no segment
    /// ever takes the place of one with other lines.
    #[must_use]
    pub fn file_name(&self) -> String {
        let Self { first_seq, last_seq, digest, .. } = self;
        format!("{first_seq:012}-{last_seq:012}-{}{EXTENSION}", fingerprint(digest))
    }
}

fn fingerprint(digest: &Digest) -> String {
    digest.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What the name of a segment's file says, where no header does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentName {
    /// The first record that it may hold.
    pub first_seq: u64,
    /// The last one.
    pub last_seq: u64,
}

/// A file in the folder of segments that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a segment is named FIRST-LAST-FINGERPRINT{EXTENSION}")]
pub struct SegmentNameError;

impl FromStr for SegmentName {
    type Err = SegmentNameError;

    fn from_str(name: &str) -> Result<Self, SegmentNameError> {
        let stem = name.strip_suffix(EXTENSION).ok_or(SegmentNameError)?;
        let mut parts = stem.split('-');
        let (Some(first), Some(last), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SegmentNameError);
        };
        let number = |text: &str| -> Result<u64, SegmentNameError> {
            let is_number = text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
            if is_number {
                text.parse().map_err(|_| SegmentNameError)
            } else {
                Err(SegmentNameError)
            }
        };
        let (first_seq, last_seq) = (number(first)?, number(last)?);
        if first_seq > last_seq { Err(SegmentNameError) } else { Ok(Self { first_seq, last_seq }) }
    }
}
