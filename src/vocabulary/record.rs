//! An event as stored, with its envelope.

use serde_json::value::RawValue;

use super::{Author, DataFault, Digest, Event, Key, Link, Timestamp, Upcasts};

/// One record of a journal.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its place in the journal: 1, 2, 3 …
    pub seq: u64,
    /// The link of the record before it.
    pub prev: Link,
    /// When it was appended.
    pub at: Timestamp,
    /// Who appended it.
    pub by: Author,
    /// Its idempotency key.
    pub key: Key,
    /// Its kind, known or not.
    pub kind: Box<str>,
    /// What it says.
    pub data: Data,
    /// Its own link, which the next record names as `prev`.
    pub link: Link,
}

/// The data of a record.
#[derive(Debug, Clone)]
pub enum Data {
    /// As it was written, byte for byte.
    Present(Box<RawValue>),
    /// Removed by a redaction; the digest keeps the chain whole.
    Erased(Digest),
}

impl Data {
    /// How many bytes there are; none of what was removed.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Present(data) => data.get().len(),
            Self::Erased(_) => 0,
        }
    }
}

impl Record {
    /// The event, or `None` where it was redacted.
    ///
    /// # Errors
    ///
    /// The kind is known, and its data are not of its shape.
    pub fn event(&self) -> Result<Option<Event>, DataFault> {
        match &self.data {
            Data::Present(data) => {
                Event::from_data(&self.kind, data.get(), &Upcasts::CURRENT).map(Some)
            }
            Data::Erased(_) => Ok(None),
        }
    }
}
