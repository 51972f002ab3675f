//! Figures at one moment, with what people and monitoring systems ask of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::manager::Operation;
use crate::vocabulary::{
    CacheStatistics, Durations, FigureName, Figures, OperationFigures, SessionStatus, WriteFigures,
};

/// How many sessions there were of each status when one was last listed; `None` before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs, reason = "each counts the sessions of the status of its name")]
pub struct SessionCounts {
    pub active: Option<u64>,
    pub background: Option<u64>,
    pub archived: Option<u64>,
    pub deleted: Option<u64>,
}

/// Figures at one moment: of a manager since it was made, or of all processes that have used the
/// store since its catalog was made. Its JSON form is the one that `annals metrics --json` prints.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MetricsSnapshot {
    /// Every operation that was called, by its name.
    pub operations: BTreeMap<FigureName, OperationSnapshot>,
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
    /// Appends to journals.
    pub writes: WriteFigures,
    /// Operations that gave up waiting for a lock.
    pub lock_timeouts: u64,
    /// Recoveries that changed a session.
    pub recoveries: u64,
    /// Findings that operations met on their way. One that is met again counts again.
    pub findings: u64,
}

/// The figures of one operation.
#[derive(Debug, Clone, Serialize)]
pub struct OperationSnapshot {
    /// How often it was called. Calls that were dropped or still run have neither failed nor
    /// taken any time.
    pub calls: u64,
    /// How often it failed, by [`SessionError::kind`](crate::manager::SessionError::kind).
    pub errors: BTreeMap<FigureName, u64>,
    /// How often it failed because of the store, not because of what was asked of it.
    pub faults: u64,
    /// How long the calls took that ended; `None` before the first.
    pub latency: Option<Latency>,
    /// The same, with each bucket of the histogram.
    pub durations: Durations,
}

/// Percentiles of durations in microseconds, each the truth or at most a sixteenth more.
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

impl MetricsSnapshot {
    /// What figures come to.
    pub(in crate::manager) fn of(figures: Figures, sessions: SessionCounts) -> Self {
        let mut snapshot = Self {
            active_sessions: sessions.active.unwrap_or(0),
            sessions,
            cache: figures.cache,
            writes: figures.writes,
            lock_timeouts: figures.lock_timeouts,
            recoveries: figures.recoveries,
            findings: figures.findings,
            ..Self::default()
        };
        let (mut prompt, mut listing) = (Durations::default(), Durations::default());
        for (name, figures) in figures.operations {
            // One that only a newer version has counts among all.
            let operation = Operation::named(&name);
            if operation.is_some_and(Operation::is_prompt) {
                prompt.merge(&figures.durations);
            }
            if operation.is_some_and(Operation::is_listing) {
                snapshot.list_calls = snapshot.list_calls.saturating_add(figures.calls);
                listing.merge(&figures.durations);
            }
            if operation == Some(Operation::ArchiveSession) {
                snapshot.archive_calls = figures.calls;
            }
            snapshot.calls = snapshot.calls.saturating_add(figures.calls);
            snapshot.errors = snapshot.errors.saturating_add(figures.failures());
            snapshot.faults = snapshot.faults.saturating_add(figures.faults);
            snapshot.operations.insert(name, figures.into());
        }
        snapshot.latency = Latency::of(&prompt);
        snapshot.avg_list_duration_ms = mean_ms(&listing);
        snapshot
    }

    /// What has been measured since an earlier moment of the same figures. Where they began at zero
    /// in between, that is less than there was.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self::of(self.figures().since(&earlier.figures()), self.sessions)
    }

    fn figures(&self) -> Figures {
        let operations = self.operations.iter().map(|(name, operation)| {
            let OperationSnapshot { calls, errors, faults, durations, .. } = operation.clone();
            (name.clone(), OperationFigures { calls, errors, faults, durations })
        });
        Figures {
            operations: operations.collect(),
            writes: self.writes.clone(),
            cache: self.cache,
            lock_timeouts: self.lock_timeouts,
            recoveries: self.recoveries,
            findings: self.findings,
        }
    }

    /// Calls that failed because of the store, as a share of all calls, from 0 to 1.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn error_rate(&self) -> f64 {
        self.faults as f64 / self.calls.max(1) as f64
    }
}

impl From<OperationFigures> for OperationSnapshot {
    fn from(figures: OperationFigures) -> Self {
        let OperationFigures { calls, errors, faults, durations } = figures;
        Self { calls, errors, faults, latency: Latency::of(&durations), durations }
    }
}

impl Latency {
    /// The percentiles of durations; `None` where there are none.
    #[must_use]
    pub fn of(durations: &Durations) -> Option<Self> {
        Some(Self {
            samples: durations.count(),
            p50_us: durations.quantile(0.50)?,
            p95_us: durations.quantile(0.95)?,
            p99_us: durations.quantile(0.99)?,
            max_us: durations.max_us(),
        })
    }
}

impl SessionCounts {
    /// How many sessions of a status there were; `None` where nobody has looked.
    #[must_use]
    pub fn of(mut self, status: SessionStatus) -> Option<u64> {
        *self.of_mut(status)
    }

    pub(in crate::manager) fn of_mut(&mut self, status: SessionStatus) -> &mut Option<u64> {
        match status {
            SessionStatus::Active => &mut self.active,
            SessionStatus::Background => &mut self.background,
            SessionStatus::Archived => &mut self.archived,
            SessionStatus::Deleted => &mut self.deleted,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a mean for people")]
fn mean_ms(durations: &Durations) -> f64 {
    durations.sum_us() as f64 / 1e3 / durations.count().max(1) as f64
}
