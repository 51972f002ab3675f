//! What the feeds tell on top of the base.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::view::Unusable;
use crate::disk::{DiskError, DiskFile};
use crate::format::bounds::ENTRY_BYTES_MAX;
use crate::format::catalog::{Entry, Row};
use crate::vocabulary::{SessionId, Timestamp};

/// How much of a feed is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// How often an unfinished entry is looked at again before it is called damage: a write is to be
/// seen in part for no longer than it takes.
const LOOKS_MAX: usize = 32;

/// The last word about a session.
#[derive(Debug, Clone)]
pub enum Change {
    /// It has this row.
    Row(Arc<Row>),
    /// Its journal has to be looked at.
    Pending,
    /// It is no longer there.
    Gone,
}

/// Where a row stands in a listing.
pub(super) type Place = (Reverse<Timestamp>, SessionId);

/// What was told since the base was made.
#[derive(Debug, Default)]
pub(super) struct Unfolded {
    /// With how many changes had been heard by then.
    changes: HashMap<SessionId, (Change, u64)>,
    heard: u64,
    /// The rows among them, newest activity first.
    order: BTreeMap<Place, Arc<Row>>,
    pub(super) pending: std::collections::BTreeSet<SessionId>,
    /// When the folder of sessions was changed last, as of the last look at it.
    pub(super) looked: Option<i64>,
    pub(super) strangers: Vec<String>,
    /// What processes have measured, as they told it.
    pub(super) measured: Vec<Box<str>>,
}

impl Unfolded {
    pub(super) fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Intent(session) => self.set(session, Change::Pending),
            Entry::Row(row) => self.set(row.id.clone(), Change::Row(Arc::from(row))),
            Entry::Looked(looked) => {
                for session in looked.gone {
                    self.set(session, Change::Gone);
                }
                self.looked = Some(looked.changed_ns);
                self.strangers = looked.strangers;
            }
            Entry::Measured(json) => self.measured.push(json),
        }
    }

    pub(super) fn set(&mut self, session: SessionId, change: Change) {
        match &change {
            Change::Pending => drop(self.pending.insert(session.clone())),
            Change::Row(_) | Change::Gone => drop(self.pending.remove(&session)),
        }
        if let Change::Row(row) = &change {
            self.order.insert(place_of(row), Arc::clone(row));
        }
        let new_place = if let Change::Row(row) = &change { Some(place_of(row)) } else { None };
        self.heard += 1;
        if let Some((Change::Row(old), _)) = self.changes.insert(session, (change, self.heard)) {
            let old_place = place_of(&old);
            if new_place.as_ref() != Some(&old_place) {
                self.order.remove(&old_place);
            }
        }
    }

    pub(super) fn of(&self, session: &SessionId) -> Option<&Change> {
        self.changes.get(session).map(|(change, _)| change)
    }

    /// How many changes were heard.
    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    /// How many had been heard with the last one of a session.
    pub(super) fn last_heard(&self, session: &SessionId) -> Option<u64> {
        self.changes.get(session).map(|(_, heard)| *heard)
    }

    /// What was heard after so many changes, the last of each session.
    pub(super) fn since(&self, heard: u64) -> impl Iterator<Item = (&SessionId, &Change)> {
        let changes = self.changes.iter().filter(move |(_, (_, at))| *at > heard);
        // Whoever asks again and again mostly asks in vain.
        let changes = (heard < self.heard).then_some(changes).into_iter().flatten();
        changes.map(|(session, (change, _))| (session, change))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether sessions are no longer there.
    pub(super) fn tells_of_loss(&self) -> bool {
        self.changes.values().any(|(change, _)| matches!(change, Change::Gone))
    }

    /// The rows, newest activity first.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.order.values()
    }
}

fn place_of(row: &Row) -> Place {
    (Reverse(row.last_active), row.id.clone())
}

/// A feed that is being read.
#[derive(Debug)]
pub(super) struct Listening {
    file: Box<dyn DiskFile>,
    /// Up to where it was read.
    at: u64,
}

impl Listening {
    pub(super) fn new(file: Box<dyn DiskFile>) -> Self {
        Self { file, at: 0 }
    }

    /// How much was read.
    pub(super) fn bytes(&self) -> u64 {
        self.at
    }

    /// Whether nothing was told since.
    pub(super) fn is_at_the_end(&self) -> Result<bool, DiskError> {
        Ok(self.file.info()?.len == self.at)
    }

    /// Hears what was told since.
    pub(super) fn hear(&mut self, into: &mut Unfolded) -> Result<(), Unusable> {
        let len = self.file.info()?.len;
        if len == self.at {
            return Ok(());
        }
        if len < self.at {
            return Err(Unusable::Spoilt("a feed has become shorter"));
        }
        for _ in 0..LOOKS_MAX {
            if !self.hear_whole_lines(into)? {
                return Ok(());
            }
            std::thread::yield_now();
        }
        Err(Unusable::Spoilt("an entry of a feed was never finished"))
    }

    /// Reads to the end; returns whether the last entry is unfinished.
    fn hear_whole_lines(&mut self, into: &mut Unfolded) -> Result<bool, Unusable> {
        let (mut held, mut chunk) = (Vec::new(), vec![0; CHUNK_BYTES]);
        loop {
            let read = self.file.read_at(self.at + held.len() as u64, &mut chunk)?;
            if read == 0 {
                return Ok(!held.is_empty());
            }
            held.extend_from_slice(chunk.get(..read).unwrap_or_default());
            let whole = memchr::memrchr(b'\n', &held).map_or(0, |end| end + 1);
            let lines = held.get(..whole).unwrap_or_default().split(|&byte| byte == b'\n');
            for line in lines.filter(|line| !line.is_empty()) {
                let entry = Entry::decode(line);
                into.take(entry.ok_or(Unusable::Spoilt("an entry of a feed is damaged"))?);
            }
            held.drain(..whole);
            self.at += whole as u64;
            if held.len() > ENTRY_BYTES_MAX {
                return Err(Unusable::Spoilt("an entry of a feed is too long"));
            }
        }
    }
}
