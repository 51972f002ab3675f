//! What happened to sessions of late, for those who follow it.
//!
//! All followers read the same bounded memory, each at its own pace, so that a slow one costs
//! nothing: whoever falls behind what is kept is told that it has missed something.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use crate::manager::RecordLine;
use crate::vocabulary::{Record, SessionId};

/// Most changes that are kept.
const KEPT_MAX: usize = 1024;

/// Most bytes of changes that are kept; the newest one is, whatever its size.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Largest data that is told with a change; whoever wants more reads the session's log.
const DATA_BYTES_MAX: usize = 16 * 1024;

/// One thing that happened to a session.
#[derive(Debug, Clone)]
pub struct Change {
    /// The session.
    pub session: SessionId,
    /// Its name after that, if it has one.
    pub name: Option<String>,
    /// What was recorded.
    pub record: Record,
}

/// A change with its number among all that this server has told of: 1, 2, 3 …
#[derive(Debug)]
pub struct Numbered {
    /// Its number.
    pub number: u64,
    /// What happened.
    pub change: Change,
    /// The same as JSON.
    pub json: String,
    /// The same as events of a stream, each once somebody has been sent it.
    pub(super) events: [OnceLock<Box<str>>; 2],
    /// What keeping it costs, in bytes.
    bytes: usize,
}

/// Some changes are no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The number of the newest change: who goes on after it misses none that are yet to come.
    pub newest: u64,
}

/// The newest changes, for any number of followers.
#[derive(Debug)]
pub struct Changes {
    /// Tells the numbers of this server from those of another.
    era: uuid::Uuid,
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    changes: VecDeque<Arc<Numbered>>,
    bytes: usize,
    newest: u64,
}

/// A change as JSON: the line of the session's log, with the session's name.
#[derive(Serialize)]
struct ChangeLine<'a> {
    name: Option<&'a str>,
    #[serde(flatten)]
    record: RecordLine<'a>,
    /// The data were too large to be told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shortened: bool,
}

impl Default for Changes {
    fn default() -> Self {
        let (kept, newest) = (Mutex::default(), watch::Sender::new(0));
        Self { era: uuid::Uuid::now_v7(), kept, newest }
    }
}

impl Changes {
    /// Tells all followers of changes, in order, and wakes them once for all of these. One without a
    /// JSON form is not told.
    pub fn tell(&self, changes: impl IntoIterator<Item = Change>) {
        let mut kept = self.kept();
        for change in changes {
            kept.take(change);
        }
        let newest = kept.newest;
        drop(kept);
        self.newest.send_replace(newest);
    }

    /// The number of the newest change; 0 before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.kept().newest
    }

    /// The newest changes that are kept, oldest first, at most so many.
    #[must_use]
    pub fn latest(&self, limit: usize) -> Vec<Arc<Numbered>> {
        let kept = self.kept();
        let passed_over = kept.changes.len().saturating_sub(limit);
        kept.changes.iter().skip(passed_over).cloned().collect()
    }

    /// The changes after a number, in order, once there is one: at most so many, and at least one.
    /// Dropping the future is harmless.
    ///
    /// # Errors
    ///
    /// The first of them is no longer kept, or the number is one that no change has had yet.
    pub async fn after(&self, number: u64, limit: usize) -> Result<Vec<Arc<Numbered>>, Missed> {
        let mut newest = self.newest.subscribe();
        loop {
            let changes = self.kept().after(number, limit)?;
            if !changes.is_empty() {
                return Ok(changes);
            }
            // The sender lives as long as this does.
            let _ = newest.changed().await;
        }
    }

    /// What stands for a number in another request: it means nothing to another server.
    #[must_use]
    pub fn id_of(&self, number: u64) -> String {
        format!("{}-{number}", self.era.simple())
    }

    /// The number that such an id stands for; `None` for one of another server.
    #[must_use]
    pub fn number_of(&self, id: &str) -> Option<u64> {
        let (era, number) = id.split_once('-')?;
        (era == self.era.simple().to_string()).then(|| number.parse().ok())?
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, change: Change) {
        let Some(json) = json_of(&change) else { return };
        // As JSON it is kept twice: as it is, and as an event.
        let bytes = 2 * json.len() + change.record.data.bytes();
        let (number, events) = (self.newest + 1, Default::default());
        self.newest = number;
        self.bytes += bytes;
        self.changes.push_back(Arc::new(Numbered { number, change, json, events, bytes }));
        while self.changes.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX && self.changes.len() > 1
        {
            let dropped = self.changes.pop_front();
            self.bytes -= dropped.map_or(0, |dropped| dropped.bytes);
        }
    }

    fn after(&self, number: u64, limit: usize) -> Result<Vec<Arc<Numbered>>, Missed> {
        if number == self.newest {
            return Ok(Vec::new());
        }
        let missed = Missed { newest: self.newest };
        let first = self.changes.front().map(|first| first.number).ok_or(missed)?;
        let place = number
            .checked_add(1)
            .and_then(|next| next.checked_sub(first))
            .and_then(|place| usize::try_from(place).ok());
        let place = place.filter(|place| *place < self.changes.len()).ok_or(missed)?;
        Ok(self.changes.iter().skip(place).take(limit).cloned().collect())
    }
}

fn json_of(change: &Change) -> Option<String> {
    let Change { session, name, record } = change;
    let shortened = record.data.bytes() > DATA_BYTES_MAX;
    let mut line = RecordLine::new(session, record);
    if shortened {
        line.data = None;
    }
    serde_json::to_string(&ChangeLine { name: name.as_deref(), record: line, shortened }).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::vocabulary::{Author, Data, Link, Timestamp};

    fn change(seq: u64, data_bytes: usize) -> Change {
        let data = format!("\"{}\"", "x".repeat(data_bytes));
        let part = || "x".to_owned();
        let record = Record {
            seq,
            prev: Link::ZERO,
            at: Timestamp::EPOCH,
            by: Author { user: part(), host: part(), pid: 1, program: part(), version: part() },
            key: "k".parse().unwrap(),
            kind: "message_recorded".into(),
            data: Data::Present(RawValue::from_string(data).unwrap()),
            link: Link::ZERO,
        };
        Change { session: "pear".parse().unwrap(), name: None, record }
    }

    #[test]
    fn no_more_is_kept_than_the_bounds_allow() {
        let changes = Changes::default();
        for seq in 1..=2000 {
            changes.tell([change(seq, 10)]);
        }
        assert_eq!(changes.latest(usize::MAX).len(), KEPT_MAX);
        for seq in 2001..=2020 {
            changes.tell([change(seq, 1_000_000)]);
        }
        let kept = changes.latest(usize::MAX);
        assert_eq!(
            kept.iter().map(|kept| kept.number).collect::<Vec<_>>(),
            [2017, 2018, 2019, 2020]
        );
        changes.tell([change(2021, 2 * KEPT_BYTES_MAX)]);
        assert_eq!(changes.latest(usize::MAX).len(), 1);
    }

    #[tokio::test]
    async fn whoever_is_behind_what_is_kept_or_before_what_was_told_has_missed_something() {
        let changes = Changes::default();
        for seq in 1..=2000 {
            changes.tell([change(seq, 10)]);
        }
        let first = 2001 - KEPT_MAX as u64;
        let after = changes.after(first - 1, 2).await.unwrap();
        assert_eq!(after.iter().map(|after| after.number).collect::<Vec<_>>(), [first, first + 1]);
        for number in [0, first - 2, 2001, u64::MAX] {
            assert_eq!(changes.after(number, 1).await.unwrap_err(), Missed { newest: 2000 });
        }
    }

    #[test]
    fn an_id_means_something_to_the_server_that_gave_it_alone() {
        let (one, other) = (Changes::default(), Changes::default());
        let id = one.id_of(7);
        assert_eq!((one.number_of(&id), other.number_of(&id)), (Some(7), None));
        assert_eq!(one.number_of("7"), None);
    }
}
