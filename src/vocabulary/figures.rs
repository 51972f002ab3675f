//! What a process has measured of a store.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Durations;
use super::bounds::{FIGURE_KINDS_MAX, FIGURE_NAME_BYTES_MAX, FIGURE_OPERATIONS_MAX};

/// A name of an operation or of a kind of error: one that this version has, or one that was read.
pub type FigureName = Cow<'static, str>;

/// What was measured of a store: by one process, or by all that have used it together. Every number
/// only grows, so figures add up and can be told apart by when they were taken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Every operation that was called, by its name.
    #[serde(skip_serializing_if = "is_default")]
    pub operations: BTreeMap<FigureName, OperationFigures>,
    /// Appends to journals.
    #[serde(skip_serializing_if = "is_default")]
    pub writes: WriteFigures,
    /// Look-ups in caches.
    #[serde(skip_serializing_if = "is_default")]
    pub cache: CacheStatistics,
    /// Operations that gave up waiting for a lock.
    #[serde(skip_serializing_if = "is_default")]
    pub lock_timeouts: u64,
    /// Recoveries that changed a session.
    #[serde(skip_serializing_if = "is_default")]
    pub recoveries: u64,
    /// Findings that operations met on their way. One that is met again counts again.
    #[serde(skip_serializing_if = "is_default")]
    pub findings: u64,
}

/// The figures of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationFigures {
    /// How often it was called.
    pub calls: u64,
    /// How often it failed, by the kind of error.
    #[serde(skip_serializing_if = "is_default")]
    pub errors: BTreeMap<FigureName, u64>,
    /// How often it failed because of the store, not because of what was asked of it.
    #[serde(skip_serializing_if = "is_default")]
    pub faults: u64,
    /// How long the calls took that ended.
    pub durations: Durations,
}

/// The figures of appends to journals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteFigures {
    /// Records that were appended.
    pub changes: u64,
    /// How long appending took in all, from asking for the lock on. Appends that share a lock, a
    /// write and a sync count once.
    pub took: Durations,
    /// How much of that was waiting for the lock.
    pub waited: Durations,
    /// How long each sync took.
    pub synced: Durations,
}

/// Hits and misses of a cache since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheStatistics {
    /// Answers given from memory.
    pub hits: u64,
    /// Answers that had to be read.
    pub misses: u64,
    /// Answers in memory that turned out to be out of date.
    pub stale: u64,
    /// Answers dropped to stay inside the bound.
    pub evicted: u64,
}

impl Figures {
    /// Adds what somebody else has measured.
    pub fn merge(&mut self, other: &Self) {
        for (name, figures) in &other.operations {
            self.operations.entry(name.clone()).or_default().merge(figures);
        }
        self.writes.merge(&other.writes);
        self.cache.merge(&other.cache);
        add(&mut self.lock_timeouts, other.lock_timeouts);
        add(&mut self.recoveries, other.recoveries);
        add(&mut self.findings, other.findings);
    }

    /// What was measured since the figures were as `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let nothing = OperationFigures::default();
        let since = |(name, figures): (&FigureName, &OperationFigures)| {
            let since = figures.since(earlier.operations.get(name).unwrap_or(&nothing));
            (since != nothing).then(|| (name.clone(), since))
        };
        Self {
            operations: self.operations.iter().filter_map(since).collect(),
            writes: self.writes.since(&earlier.writes),
            cache: self.cache.since(&earlier.cache),
            lock_timeouts: self.lock_timeouts.saturating_sub(earlier.lock_timeouts),
            recoveries: self.recoveries.saturating_sub(earlier.recoveries),
            findings: self.findings.saturating_sub(earlier.findings),
        }
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether there are no more names than this version or a later one could have, and none that
    /// is too long. What is read is held against this.
    #[must_use]
    pub fn is_within_bounds(&self) -> bool {
        let is_name = |name: &FigureName| name.len() <= FIGURE_NAME_BYTES_MAX;
        self.operations.len() <= FIGURE_OPERATIONS_MAX
            && self.operations.iter().all(|(name, figures)| {
                let kinds = &figures.errors;
                is_name(name) && kinds.len() <= FIGURE_KINDS_MAX && kinds.keys().all(is_name)
            })
    }
}

impl OperationFigures {
    /// How often it failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.errors.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.calls, other.calls);
        for (kind, count) in &other.errors {
            add(self.errors.entry(kind.clone()).or_default(), *count);
        }
        add(&mut self.faults, other.faults);
        self.durations.merge(&other.durations);
    }

    fn since(&self, earlier: &Self) -> Self {
        let since = |(kind, count): (&FigureName, &u64)| {
            let more = count.saturating_sub(earlier.errors.get(kind).copied().unwrap_or(0));
            (more > 0).then(|| (kind.clone(), more))
        };
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            errors: self.errors.iter().filter_map(since).collect(),
            faults: self.faults.saturating_sub(earlier.faults),
            durations: self.durations.since(&earlier.durations),
        }
    }
}

impl WriteFigures {
    /// Adds what somebody else has measured.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.changes, other.changes);
        self.took.merge(&other.took);
        self.waited.merge(&other.waited);
        self.synced.merge(&other.synced);
    }

    /// What was measured since the figures were as `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            changes: self.changes.saturating_sub(earlier.changes),
            took: self.took.since(&earlier.took),
            waited: self.waited.since(&earlier.waited),
            synced: self.synced.since(&earlier.synced),
        }
    }
}

impl CacheStatistics {
    /// Hits as a share of all look-ups, from 0 to 1; `None` before the first.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn hit_rate(&self) -> Option<f64> {
        let lookups = self.hits.saturating_add(self.misses);
        (lookups > 0).then(|| self.hits as f64 / lookups as f64)
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.hits, other.hits);
        add(&mut self.misses, other.misses);
        add(&mut self.stale, other.stale);
        add(&mut self.evicted, other.evicted);
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            hits: self.hits.saturating_sub(earlier.hits),
            misses: self.misses.saturating_sub(earlier.misses),
            stale: self.stale.saturating_sub(earlier.stale),
            evicted: self.evicted.saturating_sub(earlier.evicted),
        }
    }
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
