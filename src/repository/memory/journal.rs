//! One session's journal in memory: the same lines that a file would hold.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::format::bounds::DATA_BYTES_MAX;
use crate::format::{Canonical, Encoded, Envelope, Header, JournalId, LineFault, Seed, encode};
use crate::repository::{RepositoryError, Version};
use crate::vocabulary::{
    Author, BlobRef, Digest, Event, Key, Link, LongText, Plan, Projection, Refusal, SessionId,
    Timestamp,
};

/// The lines of one session, in order, and what follows from them.
pub(super) struct Journal {
    id: JournalId,
    header: Line,
    lines: Vec<Line>,
    began: Timestamp,
    state: Projection,
    keys: HashMap<Key, u64>,
    texts: HashMap<Digest, Arc<str>>,
    end: watch::Sender<u64>,
}

/// A line, without its line feed, and the link of its record.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) text: Arc<[u8]>,
    pub(super) link: Link,
}

impl Line {
    fn new(Encoded { mut line, link }: Encoded) -> Self {
        line.pop();
        Self { text: line.into(), link }
    }
}

impl Journal {
    /// A journal without records.
    pub(super) fn new(
        session: &SessionId,
        at: Timestamp,
        by: &Author,
    ) -> Result<Self, RepositoryError> {
        let id = JournalId::generate();
        let header = Header::new(id, session.clone()).encode(at, by, &Key::generate());
        Ok(Self {
            id,
            header: Line::new(header.map_err(storage)?),
            lines: Vec::new(),
            began: at,
            state: Projection::blank(session.clone(), at),
            keys: HashMap::new(),
            texts: HashMap::new(),
            end: watch::Sender::new(0),
        })
    }

    /// Writes what was planned, all of it or, on an error, nothing.
    pub(super) fn write(
        &mut self,
        plan: Plan,
        at: Timestamp,
        by: &Author,
    ) -> Result<(), RepositoryError> {
        let seed = Seed::of(self.id);
        let batch = match plan.events.as_slice() {
            [first, _, ..] => Some(first.seq),
            _ => None,
        };
        let mut prev = self.head();
        let (mut lines, mut keys, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for planned in plan.events {
            let key = planned.key.unwrap_or_else(Key::generate);
            let (seq, kind) = (planned.seq, planned.event.kind_name());
            let envelope = Envelope { seq, prev, at, by, key: &key, batch, kind };
            let data = canonical(&planned.event, &self.state.metadata.id)?;
            let line = Line::new(encode(seed, &envelope, &data).map_err(storage)?);
            prev = line.link;
            lines.push(line);
            keys.push((key, seq));
            texts.extend(planned.text.map(|LongText { blob, text }| (blob.digest, text.into())));
        }
        self.lines.extend(lines);
        self.keys.extend(keys);
        self.texts.extend(texts);
        self.state = plan.state;
        self.end.send_replace(self.state.metadata.seq);
        Ok(())
    }

    pub(super) fn state(&self) -> &Projection {
        &self.state
    }

    pub(super) fn seed(&self) -> Seed {
        Seed::of(self.id)
    }

    pub(super) fn header(&self) -> &Line {
        &self.header
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(super) fn head(&self) -> Link {
        self.lines.last().unwrap_or(&self.header).link
    }

    pub(super) fn version(&self) -> Version {
        Version::new(u128::from_be_bytes(*self.id.as_bytes()), self.state.metadata.seq)
    }

    pub(super) fn seq_of(&self, key: &Key) -> Option<u64> {
        self.keys.get(key).copied()
    }

    /// The lines from a sequence number on, shared rather than copied.
    pub(super) fn lines_from(&self, from_seq: u64) -> Vec<Line> {
        let passed = usize::try_from(from_seq.saturating_sub(1)).unwrap_or(usize::MAX);
        self.lines.iter().skip(passed).cloned().collect()
    }

    /// When it began.
    pub(super) fn began(&self) -> Timestamp {
        self.began
    }

    pub(super) fn set_state(&mut self, state: Projection) {
        self.state = state;
    }

    pub(super) fn line_mut(&mut self, place: usize) -> Option<&mut Line> {
        self.lines.get_mut(place)
    }

    pub(super) fn forget_text(&mut self, blob: &BlobRef) {
        self.texts.remove(&blob.digest);
    }

    pub(super) fn text(&self, blob: &BlobRef) -> Option<String> {
        self.texts.get(&blob.digest).map(|text| text.to_string())
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }
}

fn canonical(event: &Event, session: &SessionId) -> Result<Canonical, RepositoryError> {
    let data = Canonical::of(&event.to_data().map_err(|error| storage_of(error.into()))?);
    let (actual, max) = (data.as_bytes().len(), DATA_BYTES_MAX);
    if actual <= max {
        return Ok(data);
    }
    let refusal = Refusal::TooMuch { what: "one event", max, unit: "bytes of JSON", actual };
    Err(RepositoryError::Refused { session: session.clone(), refusal })
}

pub(super) fn storage(fault: LineFault) -> RepositoryError {
    storage_of(fault.into())
}

fn storage_of(source: Box<dyn std::error::Error + Send + Sync>) -> RepositoryError {
    RepositoryError::Storage { source }
}
