//! What happened to sessions of late, for those who follow it.
//!
//! All followers read the same bounded memory, each at its own pace, so that a slow one costs
//! nothing: whoever falls behind what is kept is told that it has missed something.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::body::Bytes;
use serde::Serialize;
use tokio::sync::watch;

use crate::manager::RecordLine;
use crate::vocabulary::{Record, SessionId};

/// Most changes that are told together: what happens in a burst costs a client few writes.
const TOGETHER_MAX: usize = 256;

/// Most changes that are kept.
const KEPT_MAX: usize = 1024;

/// Most bytes of changes that are kept; those that were told last are, whatever their size.
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
}

/// Changes that were told together, which all followers are sent together.
#[derive(Debug)]
pub struct Telling {
    /// They, in order: at least one.
    pub changes: Vec<Arc<Numbered>>,
    /// The same as events of a stream in each form, once somebody has been sent them.
    pub(super) events: [OnceLock<Bytes>; 2],
    /// What keeping them costs, in bytes.
    bytes: usize,
}

impl Telling {
    /// The number of the last of them.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.changes.last().map_or(0, |last| last.number)
    }

    /// Those after a number.
    #[must_use]
    pub fn after(&self, number: u64) -> &[Arc<Numbered>] {
        let told = self.changes.partition_point(|change| change.number <= number);
        self.changes.get(told..).unwrap_or_default()
    }
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
    tellings: VecDeque<Arc<Telling>>,
    /// How many changes they hold, and what keeping these costs.
    changes: usize,
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
        let told = changes.into_iter().filter_map(|change| Some((json_of(&change)?, change)));
        let told: Vec<_> = told.collect();
        let mut kept = self.kept();
        let mut told = told.into_iter().peekable();
        while told.peek().is_some() {
            kept.take(told.by_ref().take(TOGETHER_MAX));
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
        let passed_over = kept.changes.saturating_sub(limit);
        let changes = kept.tellings.iter().flat_map(|telling| &telling.changes);
        changes.skip(passed_over).cloned().collect()
    }

    /// What was told with the change after a number, once there is one: that change and all that
    /// come after it there are yet to be heard by who has heard all up to the number. Dropping the
    /// future is harmless.
    ///
    /// # Errors
    ///
    /// That change is no longer kept, or the number is one that no change has had yet.
    pub async fn after(&self, number: u64) -> Result<Arc<Telling>, Missed> {
        let mut newest = self.newest.subscribe();
        loop {
            if let Some(telling) = self.kept().after(number)? {
                return Ok(telling);
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
    fn take(&mut self, told: impl Iterator<Item = (String, Change)>) {
        let (mut changes, mut bytes) = (Vec::new(), 0);
        for (json, change) in told {
            self.newest += 1;
            // As JSON it is kept twice: as it is, and as an event.
            bytes += 2 * json.len() + change.record.data.bytes();
            changes.push(Arc::new(Numbered { number: self.newest, change, json }));
        }
        self.changes += changes.len();
        self.bytes += bytes;
        self.tellings.push_back(Arc::new(Telling { changes, events: Default::default(), bytes }));
        while self.tellings.len() > 1
            && (self.changes > KEPT_MAX || self.bytes > KEPT_BYTES_MAX)
            && let Some(dropped) = self.tellings.pop_front()
        {
            self.changes -= dropped.changes.len();
            self.bytes -= dropped.bytes;
        }
    }

    fn after(&self, number: u64) -> Result<Option<Arc<Telling>>, Missed> {
        if number == self.newest {
            return Ok(None);
        }
        let missed = Missed { newest: self.newest };
        let next = number.checked_add(1).ok_or(missed)?;
        let place = self.tellings.partition_point(|telling| telling.last() < next);
        let telling = self.tellings.get(place).ok_or(missed)?;
        let is_kept = telling.changes.first().is_some_and(|first| first.number <= next);
        is_kept.then(|| Some(Arc::clone(telling))).ok_or(missed)
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

    fn numbers(changes: &[Arc<Numbered>]) -> Vec<u64> {
        changes.iter().map(|change| change.number).collect()
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
        assert_eq!(numbers(&changes.latest(usize::MAX)), [2017, 2018, 2019, 2020]);
        changes.tell([change(2021, 2 * KEPT_BYTES_MAX)]);
        assert_eq!(changes.latest(usize::MAX).len(), 1);
        changes.tell((2022..=9000).map(|seq| change(seq, 10)));
        let kept = changes.latest(usize::MAX).len();
        assert!((KEPT_MAX - TOGETHER_MAX..=KEPT_MAX).contains(&kept), "{kept}");
    }

    #[tokio::test]
    async fn whoever_is_behind_what_is_kept_or_before_what_was_told_has_missed_something() {
        let changes = Changes::default();
        for seq in 1..=2000 {
            changes.tell([change(seq, 10)]);
        }
        let first = 2001 - KEPT_MAX as u64;
        assert_eq!(numbers(&changes.after(first - 1).await.unwrap().changes), [first]);
        for number in [0, first - 2, 2001, u64::MAX] {
            assert_eq!(changes.after(number).await.unwrap_err(), Missed { newest: 2000 });
        }
    }

    #[tokio::test]
    async fn what_was_told_together_is_heard_together_by_all_who_have_not_heard_it() {
        let changes = Changes::default();
        changes.tell((1..=3).map(|seq| change(seq, 10)));
        changes.tell([]);
        changes.tell((4..=300).map(|seq| change(seq, 10)));
        for (heard, first, last) in
            [(0, 1, 3), (1, 2, 3), (3, 4, 259), (7, 8, 259), (259, 260, 300)]
        {
            let telling = changes.after(heard).await.unwrap();
            assert_eq!(numbers(telling.after(heard)), (first..=last).collect::<Vec<_>>());
            assert_eq!(telling.last(), last);
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
