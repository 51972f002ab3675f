//! One session's records in memory.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::sync::watch;

use super::super::{RepositoryError, Version};
use crate::vocabulary::{
    Author, BlobRef, Data, Digest, Key, Link, LongText, Plan, PlannedEvent, Projection, Record,
    SessionId, Timestamp,
};

/// The records of one session, in order, and what follows from them.
pub(super) struct Journal {
    identity: u64,
    header: Link,
    records: Vec<Arc<Record>>,
    state: Projection,
    keys: HashMap<Key, u64>,
    texts: HashMap<Digest, Arc<str>>,
    end: watch::Sender<u64>,
}

impl Journal {
    /// The journal that a session's first append makes.
    pub(super) fn begin(
        session: &SessionId,
        identity: u64,
        plan: Plan,
        at: Timestamp,
        by: &Author,
    ) -> Result<Self, RepositoryError> {
        let mut journal = Self {
            identity,
            header: Digest::of(format!("{identity} {session}").as_bytes()),
            records: Vec::new(),
            state: Projection::blank(session.clone(), at),
            keys: HashMap::new(),
            texts: HashMap::new(),
            end: watch::Sender::new(0),
        };
        journal.write(plan, at, by)?;
        Ok(journal)
    }

    /// Takes a plan over, all of it or, on an error, nothing.
    pub(super) fn write(
        &mut self,
        plan: Plan,
        at: Timestamp,
        by: &Author,
    ) -> Result<(), RepositoryError> {
        let mut prev = self.head();
        let mut made = Vec::with_capacity(plan.events.len());
        for planned in plan.events {
            let (record, text) = record(planned, prev, at, by)?;
            prev = record.link;
            made.push((Arc::new(record), text));
        }
        for (record, text) in made {
            self.keys.entry(record.key.clone()).or_insert(record.seq);
            self.records.push(record);
            if let Some(LongText { blob, text }) = text {
                self.texts.insert(blob.digest, text.into());
            }
        }
        self.state = plan.state;
        self.end.send_replace(self.state.metadata.seq);
        Ok(())
    }

    pub(super) fn state(&self) -> &Projection {
        &self.state
    }

    pub(super) fn records(&self) -> &[Arc<Record>] {
        &self.records
    }

    /// The link that the first record names as its predecessor.
    pub(super) fn header(&self) -> Link {
        self.header
    }

    pub(super) fn head(&self) -> Link {
        self.records.last().map_or(self.header, |record| record.link)
    }

    pub(super) fn version(&self) -> Version {
        Version::new(self.identity.into(), self.state.metadata.seq)
    }

    pub(super) fn seq_of(&self, key: &Key) -> Option<u64> {
        self.keys.get(key).copied()
    }

    /// The records from a sequence number on, shared rather than copied.
    pub(super) fn records_from(&self, from_seq: u64) -> Vec<Arc<Record>> {
        let first = self.records.partition_point(|record| record.seq < from_seq);
        self.records.get(first..).unwrap_or_default().to_vec()
    }

    pub(super) fn text(&self, blob: &BlobRef) -> Option<String> {
        self.texts.get(&blob.digest).map(|text| text.to_string())
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }
}

fn record(
    planned: PlannedEvent,
    prev: Link,
    at: Timestamp,
    by: &Author,
) -> Result<(Record, Option<LongText>), RepositoryError> {
    let data = planned.event.to_data().and_then(RawValue::from_string).map_err(storage)?;
    let mut record = Record {
        seq: planned.seq,
        prev,
        at,
        by: by.clone(),
        key: planned.key.unwrap_or_else(Key::generate),
        kind: planned.event.kind_name().into(),
        data: Data::Present(data),
        link: Digest::ZERO,
    };
    record.link = link(&record).map_err(storage)?;
    Ok((record, planned.text))
}

/// The link of a record: over its envelope and the digest of its data, so that the data can be
/// erased and the chain still verifies.
pub(super) fn link(record: &Record) -> Result<Link, serde_json::Error> {
    let data = match &record.data {
        Data::Present(data) => Digest::of(data.get().as_bytes()),
        Data::Erased(digest) => *digest,
    };
    let Record { seq, prev, at, by, key, kind, .. } = record;
    serde_json::to_vec(&(seq, prev, at, by, key, kind, data)).map(|parts| Digest::of(&parts))
}

fn storage(error: serde_json::Error) -> RepositoryError {
    RepositoryError::Storage { source: Box::new(error) }
}
