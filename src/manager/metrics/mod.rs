//! Figures of every operation: how often, how long, and what went wrong.

#[cfg(feature = "metrics")]
mod exposition;
mod snapshot;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "metrics")]
pub use exposition::{Exposition, encoded, open_metrics, prometheus_text};
pub use snapshot::{Latency, MetricsSnapshot, OperationSnapshot, SessionCounts};

use super::{Operation, SessionError};
use crate::vocabulary::{Figures, OperationFigures, SessionMetadata, SessionStatus};

/// Counters and durations of a manager's operations. Recording takes one short lock for each
/// operation, so operations of different kinds never wait for each other.
#[derive(Debug)]
pub struct SessionMetrics {
    operations: BTreeMap<Operation, Mutex<OperationFigures>>,
    lock_timeouts: AtomicU64,
    recoveries: AtomicU64,
    findings: AtomicU64,
    sessions: Mutex<SessionCounts>,
}

impl Default for SessionMetrics {
    fn default() -> Self {
        let operations =
            Operation::ALL.into_iter().map(|(operation, _)| (operation, Mutex::default()));
        Self {
            operations: operations.collect(),
            lock_timeouts: AtomicU64::default(),
            recoveries: AtomicU64::default(),
            findings: AtomicU64::default(),
            sessions: Mutex::default(),
        }
    }
}

impl SessionMetrics {
    pub(super) fn begin(&self, operation: Operation) {
        if let Some(figures) = self.operations.get(&operation) {
            held(figures).calls += 1;
        }
    }

    pub(super) fn finish(
        &self,
        operation: Operation,
        duration: Duration,
        error: Option<&SessionError>,
    ) {
        if let Some(figures) = self.operations.get(&operation) {
            let mut figures = held(figures);
            figures.durations.record(duration);
            if let Some(error) = error {
                *figures.errors.entry(error.kind().into()).or_default() += 1;
                figures.faults += u64::from(!error.is_of_the_caller());
            }
        }
        if error.is_some_and(SessionError::is_of_a_lock) {
            self.lock_timeouts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes a recovery that changed a session.
    pub(super) fn recovered(&self) {
        self.recoveries.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how many findings were met.
    pub(super) fn met(&self, findings: usize) {
        self.findings.fetch_add(findings as u64, Ordering::Relaxed);
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
        *held(&self.sessions).of_mut(status) = Some(count as u64);
    }

    /// Notes how many sessions there are of every status.
    pub(super) fn saw(&self, sessions: SessionCounts) {
        *held(&self.sessions) = sessions;
    }

    /// How many sessions there were when some were listed last.
    pub(super) fn sessions(&self) -> SessionCounts {
        *held(&self.sessions)
    }

    /// What the operations came to so far, without what only the repository knows.
    pub(super) fn figures(&self) -> Figures {
        let mut operations = BTreeMap::new();
        for (operation, figures) in &self.operations {
            let figures = held(figures);
            if figures.calls > 0 {
                operations.insert(operation.name().into(), figures.clone());
            }
        }
        Figures {
            operations,
            lock_timeouts: self.lock_timeouts.load(Ordering::Relaxed),
            recoveries: self.recoveries.load(Ordering::Relaxed),
            findings: self.findings.load(Ordering::Relaxed),
            ..Figures::default()
        }
    }
}

/// Figures are whole between any two of their changes, so a panic elsewhere does not spoil them.
fn held<T>(figures: &Mutex<T>) -> MutexGuard<'_, T> {
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}
