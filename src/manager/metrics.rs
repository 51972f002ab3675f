//! Figures of every operation: how often, how long, and what went wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Operation, SessionError};
use crate::repository::CacheStatistics;
use crate::vocabulary::{SessionMetadata, SessionStatus};

/// Durations are told apart up to one hour, in microseconds; longer ones count as an hour.
const DURATION_US_MAX: u64 = 3_600_000_000;

/// Two significant digits: a percentile is within 1 % of the truth, and the histogram of an
/// operation takes some 12 KiB, once the operation was called.
const SIGNIFICANT_DIGITS: u8 = 2;

/// Counters and durations of a manager's operations. Recording takes one short lock for each
/// operation, so operations of different kinds never wait for each other.
#[derive(Debug)]
pub struct SessionMetrics {
    operations: BTreeMap<Operation, Mutex<Tally>>,
    sessions: Mutex<SessionCounts>,
}

#[derive(Debug, Default)]
struct Tally {
    calls: u64,
    errors: BTreeMap<&'static str, u64>,
    faults: u64,
    total: Duration,
    durations: Option<Histogram<u32>>,
}

/// How many sessions there were of each status when one was last listed; `None` before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs, reason = "each counts the sessions of the status of its name")]
pub struct SessionCounts {
    pub active: Option<u64>,
    pub background: Option<u64>,
    pub archived: Option<u64>,
    pub deleted: Option<u64>,
}

/// The figures of a manager at one moment, since it was made.
#[derive(Debug, Clone, Serialize)]
pub struct MetricsSnapshot {
    /// Every operation that was called, by its name.
    pub operations: BTreeMap<&'static str, OperationSnapshot>,
    /// Calls of all operations.
    pub calls: u64,
    /// Calls that failed for whatever reason.
    pub errors: u64,
    /// Calls that failed because of the store, not because of what was asked of it.
    pub faults: u64,
    /// Durations of the operations that somebody waits for; `None` before the first.
    pub latency: Option<Latency>,
    /// Calls of `list_sessions`, `list_by_status` and `list`.
    pub list_calls: u64,
    /// How long those took on average, in milliseconds.
    pub avg_list_duration_ms: f64,
    /// Calls of `archive_session`.
    pub archive_calls: u64,
    /// Active sessions when they were last listed; 0 before that.
    pub active_sessions: u64,
    /// Sessions of every status when they were last listed.
    pub sessions: SessionCounts,
    /// How the cache in front of the store has done; all zero where there is none.
    pub cache: CacheStatistics,
}

/// The figures of one operation.
#[derive(Debug, Clone, Serialize)]
pub struct OperationSnapshot {
    /// How often it was called. Calls that were dropped or still run have neither failed nor
    /// taken any time.
    pub calls: u64,
    /// How often it failed, by [`SessionError::kind`].
    pub errors: BTreeMap<&'static str, u64>,
    /// How long the calls took that ended; `None` before the first.
    pub latency: Option<Latency>,
}

/// Percentiles of durations in microseconds, each within 1 % of the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// How many durations were measured.
    pub samples: u64,
    /// Half of them took at most this long.
    pub p50_us: u64,
    /// 95 of 100 took at most this long.
    pub p95_us: u64,
    /// 99 of 100 took at most this long.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Default for SessionMetrics {
    fn default() -> Self {
        let operations =
            Operation::ALL.into_iter().map(|(operation, _)| (operation, Mutex::default()));
        Self { operations: operations.collect(), sessions: Mutex::default() }
    }
}

impl SessionMetrics {
    pub(super) fn begin(&self, operation: Operation) {
        if let Some(tally) = self.operations.get(&operation) {
            held(tally).calls += 1;
        }
    }

    pub(super) fn finish(
        &self,
        operation: Operation,
        duration: Duration,
        error: Option<&SessionError>,
    ) {
        if let Some(tally) = self.operations.get(&operation) {
            held(tally).finish(duration, error);
        }
    }

    /// Notes a listing of every session that is not deleted.
    pub(super) fn saw_undeleted(&self, sessions: &[SessionMetadata]) {
        for status in [SessionStatus::Active, SessionStatus::Background, SessionStatus::Archived] {
            let count = sessions.iter().filter(|session| session.status == status).count();
            self.saw_status(status, count);
        }
    }

    /// Notes how many sessions of a status there are.
    pub(super) fn saw_status(&self, status: SessionStatus, count: usize) {
        let mut sessions = held(&self.sessions);
        let seen = match status {
            SessionStatus::Active => &mut sessions.active,
            SessionStatus::Background => &mut sessions.background,
            SessionStatus::Archived => &mut sessions.archived,
            SessionStatus::Deleted => &mut sessions.deleted,
        };
        *seen = Some(count as u64);
    }

    /// The figures as they are now.
    #[must_use]
    pub fn snapshot(&self, cache: CacheStatistics) -> MetricsSnapshot {
        let sessions = *held(&self.sessions);
        let mut sum = Sum::default();
        let mut operations = BTreeMap::new();
        for (operation, tally) in &self.operations {
            let tally = held(tally);
            if tally.calls > 0 {
                sum.add(*operation, &tally);
                operations.insert(operation.name(), tally.snapshot());
            }
        }
        MetricsSnapshot {
            operations,
            calls: sum.calls,
            errors: sum.errors,
            faults: sum.faults,
            latency: sum.durations.as_ref().map(latency),
            list_calls: sum.list_calls,
            avg_list_duration_ms: mean_ms(sum.list_duration, sum.list_calls),
            archive_calls: sum.archive_calls,
            active_sessions: sessions.active.unwrap_or(0),
            sessions,
            cache,
        }
    }
}

impl MetricsSnapshot {
    /// Calls that failed because of the store, as a share of all calls, from 0 to 1.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn error_rate(&self) -> f64 {
        self.faults as f64 / self.calls.max(1) as f64
    }
}

impl Tally {
    fn finish(&mut self, duration: Duration, error: Option<&SessionError>) {
        if let Some(error) = error {
            *self.errors.entry(error.kind()).or_default() += 1;
            self.faults += u64::from(!error.is_of_the_caller());
        }
        self.total += duration;
        if self.durations.is_none() {
            self.durations = histogram();
        }
        if let Some(durations) = &mut self.durations {
            let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
            durations.saturating_record(micros.max(1));
        }
    }

    fn snapshot(&self) -> OperationSnapshot {
        OperationSnapshot {
            calls: self.calls,
            errors: self.errors.clone(),
            latency: self.durations.as_ref().map(latency),
        }
    }
}

/// What several operations come to together.
#[derive(Default)]
struct Sum {
    calls: u64,
    errors: u64,
    faults: u64,
    durations: Option<Histogram<u32>>,
    list_calls: u64,
    list_duration: Duration,
    archive_calls: u64,
}

impl Sum {
    fn add(&mut self, operation: Operation, tally: &Tally) {
        self.calls += tally.calls;
        self.errors += tally.errors.values().sum::<u64>();
        self.faults += tally.faults;
        if operation.is_listing() {
            self.list_calls += tally.calls;
            self.list_duration += tally.total;
        }
        if operation == Operation::ArchiveSession {
            self.archive_calls += tally.calls;
        }
        if operation.is_prompt()
            && let Some(durations) = &tally.durations
        {
            match &mut self.durations {
                // Histograms of the same bounds always add up.
                Some(sum) => drop(sum.add(durations)),
                None => self.durations = Some(durations.clone()),
            }
        }
    }
}

/// `None` is what the bounds above never answer.
fn histogram() -> Option<Histogram<u32>> {
    Histogram::new_with_bounds(1, DURATION_US_MAX, SIGNIFICANT_DIGITS).ok()
}

fn latency(durations: &Histogram<u32>) -> Latency {
    Latency {
        samples: durations.len(),
        p50_us: durations.value_at_quantile(0.50),
        p95_us: durations.value_at_quantile(0.95),
        p99_us: durations.value_at_quantile(0.99),
        max_us: durations.max(),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a mean for people")]
fn mean_ms(total: Duration, calls: u64) -> f64 {
    total.as_secs_f64() * 1e3 / calls.max(1) as f64
}

/// A tally is whole between any two of its changes, so a panic elsewhere does not spoil it.
fn held<T>(tally: &Mutex<T>) -> MutexGuard<'_, T> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}
