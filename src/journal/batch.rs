//! Records on their way into a journal: encoded one behind the other for a single write.

use super::JournalError;
use crate::format::bounds::DATA_BYTES_MAX;
use crate::format::{Canonical, Envelope, LineFault, Seed, encode};
use crate::vocabulary::{Author, Event, Key, Link, Refusal, Timestamp};

/// A record whose data are known to fit, before its place is known.
#[derive(Debug)]
pub(super) struct Prepared {
    at: Timestamp,
    by: Author,
    key: Key,
    kind: Box<str>,
    data: Canonical,
}

impl Prepared {
    /// Brings an event into the form of a record.
    ///
    /// # Errors
    ///
    /// [`JournalError::Refused`]: it does not fit a line.
    pub(super) fn new(
        event: &Event,
        at: Timestamp,
        by: &Author,
        key: Option<Key>,
    ) -> Result<Self, JournalError> {
        let data = event.to_data().map_err(|_| LineFault::Form { what: "data", offset: 0 })?;
        let data = Canonical::of(&data);
        let (actual, max) = (data.as_bytes().len(), DATA_BYTES_MAX);
        if actual > max {
            let (what, unit) = ("one event", "bytes of JSON");
            return Err(Refusal::TooMuch { what, max, unit, actual }.into());
        }
        let key = key.unwrap_or_else(Key::generate);
        Ok(Self { at, by: by.clone().bounded(), key, kind: event.kind_name().into(), data })
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

/// The lines of one write.
#[derive(Debug)]
pub(super) struct Batch {
    /// The bytes of all lines.
    pub(super) lines: Vec<u8>,
    /// Where the last line begins in them.
    pub(super) last_start: usize,
    /// The last record.
    pub(super) seq: u64,
    /// Its link.
    pub(super) head: Link,
}

impl Batch {
    /// Encodes records that follow record `seq`, whose link is `head`.
    ///
    /// Where there are several, each names the first: a write that the machine did not survive can
    /// then be told from damage, whichever of its sectors arrived.
    ///
    /// # Errors
    ///
    /// Never for prepared records, unless sequence numbers run out.
    pub(super) fn encode(
        seed: Seed,
        seq: u64,
        head: Link,
        records: &[Prepared],
    ) -> Result<Self, LineFault> {
        let first = (records.len() > 1).then_some(seq.saturating_add(1));
        let mut batch = Self { lines: Vec::new(), last_start: 0, seq, head };
        for record in records {
            let envelope = Envelope {
                seq: batch.seq.saturating_add(1),
                prev: batch.head,
                at: record.at,
                by: &record.by,
                key: &record.key,
                batch: first,
                kind: &record.kind,
            };
            let encoded = encode(seed, &envelope, &record.data)?;
            batch.last_start = batch.lines.len();
            batch.lines.extend_from_slice(&encoded.line);
            batch.seq += 1;
            batch.head = encoded.link;
        }
        Ok(batch)
    }
}
